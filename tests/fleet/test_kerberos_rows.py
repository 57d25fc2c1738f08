"""What a user is told where Kerberos does not serve, and that it does: scans against real domain controllers.

With `mit_hosts` and `samba_hosts` the real PowerShell engine answers behind the names; else a host is a
listener, or nobody: most of this is settled before a host has a say.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.adlabs import Realm
from tests.fleet.adlab_scan import Scanned, scan
from tests.fleet.test_scan_adlab import NTLM, listening
from tests.winhosts import Winhost

pytestmark = [pytest.mark.adlab, pytest.mark.xdist_group("adlab")]

ONE, TWO = "winhost001.adlab.test", "winhost002.adlab.test"
NO_SPN, ALIAS = "nospn.adlab.test", "alias001.adlab.test"
UNSEEN: dict[str, Any] = {"timeout": 20}  # settings of a host that nobody gets to


def real(host: Winhost, transport: str = "http", **more: Any) -> dict[str, Any]:
    """Return the settings of a host with a real engine."""
    port = host.https_port if transport == "https" else host.port
    return {"transport": transport, "port": port, **({"ca": host.ca} if transport == "https" else {}), **more}


def told(scanned: Scanned) -> tuple[str, str, str]:
    """Return the one failure of a scan: its cause, detail and advice."""
    (failure,) = scanned.failures
    return failure["cause"], failure["detail"], failure["advice"]


@pytest.mark.parametrize("wire", ["native", "pypsrp"])
@pytest.mark.parametrize("auth", ["kerberos", "negotiate"])
@pytest.mark.parametrize("kind", ["mit", "samba"])
def test_both_transports_log_on_by_kerberos_sealed_and_bound(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, auth: str, wire: str
) -> None:
    """The probe runs on the real engine over http, where messages are sealed, and over https,
    bound to its certificate.
    """
    realm, (host, *_) = request.getfixturevalue(f"{kind}_realm"), request.getfixturevalue(f"{kind}_hosts")
    user = realm.accounts["fleet"] if kind == "mit" else ("ADLAB\\fleet", realm.accounts["fleet"][1])
    hosts = {f"{way}1": real(host, way, address=ONE) for way in ("http", "https")}
    scanned = scan(realm, tmp_path, hosts, "--transport", wire, user=user, auth=auth)
    assert [host["verdict"] for host in scanned.report["hosts"]] == ["no-agent"] * 2
    assert (scanned.logons, scanned.report["ntlm"]) == ([("kerberos", None)] * 2, 0)


def test_a_trace_says_how_kerberos_went_and_holds_no_ticket(
    mit_realm: Realm, mit_hosts: list[Winhost], tmp_path: Path
) -> None:
    """What is sealed is opened, of the tokens scheme and length are said, and why NTLM was taken instead."""
    hosts = {"good": real(mit_hosts[0], address=ONE), "nospn": real(mit_hosts[0], address=NO_SPN)}
    traces = "--trace", str(tmp_path / "trace"), "--trace-bodies"
    user = mit_realm.accounts["fleet"]
    scan(mit_realm, tmp_path, hosts, *traces, user=user, auth="negotiate")
    rows = [line.split("\t") for line in (tmp_path / "trace" / "index.tsv").read_text().splitlines()[1:]]
    texts = {host: (tmp_path / "trace" / name).read_text() for name, host, _ in rows}
    assert "the host took the logon, by kerberos" in texts["good"]
    assert re.search(r"Authorization: Negotiate, [\d,]{3,} characters", texts["good"])
    assert re.search(r"<   opened [\d,]+ bytes, http", texts["good"])
    assert "kerberos-no-spn" in texts["nospn"] or "Kerberos" in texts["nospn"]
    for text in texts.values():
        assert (
            re.search(r"(?<![\w+/])(?:YII|TlRMTVNTUA)[\w+/]{20}", text) is None
        )  # how tokens begin in Base64
        assert user[1] not in text


def test_a_run_asks_for_one_ticket_by_password_and_one_for_each_host(
    mit_realm: Realm, mit_hosts: list[Winhost], tmp_path: Path
) -> None:
    """Three hosts cost the domain controller one logon and a service ticket for each name."""
    before = mit_realm.issued()
    hosts = {
        "a": real(mit_hosts[0], address=ONE),
        "b": real(mit_hosts[0], "https", address=ONE),
        "c": real(mit_hosts[1], address=TWO),
    }
    scan(mit_realm, tmp_path, hosts, user=mit_realm.accounts["fleet"])
    by_password, for_services = mit_realm.issued()
    assert by_password - before[0] == 1
    assert for_services - before[1] in {2, 3}  # a and b share one, unless they ask for it at once


def test_the_user_s_own_ticket_is_used_and_its_cache_left_as_it_is(
    mit_realm: Realm, mit_hosts: list[Winhost], tmp_path: Path
) -> None:
    """Service tickets go into memory: the file that `kinit` made is byte by byte what it was."""
    cache = Path(mit_realm.tickets["forwardable"].removeprefix("FILE:"))
    before = cache.read_bytes()
    scanned = scan(mit_realm.holding("forwardable"), tmp_path, {ONE: real(mit_hosts[0])})
    assert (scanned.logons, cache.read_bytes() == before) == ([("kerberos", None)], True)


def test_a_user_without_rights_logs_on_and_is_told_that(
    mit_realm: Realm, mit_hosts: list[Winhost], tmp_path: Path
) -> None:
    """The ticket was right: it is the host's access list."""
    cause, detail, _ = told(scan(mit_realm.holding("norights"), tmp_path, {ONE: real(mit_hosts[0])}))
    assert (cause, "the logon was right" in detail) == ("access-denied", True)


def test_a_service_name_of_another_account_is_told_as_that(
    mit_realm: Realm, mit_hosts: list[Winhost], tmp_path: Path
) -> None:
    """The host has not the key that its ticket was made for."""
    cause, detail, advice = told(
        scan(mit_realm, tmp_path, {TWO: real(mit_hosts[1])}, user=mit_realm.accounts["fleet"])
    )
    assert cause == "kerberos-wrong-key"
    assert "belongs to another account" in detail
    assert f"setspn -Q HTTP/{TWO}" in advice


def test_a_host_without_a_service_name_is_logged_on_to_by_ntlm_and_counted_with_the_reason(
    mit_realm: Realm, mit_hosts: list[Winhost], tmp_path: Path
) -> None:
    """Negotiate goes on where Kerberos has no service of that name,
    and the report says which hosts and why.
    """
    hosts = {NO_SPN: real(mit_hosts[0]), ONE: real(mit_hosts[0])}
    user = ("fleet", mit_realm.accounts["fleet"][1])  # NTLM of the hosts knows no realm
    scanned = scan(mit_realm, tmp_path, hosts, user=user, auth="negotiate")
    assert scanned.logons == [("ntlm", "kerberos-no-spn"), ("kerberos", None)]
    assert (
        "1 host logged on by NTLM, since Kerberos did not serve: kerberos-no-spn" in scanned.report["remarks"]
    )


def test_where_ntlm_was_refused_after_kerberos_both_halves_are_told(
    mit_realm: Realm, mit_hosts: list[Winhost], tmp_path: Path
) -> None:
    """The password is right in the domain, and NTLM does not know the account:
    the missing service name is the cure.
    """
    host = {NO_SPN: real(mit_hosts[0])}
    cause, detail, advice = told(
        scan(mit_realm, tmp_path, host, user=mit_realm.accounts["lockme"], auth="negotiate")
    )
    assert cause == "logon-failed"
    assert "NTLM, since Kerberos did not serve (kerberos-no-spn: " in detail
    assert advice.startswith("For Kerberos: Use the host's real, full name in `address:`")
    assert " For NTLM: Are the user name and the password of credential `ops`" in advice


def test_this_machine_s_clock_is_named_where_the_host_says_so(
    mit_realm: Realm, mit_hosts: list[Winhost], tmp_path: Path
) -> None:
    """A ticket made before the clock went wrong is refused by the host, in Kerberos' own words."""
    early = mit_realm.holding("fleet").at("+20m")
    cause, detail, advice = told(scan(early, tmp_path, {ONE: real(mit_hosts[0])}))
    assert (cause, detail) == (
        "kerberos-clock",
        "the clocks are too far apart for Kerberos: Clock skew too great",
    )
    assert "stays wrong" in advice


@pytest.mark.parametrize("auth", ["kerberos", "negotiate"])
def test_a_host_that_refuses_a_ticket_without_a_word_has_the_clock_among_its_reasons(
    mit_realm: Realm, tmp_path: Path, auth: str
) -> None:
    """A bare 401 to a ticket is no disabled NTLM, and no wrong password: no NTLM is tried."""
    with listening([mit_realm.hosts[ONE]]) as tokens:
        cause, detail, advice = told(
            scan(mit_realm, tmp_path, {ONE: {}}, user=mit_realm.accounts["fleet"], auth=auth)
        )
    assert (cause, len(tokens), NTLM in tokens[0]) == ("logon-loop", 1, False)
    assert "a Kerberos ticket" in detail
    assert "clocks are more than five minutes apart" in advice


@pytest.mark.parametrize(
    ("kind", "names"), [("mit", (NO_SPN, ALIAS, "winhost001")), ("samba", (NO_SPN, ALIAS))]
)
def test_a_name_without_a_service_is_told_with_its_cure(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, names: tuple[str, ...]
) -> None:
    """No SPN, an alias and a short name: the real name, or krb5.conf, is what helps."""
    realm: Realm = request.getfixturevalue(f"{kind}_realm")
    scanned = scan(realm, tmp_path, dict.fromkeys(names, UNSEEN), user=realm.accounts["fleet"])
    assert [failure["cause"] for failure in scanned.failures] == ["kerberos-no-spn"] * len(names)
    for failure in scanned.failures:
        assert "SpnegoError" not in failure["detail"]
        assert "dns_canonicalize_hostname" in failure["advice"]


def test_an_alias_works_where_krb5_conf_lets_names_be_looked_up(mit_realm: Realm, tmp_path: Path) -> None:
    """The advice is true: the alias gets a ticket for the real name."""
    with listening([mit_realm.hosts[ONE]]) as tokens:
        scan(mit_realm.by("canonical"), tmp_path, {ALIAS: {}}, user=mit_realm.accounts["fleet"])
    assert len(tokens) == 1


@pytest.mark.parametrize("name", ["fleet@adlab.test", "fleet@ADLAB", "fleet"])
def test_an_active_directory_knows_a_user_by_all_its_names(
    samba_realm: Realm, tmp_path: Path, name: str
) -> None:
    """Lower-case realm, NetBIOS name, no realm at all: the host gets a ticket."""
    with listening([samba_realm.hosts[ONE]]) as tokens:
        scan(samba_realm, tmp_path, {ONE: {}}, user=(name, samba_realm.accounts["fleet"][1]))
    assert [NTLM in token for token in tokens] == [False]


@pytest.mark.parametrize(
    ("configuration", "user", "said"),
    [
        ("good", "fleet@NOWHERE.TEST", "no realm of that name is known on this machine"),
        ("nokdc", "fleet@ADLAB.TEST", "no realm of that name is known on this machine"),
        ("down", "fleet@ADLAB.TEST", "Cannot contact any KDC for realm 'ADLAB.TEST'"),
    ],
)
def test_a_realm_that_nobody_serves_is_told_once_and_tried_once(
    mit_realm: Realm, tmp_path: Path, configuration: str, user: str, said: str
) -> None:
    """A KDC that is down is one group, whatever the number of hosts."""
    hosts = dict.fromkeys((ONE, TWO), UNSEEN)
    scanned = scan(mit_realm.by(configuration), tmp_path, hosts, user=(user, "x"))
    assert {failure["cause"] for failure in scanned.failures} == {"kerberos-no-kdc"}
    assert said in scanned.failures[0]["detail"]
    assert len(scanned.report["groups"]) == 1
    assert "again" not in scanned.messages


def test_a_silent_domain_controller_costs_200_hosts_one_wait(mit_realm: Realm, tmp_path: Path) -> None:
    """One host finds out, the others are told: every host ends inside its deadline of 20 s, and as no-kdc."""
    hosts = {f"h{number}.adlab.test": UNSEEN for number in range(200)}
    scanned = scan(mit_realm.by("silent"), tmp_path, hosts, user=mit_realm.accounts["fleet"])
    assert [failure["cause"] for failure in scanned.failures] == ["kerberos-no-kdc"] * 200
    assert {failure["detail"].rpartition(": ")[2] for failure in scanned.failures} == {
        "no domain controller of ADLAB.TEST answered in 10 s"
    }


@pytest.mark.parametrize(
    ("ticket", "said"), [("expired", "has ended"), ("FILE:/nonexistent/cache", "No credentials cache found")]
)
def test_a_ticket_that_is_missing_or_has_ended_is_tried_once(
    mit_realm: Realm, tmp_path: Path, ticket: str, said: str
) -> None:
    """`kinit` is the cure, and no second try."""
    scanned = scan(mit_realm.holding(ticket), tmp_path, {ONE: UNSEEN})
    cause, detail, advice = told(scanned)
    assert (cause, said in detail, "kinit" in advice) == ("kerberos-ticket", True, True)
    assert "again" not in scanned.messages


def test_no_common_encryption_has_a_row_of_its_own(mit_realm: Realm, tmp_path: Path) -> None:
    """A client that takes RC4 alone, of a KDC that gives AES."""
    cause, _, advice = told(
        scan(mit_realm.by("rc4"), tmp_path, {ONE: UNSEEN}, user=mit_realm.accounts["fleet"])
    )
    assert (cause, "permitted_enctypes" in advice) == ("kerberos-encryption", True)


def test_a_domain_controller_whose_clock_is_ahead_is_told_as_the_clock(
    mit_realm: Realm, mit_hosts: list[Winhost], tmp_path: Path
) -> None:
    """Its ticket begins in 20 minutes."""
    cause, detail, _ = told(
        scan(mit_realm.by("skewed"), tmp_path, {ONE: real(mit_hosts[0])}, user=mit_realm.accounts["fleet"])
    )
    assert (cause, "the ticket is not valid yet" in detail) == ("kerberos-clock", True)
