"""`--trace` on real PowerShell hosts: NTLM sealed inside http, Basic and Negotiate inside TLS."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from orchestrator.remote.psrp.speaker import Speaker
from tests import winhosts as kit
from tests.cli.conftest import fleetcheck
from tests.cli.real_fleet import KEY, inventory


@pytest.mark.parametrize("wire", ["native", "pypsrp"])
def test_sealed_messages_are_told_opened_and_no_proof_is_told(
    three: list[kit.Winhost], net: str, tmp_path: Path, wire: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is encrypted on http is readable here; NTLM's three messages and the password are nowhere."""
    proofs: list[str] = []
    request = Speaker._request

    def requested(speaker: Speaker, authorization: str, body: bytes) -> bytes:
        proofs.append(authorization.partition(" ")[2])
        return request(speaker, authorization, body)

    monkeypatch.setattr(Speaker, "_request", requested)
    for host in three:
        host.arrange(64, KEY, [("PrimaryTunnelPort", "DWORD", 2147), ("BackupTunnelPort", "DWORD", 2147)])
    path = inventory(tmp_path, three, {"primary": f"{net}.101", "backup": f"{net}.102"})
    ended = fleetcheck(
        "scan", "-i", str(path), "--quiet", "--trace", "trace", "--trace-bodies", "--transport", wire
    )
    assert ended.code in {0, 3}, ended
    rows = [line.split("\t") for line in (tmp_path / "trace" / "index.tsv").read_text().splitlines()[1:]]
    texts = {host: (tmp_path / "trace" / name).read_text() for name, host, _ in rows}
    assert set(texts) == {"web1", "db7", "app3"}
    for text in texts.values():
        assert re.search(r"\|   <\w+:CreateResponse|\|   <\w+:ResourceCreated|\|   <\w+:Shell", text)
        assert re.search(r"\|   <\w+:Stream Name=.stdout", text)
        assert "ended: the script has answered" in text
    assert re.search(r"> POST /wsman HTTP/1.1, [\d,]+ bytes sealed, [\d,]+ opened, http", texts["web1"])
    assert re.search(r"<   opened [\d,]+ bytes, http", texts["web1"])
    assert "sealed" not in texts["db7"]
    tokens = {proof for proof in proofs if proof}
    assert len(tokens) >= 5  # two messages of NTLM for two hosts each, and Basic's
    known = tokens | {kit.PASSWORD, base64.b64encode(kit.PASSWORD.encode()).decode()}
    assert [secret for secret in known for text in texts.values() if secret in text] == []
