"""`fleetcheck doctor` in real realms: Kerberos' own troubles, each at the stage that it belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.adlabs import Realm
from tests.fleet.adlab_scan import doctor
from tests.fleet.test_kerberos_rows import NO_SPN, ONE, TWO, real
from tests.fleet.test_scan_adlab import listening
from tests.winhosts import Winhost

pytestmark = [pytest.mark.adlab, pytest.mark.xdist_group("adlab")]


def at(host: dict[str, Any]) -> tuple[str, str, str]:
    """Return where a host's way ended: the stage, its cause and advice."""
    (stage,) = [one for one in host["stages"] if one["stage"] == host["stopped_at"]]
    return stage["stage"], stage["cause"], stage["advice"]


def test_a_host_of_a_realm_passes_every_stage_by_kerberos(
    mit_realm: Realm, mit_hosts: list[Winhost], tmp_path: Path
) -> None:
    """The logon stage says that it was Kerberos, and as whom."""
    user = mit_realm.accounts["fleet"]
    (host,) = doctor(mit_realm, tmp_path, {ONE: real(mit_hosts[0])}, user=user)
    assert host["stopped_at"] is None
    logon = {stage["stage"]: stage for stage in host["stages"]}["logon"]
    assert logon["seen"] == [f"kerberos, as {user[0]}"]


def test_a_ticket_s_user_without_rights_fails_at_the_rights(
    mit_realm: Realm, mit_hosts: list[Winhost], tmp_path: Path
) -> None:
    """The logon passed; it is the host's access list."""
    (host,) = doctor(mit_realm.holding("norights"), tmp_path, {ONE: real(mit_hosts[0])})
    stage, cause, advice = at(host)
    assert (stage, cause, "Remote Management Users" in advice) == ("rights", "access-denied", True)


def test_a_service_name_of_another_account_fails_at_the_logon(
    mit_realm: Realm, mit_hosts: list[Winhost], tmp_path: Path
) -> None:
    """The host lacks the key that its ticket was made for; the advice is `setspn`."""
    hosts = {TWO: real(mit_hosts[1])}
    (host,) = doctor(mit_realm, tmp_path, hosts, user=mit_realm.accounts["fleet"])
    stage, cause, advice = at(host)
    assert (stage, cause, f"setspn -Q HTTP/{TWO}" in advice) == ("logon", "kerberos-wrong-key", True)


def test_this_machines_clock_fails_the_logon(
    mit_realm: Realm, mit_hosts: list[Winhost], tmp_path: Path
) -> None:
    """A ticket made before the clock went wrong is refused in Kerberos' own words."""
    (host,) = doctor(mit_realm.holding("fleet").at("+20m"), tmp_path, {ONE: real(mit_hosts[0])})
    stage, cause, advice = at(host)
    assert (stage, cause, "clock" in advice) == ("logon", "kerberos-clock", True)


@pytest.mark.parametrize(
    ("ticket", "name", "expected", "words"),
    [
        ("FILE:/nowhere/ticket", ONE, "kerberos-ticket", "kinit"),
        ("fleet", NO_SPN, "kerberos-no-spn", "dns_canonicalize_hostname"),
    ],
)
def test_what_the_ticket_cache_lacks_fails_at_the_logon(
    mit_realm: Realm,
    mit_hosts: list[Winhost],
    tmp_path: Path,
    ticket: str,
    name: str,
    expected: str,
    words: str,
) -> None:
    """No ticket at all, and none for that name: nothing was sent to the host as a logon."""
    (host,) = doctor(mit_realm.holding(ticket), tmp_path, {name: real(mit_hosts[0])})
    stage, cause, advice = at(host)
    assert (stage, cause, words in advice) == ("logon", expected, True)


def test_a_wrong_password_costs_the_domain_account_one_try(samba_realm: Realm, tmp_path: Path) -> None:
    """Four hosts, one refusal in the domain controller's own count; the others say that it was not tried."""
    samba_realm.unlock("lockme")
    with listening(list(samba_realm.hosts.values())) as tokens:
        hosts = {name: {} for name in samba_realm.hosts}
        found = doctor(samba_realm, tmp_path, hosts, user=("lockme@ADLAB.TEST", "wrong"))
    assert samba_realm.state("lockme")["badPwdCount"] == 1
    logons = [stage["state"] for host in found for stage in host["stages"] if stage["stage"] == "logon"]
    assert sorted(logons) == ["failed", *["not tried"] * 3]
    assert tokens == []  # the looks carry no logon
