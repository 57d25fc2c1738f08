"""The two verdict tables, a row per cell, and that they leave no host out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Belief, Judgement
from orchestrator.domain.reading import Connection, Kind, Reading, Result, Source, Target, Value, ViewState
from orchestrator.domain.verdict import judge, judge_outcome
from tests.domain.build import (
    GATEWAYS,
    PORTS,
    PRIMARY,
    attempt,
    believed,
    dword,
    failed,
    live,
    profile,
    reading,
    target,
    view,
)

OPEN, CLOSED, HIT, UNTRIED = Belief.OPEN, Belief.CLOSED, Belief.INTERCEPTED, Belief.UNTRIED
V = Verdict


def judged(found: Reading, desired: int | None = None, *roles: str, **changes: object) -> Judgement:
    """Judge a host with one role, unless more are named."""
    names = roles or ("primary",)
    wanted = {} if desired is None else dict.fromkeys(names, desired)
    return judge(found, profile=profile(*names, **changes), desired=wanted, gateways=GATEWAYS)


def beliefs(pin: Belief, second: Belief, third: Belief) -> dict[int, Belief]:
    """Say what is believed of 2147 (the pin), 443 and 80."""
    return {2147: pin, 443: second, 80: third}


UP = live(PRIMARY + "1", 2147)
ELSEWHERE = live(PRIMARY + "1", 443)

# name: (pin, beliefs of 2147, 443 and 80, desired pin, live connections), (verdict, first words of the
# action)
ROLE_CELLS: dict[
    str,
    tuple[
        tuple[int | str | None, tuple[Belief, Belief, Belief], int | None, list[Connection]], tuple[V, str]
    ],
] = {
    "missing": ((None, (OPEN, OPEN, OPEN), None, [UP]), (V.BAD_PIN, "mend the value by hand")),
    "not a port": (("4_43", (OPEN, OPEN, OPEN), None, [UP]), (V.BAD_PIN, "mend the value by hand")),
    "bad pin before all": (("", (UNTRIED, HIT, CLOSED), 443, []), (V.BAD_PIN, "mend the value by hand")),
    "pin untried": ((2147, (UNTRIED, CLOSED, CLOSED), None, []), (V.UNTESTED, "scan it again")),
    "pin untried, desired open": ((2147, (UNTRIED, OPEN, CLOSED), 443, [UP]), (V.UNTESTED, "scan it again")),
    "pin intercepted": ((2147, (HIT, OPEN, OPEN), None, [UP]), (V.SUSPECT, "find what answers")),
    "pin intercepted, rest shut": ((2147, (HIT, CLOSED, CLOSED), 443, []), (V.SUSPECT, "find what answers")),
    "all shut": (
        (2147, (CLOSED, CLOSED, CLOSED), None, []),
        (V.CUT_OFF, "ask for a firewall rule: from the host to"),
    ),
    "all shut or intercepted": (
        (2147, (CLOSED, HIT, CLOSED), None, []),
        (V.CUT_OFF, "ask for a firewall rule"),
    ),
    "all shut, tunnel still up": (
        (2147, (CLOSED, CLOSED, CLOSED), None, [UP]),
        (V.CUT_OFF, "ask for a firewall"),
    ),
    "shut, one untried": ((2147, (CLOSED, CLOSED, UNTRIED), None, []), (V.BLOCKED, "try every port")),
    "shut, intercepted and untried": ((2147, (CLOSED, HIT, UNTRIED), 443, []), (V.BLOCKED, "try every port")),
    "shut, desired open": (
        (2147, (CLOSED, OPEN, CLOSED), 443, []),
        (V.BLOCKED, "re-pin it to the desired pin 443: fleetcheck repin plan"),
    ),
    "shut, desired open, another too": (
        (2147, (CLOSED, OPEN, OPEN), 443, []),
        (V.BLOCKED, "re-pin it to the desired"),
    ),
    "shut, other open, nothing desired": (
        (2147, (CLOSED, OPEN, UNTRIED), None, []),
        (V.BLOCKED, "re-pin it to a port that connects: fleetcheck repin plan --policy vendor-order"),
    ),
    "shut, other open, pin desired": (
        (2147, (CLOSED, OPEN, CLOSED), 2147, []),
        (
            V.BLOCKED,
            "ask for a firewall rule for the desired pin: from the host to primary.example, TCP 2147, permit",
        ),
    ),
    "shut, other open, desired shut": (
        (2147, (CLOSED, CLOSED, OPEN), 443, []),
        (
            V.BLOCKED,
            "ask for a firewall rule for the desired pin: from the host to primary.example, TCP 443, permit",
        ),
    ),
    "shut, other open, desired untried": (
        (2147, (CLOSED, UNTRIED, OPEN), 443, []),
        (V.BLOCKED, "ask for a firewall rule for the desired pin"),
    ),
    "blocked though a tunnel is up": (
        (2147, (CLOSED, OPEN, OPEN), None, [ELSEWHERE]),
        (V.BLOCKED, "re-pin it to a"),
    ),
    "open, no tunnel": (
        (2147, (OPEN, OPEN, OPEN), None, []),
        (V.DISCONNECTED, "is the agent's service stopped?"),
    ),
    "open, no tunnel, desired open": (
        (2147, (OPEN, OPEN, OPEN), 443, []),
        (V.DISCONNECTED, "is the agent's"),
    ),
    "open, no tunnel, desired untried": (
        (2147, (OPEN, UNTRIED, OPEN), 443, []),
        (V.DISCONNECTED, "is the agent's"),
    ),
    "desired untried": ((2147, (OPEN, UNTRIED, OPEN), 443, [UP]), (V.UNTESTED, "scan it again")),
    "desired intercepted": (
        (2147, (OPEN, HIT, OPEN), 443, [UP]),
        (V.SUSPECT, "do not re-pin; find what answers"),
    ),
    "desired shut": (
        (2147, (OPEN, CLOSED, OPEN), 443, [UP]),
        (V.DRIFT_BLOCKED, "first a firewall rule: from the host to primary.example, TCP 443, permit"),
    ),
    "desired open": (
        (2147, (OPEN, OPEN, CLOSED), 443, [UP]),
        (V.DRIFTED, "re-pin it: fleetcheck repin plan"),
    ),
    "desired open, tunnel there": ((2147, (OPEN, OPEN, CLOSED), 443, [ELSEWHERE]), (V.DRIFTED, "re-pin it")),
    "tunnel on another port": (
        (2147, (OPEN, OPEN, OPEN), 2147, [ELSEWHERE]),
        (V.STALE, "the agent has not taken"),
    ),
    "tunnel on both": ((2147, (OPEN, OPEN, OPEN), 2147, [ELSEWHERE, UP]), (V.OK, "")),
    "as it should be": ((2147, (OPEN, UNTRIED, UNTRIED), 2147, [UP]), (V.OK, "")),
    "nothing desired": ((2147, (OPEN, CLOSED, HIT), None, [UP]), (V.OK, "")),
}


@pytest.mark.parametrize(("given", "expected"), ROLE_CELLS.values(), ids=ROLE_CELLS)
def test_each_cell_of_the_role_table(
    given: tuple[int | str | None, tuple[Belief, Belief, Belief], int | None, list[Connection]],
    expected: tuple[Verdict, str],
) -> None:
    """A role gets the first verdict of the table whose condition holds, and its action."""
    pin, found, desired, connections = given
    pins = {} if pin is None else {"primary": pin}

    judgement = judged(believed({"primary": beliefs(*found)}, pins, connections), desired)

    assert judgement.verdict is expected[0]
    assert judgement.action.startswith(expected[1])
    assert bool(judgement.action) == (judgement.verdict is not V.OK)


@pytest.mark.parametrize(("mode", "said"), [("pinned", True), ("auto", False), ("full", False)])
def test_a_light_mode_says_that_no_middlebox_was_looked_for(mode: str, said: bool) -> None:
    """Before a firewall rule is asked for, what tries no canary sends to the scan that does."""
    found = believed({"primary": beliefs(OPEN, CLOSED, OPEN)}, {"primary": 2147}, [UP])
    judgement = judged(replace(found, mode=mode), 443)
    assert judgement.verdict is V.DRIFT_BLOCKED
    assert ("looks for no middlebox: fleetcheck scan first" in judgement.action) is said


def two(first: ViewState, second: ViewState, *pins: int) -> Reading:
    """Make a host whose views are in these states."""
    values = [dword("PrimaryTunnelPort", pin) for pin in pins]
    return reading([view(64, *values[:1], state=first), view(32, *values[-1:], state=second)])


HOST_CELLS = {
    "denied": (two(ViewState.DENIED, ViewState.ABSENT), V.UNREADABLE, "does the account have the right"),
    "failed": (two(ViewState.ABSENT, ViewState.FAILED), V.UNREADABLE, "does the account have the right"),
    "not looked at": (reading(), V.UNREADABLE, "does the account have the right"),
    "absent": (two(ViewState.ABSENT, ViewState.ABSENT), V.NO_AGENT, "was the agent removed?"),
    "split": (two(ViewState.PRESENT, ViewState.PRESENT, 2147, 443), V.SPLIT, "find the registry view"),
    "equal": (
        two(ViewState.PRESENT, ViewState.PRESENT, 2147, 2147),
        V.UNTESTED,
        "name the gateway's address",
    ),
    "one denied": (two(ViewState.PRESENT, ViewState.DENIED, 2147), V.UNTESTED, "name the gateway's address"),
}


@pytest.mark.parametrize(("found", "verdict", "action"), HOST_CELLS.values(), ids=HOST_CELLS)
def test_each_cell_of_the_host_table(found: Reading, verdict: Verdict, action: str) -> None:
    """A host whose key is denied, absent or split is judged as a whole; all others role by role."""
    judgement = judged(found)

    assert judgement.verdict is verdict
    assert judgement.action.startswith(action)
    assert bool(judgement.roles) == (verdict is V.UNTESTED)


def test_a_host_that_could_not_be_probed_is_unknown() -> None:
    """A failure is no reading: the verdict is unknown,
    with what was seen as evidence and the advice as action.
    """
    judgement = judge_outcome(failed("no-answer"), profile=profile(), desired={}, gateways=GATEWAYS)

    assert judgement == Judgement(
        verdict=V.UNKNOWN, evidence=("connect: no-answer: no answer",), action="look at the firewall"
    )


DISCONNECTED_NEEDS = {
    "all of it": (True, "permanent", V.DISCONNECTED),
    "a permanent tunnel": (True, "on-demand", V.OK),
    "connections read to the end": (False, "permanent", V.OK),
}


@pytest.mark.parametrize(("read", "kind", "verdict"), DISCONNECTED_NEEDS.values(), ids=DISCONNECTED_NEEDS)
def test_disconnected_needs(read: bool, kind: str, verdict: Verdict) -> None:
    """Without a tunnel a host is disconnected only where the tunnel is permanent and the table was read to
    its end.
    """
    found = believed({"primary": beliefs(OPEN, OPEN, OPEN)}, {"primary": 2147}, connections_complete=read)

    assert judged(found, tunnel=kind).verdict is verdict


def test_disconnected_needs_every_gateway_known() -> None:
    """A tunnel could be up to the gateway whose address nobody knows."""
    found = believed({"primary": beliefs(OPEN, OPEN, OPEN)}, {"primary": 2147, "backup": 2147})

    roles = judged(found, None, "primary", "backup").roles

    assert [role.verdict for role in roles] == [V.OK, V.UNTESTED]


def test_a_tunnel_of_one_role_keeps_the_other_from_disconnected() -> None:
    """Disconnected means that no tunnel is up at all."""
    both = {"primary": beliefs(OPEN, OPEN, OPEN), "backup": beliefs(OPEN, OPEN, OPEN)}

    judgement = judged(believed(both, {"primary": 2147, "backup": 2147}, [UP]), None, "primary", "backup")

    assert judgement.verdict is V.OK
    assert judgement.any_live


@pytest.mark.parametrize(
    ("primary", "backup", "label", "action"),
    [
        ((OPEN, CLOSED, CLOSED), (CLOSED, CLOSED, CLOSED), "cut-off (backup)", "ask for a firewall rule"),
        ((CLOSED, OPEN, OPEN), (CLOSED, CLOSED, CLOSED), "cut-off (backup)", "ask for a firewall rule"),
        ((CLOSED, OPEN, OPEN), (OPEN, OPEN, OPEN), "blocked (primary)", "re-pin it to a port that connects"),
        ((CLOSED, CLOSED, CLOSED), (CLOSED, CLOSED, CLOSED), "cut-off", "ask for a firewall rule"),
        ((OPEN, OPEN, OPEN), (OPEN, CLOSED, OPEN), "ok", ""),
    ],
)
def test_the_host_gets_its_worst_role_s_verdict(
    primary: tuple[Belief, Belief, Belief], backup: tuple[Belief, Belief, Belief], label: str, action: str
) -> None:
    """The worse role decides, and is named where the roles differ."""
    found = believed(
        {"primary": beliefs(*primary), "backup": beliefs(*backup)}, {"primary": 2147, "backup": 2147}, [UP]
    )

    judgement = judged(found, None, "primary", "backup")

    assert judgement.label == label
    assert judgement.action.startswith(action)


def test_severity_is_the_order_that_was_agreed() -> None:
    """The worst comes first wherever hosts are sorted."""
    words = (
        "cut-off blocked disconnected suspect split bad-pin unreadable untested drift-blocked drifted "
        "stale no-agent unknown ok"
    )
    assert [
        str(verdict) for verdict in sorted(Verdict, key=lambda verdict: verdict.severity)
    ] == words.split()


def test_a_profile_without_roles_is_never_fine() -> None:
    """Where nothing can be judged, nothing is called ok."""
    nothing = judge(
        two(ViewState.PRESENT, ViewState.ABSENT, 2147), profile=profile(roles=()), desired={}, gateways={}
    )

    assert (nothing.verdict, nothing.role) == (V.UNTESTED, None)


def test_untested_says_which_name_does_not_resolve() -> None:
    """A gateway whose name the host cannot resolve is named in the action."""
    nameless = Target(role="primary", source=Source.INVENTORY, name="lvig.example", decides=True)
    found = reading([view(64, dword("PrimaryTunnelPort", 2147))], targets=[nameless])

    assert judged(found).action.startswith("the host cannot resolve the gateway's name lvig.example")


@pytest.mark.parametrize("found", [(UNTRIED, OPEN, OPEN), (CLOSED, UNTRIED, CLOSED)])
def test_a_probe_that_its_deadline_cut_asks_for_a_longer_timeout(
    found: tuple[Belief, Belief, Belief],
) -> None:
    """Where the deadline kept ports from being tried, the action says so."""
    cut = believed({"primary": beliefs(*found)}, {"primary": 2147}, deadline_hit=True)

    assert judged(cut).action.endswith("with a longer `timeout:`, the deadline cut the probe short")


def test_the_views_agree_on_a_pin_of_another_role() -> None:
    """Views that differ in a value of a role that the profile does not name are not split."""
    values: Mapping[str, list[Value]] = {
        "64": [dword("PrimaryTunnelPort", 2147), dword("BackupTunnelPort", 443)],
        "32": [dword("PrimaryTunnelPort", 2147), Value(name="BackupTunnelPort", kind=Kind.SZ, data="443")],
    }
    found = reading([view(64, *values["64"]), view(32, *values["32"])])

    assert judged(found).verdict is V.UNTESTED
    assert judged(found, None, "primary", "backup").verdict is V.SPLIT


def test_a_host_that_is_cut_off_twice_is_told_both_rules() -> None:
    """Each gateway has a rule of its own, and a host that gets one of two is still cut off."""
    shut = beliefs(CLOSED, CLOSED, CLOSED)
    found = believed({"primary": shut, "backup": shut}, {"primary": 2147, "backup": 443})
    action = judged(found, None, "primary", "backup").action
    assert "to primary.example, TCP 2147, permit" in action
    assert "to backup.example, TCP 443, permit" in action


def test_two_roles_with_the_same_advice_are_told_it_once() -> None:
    """What is the same for both gateways stands once."""
    elsewhere = beliefs(CLOSED, OPEN, CLOSED)
    found = believed({"primary": elsewhere, "backup": elsewhere}, {"primary": 2147, "backup": 2147})
    assert judged(found, 443, "primary", "backup").action.count("fleetcheck repin plan") == 1


def test_ports_that_are_all_refused_are_no_matter_of_a_firewall() -> None:
    """Who refuses has answered: the gateway's address is wrong,
    or its service is dead. One time-out and it is a rule.
    """

    def action(*results: Result) -> str:
        at = target("primary")
        attempts = [attempt(at, port, result) for port, result in zip(PORTS, results, strict=True)]
        small = profile("primary")
        found = reading([view(64, dword("PrimaryTunnelPort", 2147))], targets=[at], attempts=attempts)
        return judge(found, profile=small, desired={}, gateways=GATEWAYS).action

    refused = action(Result.REFUSED, Result.REFUSED, Result.REFUSED)
    assert "203.0.113.10 the primary gateway's address" in refused
    assert "ask for a firewall rule" not in refused
    assert action(Result.REFUSED, Result.TIMED_OUT, Result.REFUSED).startswith("ask for a firewall rule")
