"""Who is re-pinned, from which port to which, and who is left out and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.model import Rule
from orchestrator.domain.facts import facts
from orchestrator.domain.judgement import Belief
from orchestrator.domain.outcome import Failed, Phase, Trace
from orchestrator.domain.plan import RoleChange
from orchestrator.domain.planner import Candidate, Rules, draft
from orchestrator.domain.policy import Policy, PolicyError, parse_policy
from orchestrator.domain.reading import Canary, Kind, Reading, Result, ViewState
from tests.repin.builders import GATEWAYS, NOW, ORDER, ROLES, host, plan_one, profile, reading, record, view

SHUT = dict.fromkeys(ORDER, "timed_out")


def new_pins(found: Reading, policy: str, rule: Rule = Rule.COMMON_ELSE_PER_ROLE) -> dict[str, int] | str:
    """Give the planned pins by role, or the reason for leaving the host out."""
    drafted = plan_one(found, policy, of=host(rule=rule))
    if drafted.left_out:
        return drafted.left_out[0].reason
    return {role.role: role.new for role in drafted.hosts[0].roles}


def test_a_desired_pin_that_is_open_is_planned() -> None:
    """Both roles go from the pin to the desired pin, every value with its kind and data."""
    (planned,) = plan_one(reading({2147: "timed_out", 443: "connected"})).hosts
    assert [(t.view, t.value, t.kind, t.expected, t.new) for t in planned.targets] == [
        (64, "PrimaryTunnelPort", "DWORD", "2147", "443"),
        (64, "BackupTunnelPort", "DWORD", "2147", "443"),
    ]
    assert planned.roles == (
        RoleChange(role="primary", old=2147, new=443),
        RoleChange(role="backup", old=2147, new=443),
    )
    assert planned.why == "desired: primary 2147 is closed, 443 is open; backup 2147 is closed, 443 is open"


def test_both_views_change_together() -> None:
    """Where both views hold equal pins, all four values are one operation."""
    pins = dict.fromkeys(ROLES, "2147")
    found = reading(
        {2147: "refused", 443: "connected"}, views=(view(pins, 64, Kind.SZ), view(pins, 32, Kind.SZ))
    )
    (planned,) = plan_one(found).hosts
    assert [(target.view, target.kind) for target in planned.targets] == [
        (64, "SZ"),
        (64, "SZ"),
        (32, "SZ"),
        (32, "SZ"),
    ]


@pytest.mark.parametrize(
    ("policy", "found", "expected"),
    [
        ("desired", reading(SHUT | {443: "connected"}), {"primary": 443, "backup": 443}),
        (
            "vendor-order",
            reading(SHUT | {443: "connected", 80: "connected"}),
            {"primary": 443, "backup": 443},
        ),
        (
            "vendor-order",
            reading(SHUT, only={"primary": {554: "connected"}, "backup": {80: "connected"}}),
            {"primary": 554, "backup": 80},
        ),
        (
            "vendor-order",
            reading(SHUT),
            "no port is open to the primary and backup gateway: a firewall rule is needed",
        ),
        (
            "vendor-order",
            reading({2147: "timed_out", 443: "connected"}),
            "ports before 443 were not all tried: scan with --probe full",
        ),
        ("keep-if-working", reading(SHUT | {2147: "connected"}), "nothing to do: pinned as wanted"),
        (
            "keep-if-working",
            reading(SHUT | {443: "connected"}, only={"primary": {2147: "connected"}}),
            {"primary": 2147, "backup": 443},
        ),
        ("prefer:80,443", reading(SHUT | {443: "connected", 80: "connected"}), {"primary": 80, "backup": 80}),
        ("prefer:80,443", reading(SHUT | {443: "connected"}), {"primary": 443, "backup": 443}),
        (
            "prefer:80,443",
            reading(SHUT),
            "no port is open to the primary and backup gateway: a firewall rule is needed",
        ),
        (
            "prefer:80,443",
            reading({2147: "connected", 443: "timed_out"}),
            "no port is open to the primary and backup gateway of those tried: scan with --probe full",
        ),
        (
            "prefer:8080",
            reading(SHUT),
            "8080 was not tried: a scan tries the profile's ports, the pin and the desired pin (`pin:`)",
        ),
        ("fleet-common", reading(SHUT | {80: "connected"}), {"primary": 80, "backup": 80}),
    ],
)
def test_a_policy_chooses(policy: str, found: Reading, expected: dict[str, int] | str) -> None:
    """Each policy takes its port from the evidence, or says what is missing."""
    assert new_pins(found, policy) == expected


def test_the_common_rule_leaves_out_a_host_without_a_common_port() -> None:
    """A product that wants one port for both gateways gets no two."""
    found = reading(SHUT, only={"primary": {554: "connected"}, "backup": {80: "connected"}})
    assert (
        new_pins(found, "vendor-order", Rule.COMMON)
        == "no port is open to every gateway: a firewall rule is needed"
    )


def test_per_role_takes_the_first_open_port_of_each_role() -> None:
    """A product that chooses per role does not look for a common port."""
    found = reading(SHUT | {80: "connected"}, only={"primary": {554: "connected"}})
    assert new_pins(found, "vendor-order", Rule.PER_ROLE) == {"primary": 554, "backup": 80}


def test_fleet_common_takes_the_port_that_most_hosts_have_open() -> None:
    """One port for the selection; a host where it is closed is left out."""
    at_80, at_443 = reading(SHUT | {80: "connected"}), reading(SHUT | {443: "connected", 80: "connected"})
    candidates = [
        Candidate(host=host(name), records=((12, record(found, name=name)),))
        for name, found in (("a", at_80), ("b", at_443), ("c", reading(SHUT | {443: "connected"})))
    ]
    drafted = draft(candidates, Rules(policy=Policy("fleet-common"), now=NOW))
    assert [planned.host for planned in drafted.hosts] == ["b", "c"]
    assert drafted.left_out[0].reason == "the fleet's common port 443 is not open here to every gateway"


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (
            reading({2147: "timed_out", 443: "refused"}),
            "primary 443 is not open: a firewall rule first (or --force-closed REASON)",
        ),
        (reading({2147: "timed_out"}), "the primary new port 443 was not tried: scan again"),
        (reading({443: "connected"}), "the primary pin 2147 was not tried: scan again"),
        (reading({2147: "error", 443: "connected"}), "the primary pin 2147 was not tried: scan again"),
        (
            reading({443: "connected"}, pins={"primary": 0, "backup": 2147}),
            "the primary value is no port: mend by hand, or run lvhealth",
        ),
        (
            reading({443: "connected"}, views=(view({}, state=ViewState.ABSENT),)),
            "the registry key is absent: no agent there",
        ),
        (
            reading({443: "connected"}, views=(view({}, state=ViewState.DENIED),)),
            "the registry key could not be read",
        ),
        (
            reading(
                {443: "connected"},
                views=(view(dict.fromkeys(ROLES, 2147)), view(dict.fromkeys(ROLES, 80), 32)),
            ),
            "the two registry views differ (PrimaryTunnelPort, BackupTunnelPort): mend by hand",
        ),
        (
            reading({443: "connected"}, pins=dict.fromkeys(ROLES, 443)),
            "nothing to do: pinned as wanted",
        ),
    ],
)
def test_a_host_that_nobody_can_vouch_for_is_left_out(found: Reading, reason: str) -> None:
    """No reading, no key, no port, no open port: the plan says which."""
    assert [left.reason for left in plan_one(found).left_out] == [reason]


def test_a_forbidden_host_is_left_out() -> None:
    """`repin: forbid` is final."""
    drafted = plan_one(reading({2147: "refused", 443: "connected"}), of=host(repin="forbid"))
    assert drafted.left_out[0].reason == "the inventory says `repin: forbid`"


def test_old_evidence_is_no_evidence() -> None:
    """A result older than --max-age plans nothing."""
    old = record(reading({2147: "refused", 443: "connected"}), age=timedelta(hours=25))
    drafted = draft([Candidate(host=host(), records=((12, old),))], Rules(policy=Policy("desired"), now=NOW))
    assert drafted.left_out[0].reason == "its evidence, scan 12, is older than --max-age: scan again"


def test_a_host_never_scanned_is_left_out() -> None:
    """The plan says which command would help."""
    drafted = draft([Candidate(host=host(), records=())], Rules(policy=Policy("desired"), now=NOW))
    assert drafted.left_out[0].reason == "never scanned: fleetcheck scan --limit web1"


def test_a_failed_host_is_left_out_with_its_cause() -> None:
    """A host that could not be probed has no facts to plan on."""
    failed = Failed(
        host="web1",
        phase=Phase.AUTH,
        cause="logon-failed",
        detail="",
        advice="",
        trace=Trace(started=NOW, ended=NOW),
    )
    left = replace(record(reading()), outcome=failed)
    drafted = draft([Candidate(host=host(), records=((12, left),))], Rules(policy=Policy("desired"), now=NOW))
    assert drafted.left_out[0].reason == "no reading in scan 12 (logon-failed)"


def test_force_closed_plans_a_closed_port_and_says_so() -> None:
    """With a reason given, a closed port is planned, and stands among the risks."""
    drafted = plan_one(reading({2147: "timed_out", 443: "refused"}), force_closed="change 4711")
    assert "primary 443 was not open in the evidence: forced" in drafted.hosts[0].risks


def canary(kind: str, address: str, port: int) -> Canary:
    """Give a canary that something answered."""
    return Canary(kind=kind, address=address, port=port, result=Result.CONNECTED, milliseconds=1)


ELSEWHERE = "127.9.0.9"


@pytest.mark.parametrize("forced", [None, "change 4711"])
@pytest.mark.parametrize(
    ("hit", "reason"),
    [
        (
            canary("address", ELSEWHERE, 443),
            "the primary new port 443 is answered by something else than the gateway",
        ),
        (
            canary("address", ELSEWHERE, 2147),
            "the primary pin 2147 is answered by something else than the gateway",
        ),
        (
            canary("port", GATEWAYS["backup"], 9),
            "the backup pin 2147 is answered by something else than the gateway",
        ),
    ],
)
def test_what_is_intercepted_is_left_out_whatever_the_reason(
    hit: Canary, reason: str, forced: str | None
) -> None:
    """A pin or a new port of any role on which something else answers: no reason lifts that."""
    found = replace(reading({2147: "connected", 443: "connected"}), canaries=(hit,))
    assert [left.reason for left in plan_one(found, force_closed=forced).left_out] == [reason]


@pytest.mark.parametrize("forced", [None, "change 4711"])
def test_one_role_that_nobody_can_vouch_for_keeps_the_host_out(forced: str | None) -> None:
    """Only the primary pin is to change, and the backup one is no port, or was not tried: left out all the same."""
    primary = host(desired={"primary": 443})
    bad = reading({2147: "refused", 443: "connected"}, pins={"primary": 2147, "backup": 0})
    untried = reading(only={"primary": {2147: "refused", 443: "connected"}})
    assert [plan_one(found, of=primary, force_closed=forced).hosts for found in (bad, untried)] == [(), ()]


def test_fleet_common_needs_every_earlier_port_tried() -> None:
    """An earlier port that was not asked might be open everywhere."""
    assert new_pins(reading({2147: "refused", 443: "connected"}), "fleet-common") == (
        "ports before 443 were not all tried: scan with --probe full"
    )


def test_old_evidence_has_no_say_in_the_fleets_common_port() -> None:
    """Two hosts whose results are older than --max-age do not outvote one that was read today."""
    old = timedelta(hours=25)
    at_80, at_443 = reading(SHUT | {80: "connected"}), reading(SHUT | {443: "connected"})
    candidates = [
        Candidate(host=host("a"), records=((12, record(at_443, name="a")),)),
        Candidate(host=host("b"), records=((3, record(at_80, name="b", age=old)),)),
        Candidate(host=host("c"), records=((3, record(at_80, name="c", age=old)),)),
    ]
    drafted = draft(candidates, Rules(policy=Policy("fleet-common"), now=NOW))
    assert [planned.host for planned in drafted.hosts] == ["a"]


def test_agree_wants_the_same_answer_from_every_scan() -> None:
    """A port that comes and goes does not move a fleet."""
    steady = record(reading({2147: "refused", 443: "connected"}))
    moved = record(reading({443: "connected", 80: "refused"}, pins=dict.fromkeys(ROLES, 80)))
    rules = Rules(policy=Policy("desired"), now=NOW, agree=2)
    flapping = Candidate(host=host(), records=((13, steady), (12, moved)))
    agreed = Candidate(host=host(), records=((13, steady), (12, steady)))
    assert draft([flapping], rules).left_out[0].reason == "scans 13 and 12 do not agree (--agree 2)"
    assert [each.scan for each in draft([agreed], rules).hosts[0].evidence] == [13, 12]


def test_agree_takes_scans_of_three_nights() -> None:
    """`--max-age` counts for the newest scan: with daily ones the others are always older. An old newest one is left out."""
    ports = {2147: "refused", 443: "connected"}
    days = [record(reading(ports), age=timedelta(days=number, hours=1)) for number in range(4)]
    rules = Rules(policy=Policy("desired"), now=NOW, agree=3)
    nightly = Candidate(host=host(), records=((13, days[0]), (12, days[1]), (11, days[2])))
    assert [each.scan for each in draft([nightly], rules).hosts[0].evidence] == [13, 12, 11]
    stopped = Candidate(host=host(), records=((12, days[1]), (11, days[2]), (10, days[3])))
    assert "scan 12, is older than --max-age" in draft([stopped], rules).left_out[0].reason


@pytest.mark.parametrize(
    "text", ["", "Desired", "prefer", "prefer:", "prefer:0", "prefer:65536", "prefer:٤٤٣", "desired:1"]
)
def test_a_policy_that_says_nothing_usable_is_refused(text: str) -> None:
    """The message names what was found."""
    with pytest.raises(PolicyError, match="found"):
        parse_policy(text)


results = st.sampled_from([*Result, None])
tried = st.fixed_dictionaries(dict.fromkeys((*ORDER, 9999), results))


@given(
    primary=tried,
    backup=tried,
    pins=st.fixed_dictionaries({role: st.sampled_from([*ORDER, 9999, 0, 70000]) for role in ROLES}),
    policy=st.sampled_from(
        ["desired", "vendor-order", "keep-if-working", "prefer:80,9999,443", "fleet-common"]
    ),
    rule=st.sampled_from(list(Rule)),
    forced=st.sampled_from([None, "change 4711"]),
    hits=st.lists(
        st.sampled_from(
            [
                *(canary("address", ELSEWHERE, port) for port in ORDER),
                *(canary("port", address, 9) for address in GATEWAYS.values()),
            ]
        ),
        max_size=2,
    ),
)
def test_no_port_is_planned_that_was_not_open(
    primary: dict[int, Result | None],
    backup: dict[int, Result | None],
    pins: dict[str, int],
    policy: str,
    rule: Rule,
    forced: str | None,
    hits: list[Canary],
) -> None:
    """Whatever the evidence, a planned port was open (forced: or closed), each pin the gateway's, and nobody is missing."""
    only = {
        role: {port: str(word) for port, word in found.items() if word}
        for role, found in (("primary", primary), ("backup", backup))
    }
    found = replace(reading(pins=pins, only=only), canaries=tuple(hits))
    drafted = plan_one(found, policy, of=host(rule=rule), force_closed=forced)
    assert len(drafted.hosts) + len(drafted.left_out) == 1
    known = facts(found, profile=profile(), desired=dict.fromkeys(ROLES, 443), gateways={})
    for planned in drafted.hosts:
        for change in planned.roles:
            role = next(each for each in known.roles if each.role == change.role)
            assert role.beliefs.get(change.new) in {Belief.OPEN, Belief.CLOSED if forced else Belief.OPEN}
            assert change.old == pins[change.role]
        assert all(role.pin_belief in {Belief.OPEN, Belief.CLOSED} for role in known.roles)
