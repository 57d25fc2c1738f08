"""Scans with a keytab and with the user's own ticket, against real KDCs: no password is anywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import adlabs
from tests.adlabs import MAIN, Realm
from tests.fleet.test_scan_adlab import NTLM, listening


@pytest.fixture(scope="module")
def realm(adlab_kit: None, net: str) -> Iterator[Realm]:  # noqa: ARG001  # it only skips
    """Start MIT's KDC with two hosts."""
    with adlabs.start("mit", net, hosts=2, first=81) as found:
        yield found


def run(realm: Realm, folder: Path, credential: dict[str, str], *command: str, **env: str) -> Any:
    """Run a command on an inventory of the realm's hosts with one credential; return how it ended."""
    inventory = {
        "credentials": {"mine": credential},
        "defaults": {"transport": "http", "credential": "mine"},
        "hosts": {name: {} for name in realm.hosts},
    }
    path = folder / "fleet.yaml"
    path.write_text(json.dumps(inventory))
    argv = [sys.executable, "-c", MAIN, *command]
    if command[0] == "scan":
        argv += ["-i", str(path), "--db", str(folder / "results.db"), "--json"]
    else:
        argv.append(str(path))
    surroundings = {**os.environ, **realm.env, **env}
    return subprocess.run(argv, env=surroundings, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.parametrize("transport", ["native", "pypsrp"])
@pytest.mark.parametrize("kind", ["keytab", "ccache"])
def test_a_ticket_logs_on_by_negotiate_and_never_by_ntlm(
    realm: Realm, tmp_path: Path, kind: str, transport: str
) -> None:
    """Each host is sent a Kerberos token, with `auth` left out."""
    credential = {"from": "ccache"}
    if kind == "keytab":
        credential = {"from": "keytab", "username": realm.accounts["fleet"][0], "path": realm.keytab}
    cache = realm.tickets["fleet"] if kind == "ccache" else str(tmp_path / "none")
    with listening(list(realm.hosts.values())) as tokens:
        ended = run(realm, tmp_path, credential, "scan", "--transport", transport, KRB5CCNAME=cache)
    assert [NTLM in token for token in tokens] == [False, False], ended.stderr + ended.stdout
    assert len(json.loads(ended.stdout)["hosts"]) == 2


def test_a_keytab_of_somebody_else_ends_before_the_first_host(realm: Realm, tmp_path: Path) -> None:
    """`inventory check` and a scan both name whose keys it holds, and nothing is sent."""
    credential = {"from": "keytab", "username": "nobody@ADLAB.TEST", "path": realm.keytab}
    with listening(list(realm.hosts.values())) as tokens:
        ended = [run(realm, tmp_path, credential, *words) for words in (("inventory", "check"), ("scan",))]
    assert [one.returncode for one in ended] == [1, 1]
    assert all(
        f"has no key of nobody@ADLAB.TEST: it holds keys of {realm.accounts['fleet'][0]}" in one.stderr
        for one in ended
    )
    assert tokens == []


def test_a_ticket_that_has_ended_is_told_beforehand(realm: Realm, tmp_path: Path) -> None:
    """`inventory check` remarks on it; a scan warns, and each host says why it was not asked."""
    told = run(realm, tmp_path, {"from": "ccache"}, "inventory", "check", KRB5CCNAME=realm.tickets["expired"])
    assert (told.returncode, "has ended; `kinit` gets one" in told.stderr) == (0, True)
    ended = run(realm, tmp_path, {"from": "ccache"}, "scan", KRB5CCNAME=realm.tickets["expired"])
    assert "warning: credential mine: the ticket of" in ended.stderr
    hosts = json.loads(ended.stdout)["hosts"]
    assert {host["failure"]["cause"] for host in hosts} == {"kerberos-ticket"}
