"""Who is re-pinned, from which port to which, and who is left out and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.model import Host, RoleValues, Rule, Waiver
from orchestrator.domain.facts import facts
from orchestrator.domain.judgement import Belief
from orchestrator.domain.outcome import Failed, Phase, Trace
from orchestrator.domain.reading import Canary, Kind, Reading, Result, ViewState
from orchestrator.domain.repin.plan import RoleChange, WaivedHost
from orchestrator.domain.repin.planfile import PlanError, dumps, loads
from orchestrator.domain.repin.planner import Draft, Rules
from orchestrator.domain.repin.policy import Policy, PolicyError, parse_policy, parse_port
from orchestrator.domain.verdict import judge
from orchestrator.domain.waiver import in_force
from tests.domain.repin.builders import (
    GATEWAYS,
    NOW,
    ORDER,
    ROLES,
    host,
    plan_on,
    plan_one,
    profile,
    reading,
    record,
    view,
    whole_plan,
)

SHUT = dict.fromkeys(ORDER, "timed_out")


def new_pins(found: Reading, policy: str, rule: Rule = Rule.COMMON_ELSE_PER_ROLE) -> dict[str, int] | str:
    """Return the planned pins by role, or the reason for leaving the host out."""
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


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("port:554", {"primary": 554, "backup": 554}),
        ("port:primary=554", {"primary": 554}),
        ("port:primary=554,backup=80", {"primary": 554, "backup": 80}),
        ("port:2147", "nothing to do: pinned as wanted"),
        ("port:443", "primary 443 is not open: a firewall rule first (or --force-closed REASON)"),
        ("port:8443", "the primary new port 8443 was not tried: scan again, or add --ask"),
    ],
)
def test_a_port_that_is_named_is_planned_where_it_is_open(
    policy: str, expected: dict[str, int] | str
) -> None:
    """For every role, or for those that are named; the inventory's own wish does not count."""
    found = reading(dict.fromkeys((2147, 554, 80), "connected") | {443: "timed_out"})
    assert new_pins(found, policy) == expected


def test_a_plan_says_where_the_inventory_wants_another_pin() -> None:
    """Whatever the policy: the next plan by desired would undo it."""
    found = reading(SHUT | dict.fromkeys((554, 80), "connected"))
    for policy, port in (("port:554", 554), ("vendor-order", 554), ("prefer:80", 80)):
        (planned,) = plan_one(found, policy).hosts
        assert {role.new for role in planned.roles} == {port}
        for role in ROLES:
            assert (
                f"the inventory wants {role} 443: the next plan by desired moves it back: change `pin:`"
                in planned.risks
            )
    (planned,) = plan_one(reading(SHUT | {443: "connected"}), "port:443").hosts
    assert not [risk for risk in planned.risks if "moves it back" in risk]


def test_a_port_is_written_as_it_was_typed() -> None:
    """In the plan's file, and taken back from there."""
    for text in ("port:443", "port:primary=443", "port:primary=443,backup=2147", "prefer:2147,443"):
        assert str(parse_policy(text)) == text
    assert parse_port(["primary=443", "backup=2147"]) == parse_policy("port:primary=443,backup=2147")
    assert parse_port([" 443 "]) == parse_policy("port:443")


@pytest.mark.parametrize(
    "texts",
    [["443", "2147"], ["443", "primary=2147"], ["primary=443", "primary=2147"], ["=443"], ["x"], ["0"], [""]],
)
def test_a_port_that_says_nothing_usable_is_refused(texts: list[str]) -> None:
    """With the option, what was found, and what was expected."""
    with pytest.raises(PolicyError, match=r"^--port: found .*, expected "):
        parse_port(texts)


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
        (host(name), ((12, record(found, name=name)),))
        for name, found in (("a", at_80), ("b", at_443), ("c", reading(SHUT | {443: "connected"})))
    ]
    drafted = plan_on(candidates, Rules(policy=Policy("fleet-common"), now=NOW))
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
    drafted = plan_on([(host(), ((12, old),))], Rules(policy=Policy("desired"), now=NOW))
    assert drafted.left_out[0].reason == "its evidence, scan 12, is older than --max-age: scan again"


def test_a_host_never_scanned_is_left_out() -> None:
    """The plan says which command would help."""
    drafted = plan_on([(host(), ())], Rules(policy=Policy("desired"), now=NOW))
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
    drafted = plan_on([(host(), ((12, left),))], Rules(policy=Policy("desired"), now=NOW))
    assert drafted.left_out[0].reason == "no reading in scan 12 (logon-failed)"


def test_force_closed_plans_a_closed_port_and_says_so() -> None:
    """With a reason given, a closed port is planned, and stands among the risks."""
    drafted = plan_one(reading({2147: "timed_out", 443: "refused"}), force_closed="change 4711")
    assert "primary 443 was not open in the evidence: forced" in drafted.hosts[0].risks


def canary(kind: str, address: str, port: int) -> Canary:
    """Return a canary that something answered."""
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
    """Only the primary pin is to change, and the backup one is no port, or was not tried:
    left out all the same.
    """
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
        (host("a"), ((12, record(at_443, name="a")),)),
        (host("b"), ((3, record(at_80, name="b", age=old)),)),
        (host("c"), ((3, record(at_80, name="c", age=old)),)),
    ]
    drafted = plan_on(candidates, Rules(policy=Policy("fleet-common"), now=NOW))
    assert [planned.host for planned in drafted.hosts] == ["a"]


def test_agree_wants_the_same_answer_from_every_scan() -> None:
    """A port that comes and goes does not move a fleet."""
    steady = record(reading({2147: "refused", 443: "connected"}))
    moved = record(reading({443: "connected", 80: "refused"}, pins=dict.fromkeys(ROLES, 80)))
    rules = Rules(policy=Policy("desired"), now=NOW, agree=2)
    flapping = (host(), ((13, steady), (12, moved)))
    agreed = (host(), ((13, steady), (12, steady)))
    assert plan_on([flapping], rules).left_out[0].reason == "scans 13 and 12 do not agree (--agree 2)"
    assert [each.scan for each in plan_on([agreed], rules).hosts[0].evidence] == [13, 12]


def test_agree_takes_scans_of_three_nights() -> None:
    """`--max-age` counts for the newest scan: with daily ones the others are always older. An old newest one
    is left out.
    """
    ports = {2147: "refused", 443: "connected"}
    days = [record(reading(ports), age=timedelta(days=number, hours=1)) for number in range(4)]
    rules = Rules(policy=Policy("desired"), now=NOW, agree=3)
    nightly = (host(), ((13, days[0]), (12, days[1]), (11, days[2])))
    assert [each.scan for each in plan_on([nightly], rules).hosts[0].evidence] == [13, 12, 11]
    stopped = (host(), ((12, days[1]), (11, days[2]), (10, days[3])))
    assert "scan 12, is older than --max-age" in plan_on([stopped], rules).left_out[0].reason


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
    """Whatever the evidence, a planned port was open (forced: or closed), each pin the gateway's,
    and nobody is missing.
    """
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
            stays = change.new == change.old  # what is closed today may stay so
            closed = Belief.CLOSED if forced or stays else Belief.OPEN
            assert role.beliefs.get(change.new) in {Belief.OPEN, closed}
            assert change.old == pins[change.role]
        assert all(role.pin_belief in {Belief.OPEN, Belief.CLOSED} for role in known.roles)


STAYS_CLOSED = reading(
    pins={"primary": 2147, "backup": 443},
    only={
        "primary": {2147: "timed_out", 443: "connected"},
        "backup": {2147: "timed_out", 443: "timed_out"},
    },
)


def test_a_role_that_does_not_change_may_be_closed() -> None:
    """The backup pin is as desired and closed; the primary one is planned all the same,
    as the verdict advises.
    """
    (planned,) = plan_one(STAYS_CLOSED).hosts
    assert planned.roles == (
        RoleChange(role="primary", old=2147, new=443),
        RoleChange(role="backup", old=443, new=443),
    )
    assert [(target.expected, target.new) for target in planned.targets] == [("2147", "443"), ("443", "443")]
    assert planned.why == "desired: primary 2147 is closed, 443 is open"
    assert planned.risks == ("backup 443 is closed, and stays as it is",)


@given(
    pins=st.fixed_dictionaries({role: st.sampled_from((2147, 443)) for role in ROLES}),
    only=st.fixed_dictionaries(
        {
            role: st.fixed_dictionaries(
                {port: st.sampled_from(("connected", "refused")) for port in (2147, 443)}
            )
            for role in ROLES
        }
    ),
)
def test_what_the_verdict_advises_is_planned(pins: dict[str, int], only: dict[str, dict[int, str]]) -> None:
    """Where the advice is to re-pin to the desired pin, the planner does,
    but for another role that would go to a closed port.
    """
    found = reading(pins=pins, only=only)
    of = host()
    action = judge(found, profile=of.profile, desired=of.desired, gateways=of.gateways).action
    closed = [role for role in ROLES if pins[role] != 443 and only[role][443] == "refused"]
    drafted = plan_one(found, of=of)
    if "re-pin it" in action and "first a firewall rule" not in action and not closed:
        assert [planned.host for planned in drafted.hosts] == ["web1"]
    if drafted.hosts:
        assert closed == []


def test_a_pin_that_stays_keeps_its_text() -> None:
    """A role that does not change is not written in another spelling."""
    found = reading(
        {443: "connected", 2147: "refused"},
        views=(view({"primary": "2147", "backup": "0443"}, kind=Kind.SZ),),
    )
    (planned,) = plan_one(found).hosts
    assert [(target.expected, target.new) for target in planned.targets] == [
        ("2147", "443"),
        ("0443", "0443"),
    ]


WAIVER = Waiver(hosts=("web1",), verdict="blocked", reason="change 4711", until=date(2027, 1, 31))
BLOCKED = reading({2147: "timed_out", 443: "connected"})


def waived(*waivers: Waiver, **rules: object) -> Draft:
    """Plan a blocked host under these waivers."""
    return plan_one(BLOCKED, waivers=in_force(waivers, NOW.date()), **rules)


def test_a_waived_host_is_left_out_with_reason_and_date() -> None:
    """What counts is the verdict by today's inventory, not the one that was stored (here: ok)."""
    drafted = waived(WAIVER)
    assert (drafted.hosts, drafted.waived) == ((), ())
    assert [left.reason for left in drafted.left_out] == [
        "waived, blocked until 2027-01-31: change 4711 (--include-waived REASON plans it)"
    ]


@pytest.mark.parametrize(
    "changes",
    [{"verdict": "drifted"}, {"verdict": "ok"}, {"hosts": ("web2",)}, {"until": date(2026, 10, 31)}],
)
def test_a_waiver_of_something_else_binds_nobody(changes: dict[str, object]) -> None:
    """Another verdict, another host, a day that has passed: the host is planned, with its verdict."""
    drafted = waived(replace(WAIVER, **changes))  # type: ignore[arg-type]  # a test's own keys
    assert [planned.verdict for planned in drafted.hosts] == ["blocked"]
    assert drafted.waived == ()


def test_a_waivers_last_day_still_counts() -> None:
    """The waiver ends with that day."""
    assert waived(replace(WAIVER, until=NOW.date())).hosts == ()


def test_a_waived_host_is_taken_in_with_a_reason() -> None:
    """It is planned, and stands with its waiver among the draft's waived."""
    drafted = waived(WAIVER, include_waived="the change is done")
    assert [planned.host for planned in drafted.hosts] == ["web1"]
    assert drafted.waived == (
        WaivedHost(host="web1", verdict="blocked", reason="change 4711", until=date(2027, 1, 31)),
    )


def test_a_waived_host_with_nothing_to_write_is_not_among_the_waived() -> None:
    """Only planned hosts are listed with their waivers."""
    waiver = in_force([WAIVER], NOW.date())
    drafted = plan_one(BLOCKED, of=host(desired={}), waivers=waiver, include_waived="why")
    assert (drafted.hosts, drafted.waived) == ((), ())


def one_value(**changes: object) -> Host:
    """Return a host whose profile keeps both ports in one value;
    the registry does not mind the case of its name.
    """
    roles = (
        RoleValues(role="primary", port_value="PrimaryTunnelPort"),
        RoleValues(role="backup", port_value="PRIMARYTUNNELPORT"),
    )
    return host(profile=replace(profile(), roles=roles), **changes)


SHUT_BUT_443 = reading(SHUT | {443: "connected"}, pins={"primary": 2147})


@pytest.mark.parametrize("desired", [{"primary": 443, "backup": 443}, {"primary": 443}, {"backup": 443}])
def test_two_roles_in_one_value_are_one_target(desired: dict[str, int]) -> None:
    """One write, and both roles are told as changed, also where the wish names one of them."""
    (planned,) = plan_one(SHUT_BUT_443, of=one_value(desired=desired)).hosts
    assert [(target.value, target.expected, target.new) for target in planned.targets] == [
        ("PrimaryTunnelPort", "2147", "443")
    ]
    assert [(role.role, role.old, role.new) for role in planned.roles] == [
        ("primary", 2147, 443),
        ("backup", 2147, 443),
    ]
    (target,) = planned.targets
    both = replace(planned, targets=(target, replace(target, role="backup")))
    plan = whole_plan(hosts=(both,))
    with pytest.raises(PlanError, match="it wants to write a value of web1 twice"):
        loads(dumps(plan).encode(), "plan.json")


def test_two_wishes_for_one_value_plan_nothing() -> None:
    """An inventory cannot say so; a plan of it is not made either."""
    (left,) = plan_one(SHUT_BUT_443, of=one_value(desired={"primary": 443, "backup": 80})).left_out
    assert left.reason == (
        "primary 443 and backup 80 are wanted, and the registry keeps both in one value, PrimaryTunnelPort"
    )


def test_one_value_is_planned_only_where_both_gateways_answer() -> None:
    """A wish for the primary role moves the backup one too: its port has to be open as well."""
    found = reading(SHUT, pins={"primary": 2147}, only={"primary": {443: "connected"}})
    (left,) = plan_one(found, of=one_value(desired={"primary": 443})).left_out
    assert left.reason.startswith("backup 443 is not open")


@pytest.mark.parametrize("policy", ["vendor-order", "keep-if-working", "prefer:554,443", "fleet-common"])
def test_every_policy_gives_one_value_one_port(policy: str) -> None:
    """Where the primary role has a port of its own, the common one is taken, or none."""
    found = reading(SHUT | {443: "connected"}, pins={"primary": 2147}, only={"primary": {2147: "connected"}})
    (planned,) = plan_one(found, policy, of=one_value()).hosts
    assert {role.new for role in planned.roles} == {443}
