"""What becomes of hosts if a firewall changed, and what saves them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Belief, RoleJudgement
from orchestrator.domain.standing import Standing
from orchestrator.domain.whatif.assumption import Assumption, AssumptionError, Assumptions, parse
from orchestrator.domain.whatif.outlook import Outlook
from orchestrator.domain.whatif.what_if import StepKind, WhatIf, what_if
from tests.report.samples import BACKUP, PRIMARY
from tests.report.standings import role, standing, unprobed

CLOSED = Assumptions(parse([f"443@{PRIMARY}"], Belief.CLOSED))


def on_443(*opened: int, tried: tuple[int, ...] | None = None, **changes: object) -> RoleJudgement:
    """Make a primary role that is pinned to 443."""
    asked = {} if tried is None else {"tried": tried}
    made = role(pin=443, desired=None, opened=(443, *opened), **asked)
    return replace(made, **changes)  # type: ignore[arg-type]  # a test names fields that exist


def asked(*hosts: Standing, assumed: Assumptions = CLOSED) -> WhatIf:
    """Ask about these hosts."""
    return what_if(hosts, assumed)


def kinds(found: WhatIf) -> list[str]:
    """Return the steps' kinds, in order."""
    return [step.kind for step in found.steps]


def test_a_host_whose_other_ports_nobody_tried_is_scanned_first() -> None:
    """A scan looks no further than an open pin, so what else is open has to be found out before a rule is
    asked for.
    """
    found = asked(standing("a", on_443(tried=(443,)), role("backup")))
    assert kinds(found) == [StepKind.SCAN, StepKind.CLOSE]
    assert found.unsaved == ()


def test_hosts_on_a_live_tunnel_only_are_saved_first() -> None:
    """A tunnel whose pin is closed already may end at any time: its re-pin comes before those of others,
    however many.
    """
    tunnel = on_443(80, verdict=Verdict.BLOCKED, live=(443,), beliefs={443: Belief.CLOSED, 80: Belief.OPEN})
    hosts = [standing(f"b{n}", on_443(80), role("backup", opened=(2147, 80))) for n in range(3)]
    found = asked(*hosts, standing("z", tunnel, role("backup", opened=(2147, 80))))
    assert [(step.hosts, step.urgent) for step in found.steps if step.hosts] == [
        (("z",), True),
        (("b0", "b1", "b2"), False),
    ]
    assert found.counts[Outlook.TUNNEL_ONLY] == 1


@pytest.mark.parametrize(
    ("desired", "primary", "backup", "policy", "pins"),
    [
        (
            80,
            (80,),
            (2147, 80),
            "desired",
            (80, 2147),
        ),  # the inventory's own word, though both could be on 80
        (None, (80,), (2147, 80), "vendor-order", (80, 80)),
        (None, (80, 25), (443, 80, 25), "prefer:80", (80, 80)),  # the vendor's is 443, which goes
        (None, (80, 25), (443, 25), "prefer:25", (25, 25)),  # the first that lasts for both
        (None, (80,), (2147,), "prefer:80,2147", (80, 2147)),
    ],
)
def test_the_first_policy_that_lasts_is_named(
    desired: int | None, primary: tuple[int, ...], backup: tuple[int, ...], policy: str, pins: tuple[int, int]
) -> None:
    """Desired before the vendor's order, that before one port by name, that before one for each role."""
    other = role("backup", pin=backup[0], desired=backup[0] if desired else None, opened=backup)
    (step, *_) = asked(standing("a", on_443(*primary, desired=desired), other)).steps
    assert (step.kind, step.policy, dict(step.pins)) == (
        StepKind.REPIN,
        policy,
        dict(zip(("primary", "backup"), pins, strict=True)),
    )


def permits(found: WhatIf) -> list[tuple[int | None, tuple[str, ...]]]:
    """Return the rules that are asked for: port and gateway."""
    return [(step.port, tuple(step.gateway)) for step in found.steps if step.kind is StepKind.PERMIT]


@pytest.mark.parametrize(
    ("primary", "port"),
    [
        (on_443(), 2147),
        (on_443(desired=80), 80),
        (on_443(desired=80, beliefs={443: Belief.OPEN, 80: Belief.INTERCEPTED, 25: Belief.CLOSED}), 25),
    ],
)
def test_a_rule_is_asked_for_the_desired_pin_or_else_the_first_listed_port(
    primary: RoleJudgement, port: int
) -> None:
    """Not for the pin that is to close, nor where something else answers in the gateway's place."""
    found = asked(standing("a", primary, role("backup")))
    assert (permits(found), found.unsaved) == ([(port, (PRIMARY,))], ())


def test_where_no_listed_port_is_left_no_rule_is_asked_for() -> None:
    """Its one port is to close: the host stands apart, with the reason."""
    found = asked(standing("a", on_443(beliefs={443: Belief.OPEN}), role("backup")))
    assert (permits(found), [left.reason for left in found.unsaved]) == (
        [],
        ["no listed port is left that a rule could open to every gateway that needs one"],
    )


@pytest.mark.parametrize(
    ("primary", "rules", "reasons"),
    [
        (on_443(), [], ["the inventory says `repin: forbid`, and the pin is the port that closes"]),
        (role(pin=2147, opened=(443,), desired=None), [(2147, (PRIMARY,))], []),
    ],
)
def test_a_host_that_may_not_be_re_pinned_gets_a_rule_for_its_pin_alone(
    primary: RoleJudgement, rules: list[tuple[int, tuple[str, ...]]], reasons: list[str]
) -> None:
    """Where its pin is the port that closes, nothing saves it, and the reason says why."""
    found = asked(standing("a", primary, role("backup"), repin="forbid"))
    assert (permits(found), [left.reason for left in found.unsaved]) == (rules, reasons)


def test_one_address_of_several_leaves_a_host_unsure() -> None:
    """Which address of a gateway answered is not told apart, so closing one of two says nothing
    for certain.
    """
    host = standing(
        "a", on_443(), role("backup"), gateways={"primary": (PRIMARY, "203.0.113.11"), "backup": (BACKUP,)}
    )
    (group,) = asked(host).groups
    assert (group.outlook, "assume something of each" in group.reason) == (Outlook.UNSURE, True)
    both = Assumptions(parse([f"443@{PRIMARY}", "443@203.0.113.11"], Belief.CLOSED))
    assert asked(host, assumed=both).counts[Outlook.LOSES] == 1


def test_a_middlebox_stays_whatever_is_opened() -> None:
    """A rule takes nobody out of the way: a port that something else answers is not open by being
    assumed so.
    """
    host = standing("a", on_443(beliefs={443: Belief.INTERCEPTED}), role("backup"))
    opened = Assumptions(parse([f"443@{PRIMARY}"], Belief.OPEN))
    assert asked(host, assumed=opened).counts[Outlook.UNSURE] == 1


def test_a_waived_host_is_left_to_who_waived_it() -> None:
    """A waiver binds the re-pin, also one that would save the host; the reason says what takes it in."""
    found = asked(standing("a", on_443(2147), role("backup"), waived="change 4711"))
    (left,) = found.unsaved
    assert left.reason == "waived (change 4711): repin plan --include-waived REASON takes it in"


def test_a_host_without_an_agent_has_nothing_at_stake() -> None:
    """Where no agent is, nothing is lost; where nobody looked, nobody can say."""
    bare = unprobed("b")
    absent = replace(bare, cause="", judgement=replace(bare.judgement, verdict=Verdict.NO_AGENT))
    found = asked(absent, unprobed("db7"))
    assert (found.hosts, found.counts[Outlook.UNSURE]) == (1, 1)


def test_an_assumption_about_nobody_is_told() -> None:
    """An address that is no gateway, and a port that nobody has, are named beside the addresses that there
    are.
    """
    odd = Assumptions(parse([f"9@{PRIMARY}", "443@192.0.2.1"], Belief.OPEN))
    found = asked(standing("a"), assumed=odd)
    assert (set(found.unknown), found.gateways) == (set(odd.all), (PRIMARY, BACKUP))


def test_an_ipv6_gateway_is_named_with_or_without_brackets() -> None:
    """An address has one spelling, however it was typed."""
    assert parse(["443@[2001:DB8:0::1]", "443@2001:db8::1"], Belief.OPEN) == (
        Assumption(Belief.OPEN, 443, "2001:db8::1"),
        Assumption(Belief.OPEN, 443, "2001:db8::1"),
    )


@pytest.mark.parametrize(
    "text", ["443", "@203.0.113.10", "0@203.0.113.10", "65536@x", "4_43@x", "443@", "443@a b"]
)
def test_what_is_no_port_at_an_address_is_refused(text: str) -> None:
    """An assumption names a port from 1 to 65535 and an address."""
    with pytest.raises(AssumptionError, match="such as 443@203"):
        parse([text], Belief.CLOSED)
