"""The CA certificates that go to sites: read once, certificates alone, and told where they are no use."""

from __future__ import annotations

import asyncio
import json
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from inventory.errors import InventoryError
from inventory.model import Host
from orchestrator.dispatch.authorities import MOST, read_authorities
from orchestrator.dispatch.broker import Broker
from orchestrator.dispatch.hub import CeleryDispatcher, HubSettings
from orchestrator.dispatch.seal import Kind, opened
from orchestrator.dispatch.wire import batch_text, read_batch
from tests.dispatch.pki import Authority
from tests.fleet.dispatch.sites import batch_of
from tests.fleet.fakes import hosts
from tests.fleet.travel import travel


@pytest.fixture
def pem(tmp_path: Path) -> str:
    """Make an authority, and give its certificate."""
    return Authority(tmp_path).file.read_text()


def _at(path: Path, count: int = 3) -> list[Host]:
    return [replace(one, site="berlin", ca=path) for one in hosts(count)]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_comment_in_any_encoding_stays_here_and_so_does_a_key(
    pem: str, encoding: str, tmp_path: Path
) -> None:
    """Only the certificates travel, and the site's file is one that TLS can load."""
    file = tmp_path / "corp.pem"
    block = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
    file.write_bytes(f"# Gr\xfc\xdfe aus K\xf6ln\n{block}{pem}\n# Ende\n{pem}".encode(encoding))
    ca = read_authorities(_at(file))
    assert ca == {file: pem.strip() + "\n" + pem.strip() + "\n"}

    async def made() -> str:
        return batch_text(batch_of(_at(file)), hub="hub", ticket=lambda *_: "t", ca=ca)

    text = travel(made())
    kept: list[str] = []

    def keep(content: str) -> Path:
        kept.append(content)
        return tmp_path / "theirs.pem"

    read_batch(text, keep)
    ssl.create_default_context(cadata=kept[0])
    assert set(kept) == set(ca.values())


def test_a_file_that_goes_in_mid_scan_is_missed_by_nobody(pem: str, tmp_path: Path) -> None:
    """What was read when the scan began goes out with every batch, though the file is gone meanwhile."""
    file = tmp_path / "corp.pem"
    file.write_text(pem)

    async def sent() -> list[str]:
        key = Ed25519PrivateKey.generate()
        broker = Broker(host="127.0.0.1", port=1, vhost="/", user="hub", password="none", tls=False)
        settings = HubSettings(name="hub", key=key, broker=broker, sites={"berlin": key.public_key()})
        dispatcher = CeleryDispatcher(settings, ("berlin",), read_authorities(_at(file)))
        file.unlink()
        batch = batch_of(_at(file))
        submitting = asyncio.create_task(dispatcher.submit(batch))
        await asyncio.sleep(0)
        (message,) = dispatcher._sending._outgoing["fc.site.berlin"]
        submitting.cancel()
        return list(json.loads(opened(Kind.BATCH, message.body[0][0], key.public_key()))["authorities"])

    assert travel(sent()) == [pem.strip() + "\n"]


def test_every_file_that_is_no_use_is_told_before_a_host_is_asked(tmp_path: Path) -> None:
    """Missing, without a certificate, too large, a folder: each by its name, with how many hosts name it."""
    missing, empty, large = tmp_path / "missing.pem", tmp_path / "empty.pem", tmp_path / "large.pem"
    empty.write_text("no certificate\n")
    block = "-----BEGIN CERTIFICATE-----\n" + "QUJD" * 1000 + "\n-----END CERTIFICATE-----\n"
    large.write_text(block * (MOST // len(block) + 1))
    with pytest.raises(InventoryError) as caught:
        read_authorities([*_at(missing, 1), *_at(empty, 2), *_at(large), *_at(tmp_path, 1)])
    said = {problem.file: problem.message for problem in caught.value.problems}
    names = "`ca:` of {} at sites names it"
    assert said[str(missing)] == f"no such file with a certificate authority; {names.format('1 host')}"
    assert said[str(empty)].endswith(f"(`-----BEGIN CERTIFICATE-----`); {names.format('2 hosts')}")
    assert said[str(large)].endswith(f"can travel to a site; {names.format('3 hosts')}")
    assert said[str(tmp_path)] == "a folder, where a file with a certificate authority was expected"
    assert len(said) == 4
