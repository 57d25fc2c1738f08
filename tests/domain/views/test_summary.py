"""A scan told in groups and remarks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.domain.group import group
from orchestrator.domain.judgement import Belief
from orchestrator.domain.reading import Reading, Result, Source
from orchestrator.domain.record import HostRecord
from orchestrator.domain.views.summary import summarise
from tests.domain.build import (
    BACKUP,
    PRIMARY,
    TRACE,
    attempt,
    believed,
    dword,
    failed,
    live,
    profile,
    reading,
    record,
    target,
    view,
)

OPEN, CLOSED = Belief.OPEN, Belief.CLOSED
PINS = {"primary": 2147, "backup": 2147}
UP = [live("203.0.113.101", 2147)]


def ports(*found: Belief) -> dict[str, dict[int, Belief]]:
    """Say the same of 2147, 443 and 80 for both roles."""
    return {role: dict(zip((2147, 443, 80), found, strict=True)) for role in PINS}


FINE = believed(ports(OPEN, OPEN, OPEN), PINS, UP)
QUIET = believed(ports(OPEN, OPEN, OPEN), PINS)
CUT = believed(ports(CLOSED, CLOSED, CLOSED), PINS)
CUT_UP = believed(ports(CLOSED, CLOSED, CLOSED), PINS, UP)
BLOCKED = believed(ports(CLOSED, OPEN, CLOSED), PINS)


def test_hosts_with_the_same_trouble_are_one_group_worst_first() -> None:
    """Verdict, ports, cause and tunnel make a group; the worst one and those without a tunnel come first."""
    records = [
        record("z1", FINE),
        record("b2", BLOCKED),
        record("b1", BLOCKED),
        record("u1", failed(host="u1")),
        record("u2", failed("deadline", host="u2")),
        record("u3", failed("deadline", host="u3")),
        record("c1", CUT_UP),
        record("c2", CUT),
        record("w1", CUT, waived="change 4711"),
    ]

    groups = group(records)

    pinned = "primary 2147; backup 2147"
    shut = "primary 2147, none open; backup 2147, none open"
    assert [(one.key.label, one.key.ports, one.key.cause, one.hosts) for one in groups] == [
        ("cut-off", shut, "", ("c2",)),
        ("cut-off", shut, "", ("c1",)),
        ("blocked", "primary 2147, 443 open; backup 2147, 443 open", "", ("b1", "b2")),
        ("unknown", "", "connect: deadline", ("u2", "u3")),
        ("unknown", "", "connect: no-answer", ("u1",)),
        ("ok", pinned, "", ("z1",)),
        ("cut-off", shut, "", ("w1",)),
    ]
    assert [one.key.waived for one in groups] == [*[False] * 6, True]
    assert groups[-1].reasons == ("change 4711",)


def test_a_group_says_what_to_do_and_whether_it_is_the_same_for_all() -> None:
    """Hosts that failed alike may still have advice of their own."""
    same = group([record("a", failed(host="a")), record("b", failed(host="b"))])
    apart = group([record("a", failed(host="a")), record("b", failed(host="b", advice="ask b's owner"))])

    assert [(one.action, one.same_action) for one in same + apart] == [
        ("look at the firewall", True),
        ("look at the firewall", False),
    ]


@pytest.mark.parametrize(
    ("found", "desired", "words"),
    [
        (FINE, {"primary": 443}, "primary 2147, desired 443; backup 2147"),
        (FINE, {"primary": 2147}, "primary 2147; backup 2147"),
        (
            believed(ports(OPEN, OPEN, OPEN), PINS, [live("203.0.113.101", 443), live("203.0.113.101", 80)]),
            {},
            "primary 2147, live on 80, 443; backup 2147",
        ),
        (believed(ports(OPEN, OPEN, OPEN), {"backup": "x"}, UP), {}, "primary missing; backup not a port"),
    ],
)
def test_a_group_s_ports_say_what_matters(found: Reading, desired: dict[str, int], words: str) -> None:
    """The desired pin is named where it differs, the live port where it is stale, a bad pin as what it is."""
    assert group([record("a", found, desired=desired)])[0].key.ports == words


def test_many_open_ports_are_counted_instead_of_listed() -> None:
    """A group's line stays short where most of the list is open."""
    many = profile("primary", ports=tuple(type(profile().ports[0])(number=port) for port in range(1, 9)))
    beliefs = {"primary": {port: OPEN if port > 1 else CLOSED for port in range(1, 9)}}

    found = group([record("a", believed(beliefs, {"primary": 1}), product=many)])

    assert found[0].key.ports == "primary 1, 7 others open"


def machine(name: str, identity: str | None) -> HostRecord:
    """Make a healthy host that says which machine it is."""
    return record(name, replace(FINE, identity=replace(FINE.identity, machine_id=identity)))


def test_two_names_that_answered_as_one_machine_are_a_remark() -> None:
    """One machine id under two names is told, whatever its case; hosts without one are not compared."""
    records = [
        machine("b", "AB-1"),
        machine("a", "ab-1"),
        machine("c", "cd-2"),
        machine("d", None),
        machine("e", None),
    ]

    summary = summarise(records, selected=5)

    assert summary.same_machine == (("a", "b"),)
    assert summary.remarks == (
        "a, b are one machine: the same machine id answered (a clone, or two names for one server?)",
    )


def test_one_machine_id_by_two_ways_names_the_ways() -> None:
    """Hosts behind two jump hosts are two networks' hosts: clones, or one server that both lead to."""
    by = {"a": "ssh://ops@one.site:22", "b": "ssh://ops@two.site:22", "c": "ssh://root@one.site:22"}
    one, other, same = (replace(machine(name, "ab-1"), via=via) for name, via in by.items())
    assert summarise([one, other], selected=2).remarks == (
        (
            "a, b told the same machine id, by 2 ways (ssh://one.site:22, ssh://two.site:22): clones, or "
            "one server that is reached twice?"
        ),
    )
    assert summarise([one, same], selected=2).remarks == (
        "a, c are one machine: the same machine id answered (a clone, or two names for one server?)",
    )


def test_a_crowd_of_clones_is_folded() -> None:
    """More than ten names are not all listed in the remark."""
    remark = summarise([machine(f"h{number:02}", "same") for number in range(12)], selected=12).remarks[0]

    assert remark.startswith("h00, h01, h02, h03, h04, h05, h06, h07, h08, h09 and 2 more are one machine")


@pytest.mark.parametrize(
    ("quiet", "up", "hint"),
    [(3, 0, True), (3, 1, True), (3, 2, True), (3, 3, False), (2, 0, False), (0, 5, False)],
)
def test_a_fleet_without_tunnels_hints_at_the_profile(quiet: int, up: int, hint: bool) -> None:
    """Where most otherwise healthy hosts show no tunnel, one line names the key to change."""
    records = [record(f"q{number}", QUIET) for number in range(quiet)]
    records += [record(f"u{number}", FINE) for number in range(up)]

    shows = "1 shows" if up == 1 else f"{up} show"
    told = (
        f"{quiet} otherwise healthy hosts show no tunnel, only {shows} one: if this product connects on "
        f"demand, say `tunnel: on-demand` in its profile"
    )

    remarks = summarise(records, selected=len(records)).remarks

    assert remarks == ((told,) if hint else ())


def at_gateway(name: str, address: str) -> HostRecord:
    """Make a host whose registry names its primary gateway."""
    where = target("primary", address, source=Source.REGISTRY)
    row = live(address, 2147)
    found = reading(
        [view(64, dword("PrimaryTunnelPort", 2147))],
        targets=[where],
        attempts=[attempt(where, 2147, Result.CONNECTED)],
        connections=[row],
    )
    return record(name, found, product=profile("primary"))


def test_a_gateway_that_one_host_alone_uses_is_a_remark() -> None:
    """An agent pinned to a gateway that no other agent uses is worth a line."""
    records = [at_gateway(f"h{number}", PRIMARY) for number in range(3)]

    assert summarise([*records, at_gateway("odd", BACKUP)], selected=4).remarks == (
        f"odd alone uses the primary gateway {BACKUP}",
    )
    assert summarise([*records[:1], at_gateway("odd", BACKUP)], selected=2).remarks == ()


@pytest.mark.parametrize(
    ("count", "remarks"),
    [
        (0, ()),
        (1, ("1 host logged on by NTLM, not Kerberos",)),
        (2, ("2 hosts logged on by NTLM, not Kerberos",)),
    ],
)
def test_hosts_that_used_ntlm_are_counted(count: int, remarks: tuple[str, ...]) -> None:
    """The summary says how many hosts used NTLM."""
    records = [
        record("k", FINE),
        *(record(f"n{number}", FINE, trace=replace(TRACE, auth="ntlm")) for number in range(count)),
    ]

    summary = summarise(records, selected=9)

    assert (summary.ntlm, summary.remarks) == (count, remarks)
