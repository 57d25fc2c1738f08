"""Simulated hosts that hold a real key take a real ticket, over both transports, and seal by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adlabs import Realm
from tests.fleet.adlab_scan import scan
from tests.simulated_realm import serving

LEAN = ("--lean", "http-negotiate")


@pytest.mark.parametrize("transport", ["native", "pypsrp"])
@pytest.mark.parametrize("auth", ["kerberos", "negotiate"])
def test_a_simulated_host_takes_a_ticket(mit_realm: Realm, tmp_path: Path, transport: str, auth: str) -> None:
    """A whole scan by a ticket, its messages sealed by it."""
    with serving(mit_realm, tmp_path, *LEAN) as (realm, hosts):
        scanned = scan(
            realm, tmp_path, hosts, "--transport", transport, user=mit_realm.accounts["fleet"], auth=auth
        )
    assert scanned.logons == [("kerberos", None), ("kerberos", None)], scanned.messages


def test_a_ticket_for_another_host_is_refused(mit_realm: Realm, tmp_path: Path) -> None:
    """The key of another name does not open it: the host says no, and nobody is let in by mistake."""
    one, other = sorted(mit_realm.keytabs.glob("WINHOST*.keytab"))
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / one.name).write_bytes(one.read_bytes())
    first, second = mit_realm.hosts
    with serving(mit_realm.keyed(keys), tmp_path, *LEAN) as (realm, hosts):
        scanned = scan(realm, tmp_path, hosts, user=mit_realm.accounts["fleet"])
    assert other.is_file()
    found = {host["host"]: host["failure"] for host in scanned.report["hosts"]}
    assert (found[first], found[second]["phase"]) == (None, "auth")
