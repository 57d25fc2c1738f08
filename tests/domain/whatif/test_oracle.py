"""What is said of 2,000 random fleets against trying everything: readings tried again, every pair of pins,
every set of rules.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from random import Random

import pytest

from inventory.model import Rule
from orchestrator.domain.facts import Facts
from orchestrator.domain.judgement import Belief
from orchestrator.domain.whatif.assumption import Assumptions
from orchestrator.domain.whatif.outlook import HostOutlook, Outlook, look
from orchestrator.domain.whatif.what_if import Step, StepKind, WhatIf, what_if
from tests.domain.whatif.fleets import PORTS, Machine, Spot, assumptions, fleet

FLEETS, PARTS = 2000, 8
Pairs = set[tuple[int, ...]]


def spots(assumed: Assumptions, state: Belief) -> set[Spot]:
    """Return the ports and addresses that are assumed to be so."""
    return {(each.port, each.address) for each in assumed.of(state)}


def beliefs(found: Facts) -> list[Mapping[int, Belief]]:
    """Return what is believed, by role in order."""
    return [role.beliefs for role in found.roles]


def all_open(found: Facts) -> bool:
    """Tell whether every pin is open."""
    return all(role.pin_belief is Belief.OPEN for role in found.roles)


def in_parts(machine: Machine, assumed: Assumptions) -> bool:
    """Tell whether an assumption speaks of some addresses of a gateway and not of others: then less can be
    said.
    """
    closing = spots(assumed, Belief.CLOSED)
    return any(
        len({(port, address) in closing for address in target.addresses}) > 1
        for target in machine.reading.targets
        for port in PORTS
    )


def lasting(
    machine: Machine, before: Facts, after: Facts, enough: Collection[Belief] = (Belief.OPEN,)
) -> Pairs:
    """Try every pair of pins: those that are open before and after, or of which `enough` is believed."""
    one_port = machine.profile.shared_value is not None or machine.profile.rule is Rule.COMMON
    return {
        pins
        for pins in itertools.product(PORTS, repeat=len(before.roles))
        if not (one_port and len(set(pins)) > 1)
        and all(
            found[pin] in enough
            for facts in (before, after)
            for found, pin in zip(beliefs(facts), pins, strict=True)
        )
    }


def true_outlook(machine: Machine, assumed: Assumptions) -> Outlook:
    """Judge by the readings before and after."""
    before = machine.facts()
    after = machine.facts(spots(assumed, Belief.OPEN), spots(assumed, Belief.CLOSED))
    found = []
    for role, then in zip(before.roles, after.roles, strict=True):
        shut = role.pin_belief is Belief.CLOSED
        if then.pin_belief is Belief.OPEN:
            found.append(Outlook.RETURNS if shut else Outlook.KEEPS)
        elif then.pin_belief is not Belief.CLOSED:
            found.append(Outlook.UNSURE)
        elif not shut:
            found.append(Outlook.LOSES)
        else:
            found.append(Outlook.TUNNEL_ONLY if role.live else Outlook.LOST)
    return min(found, key=list(Outlook).index)


def check_outlook(machine: Machine, assumed: Assumptions, found: HostOutlook) -> None:
    """Hold a host's outlook against its readings; where one address of several is assumed of, less may be
    said.
    """
    truth = true_outlook(machine, assumed)
    if in_parts(machine, assumed):
        unsure = any(role.outlook is Outlook.UNSURE for role in found.roles)
        assert found.outlook is truth or unsure
    else:
        assert found.outlook is truth


def step_of(found: WhatIf, host: str, *kinds: StepKind) -> Step | None:
    """Return the step of such a kind that names a host."""
    return next((step for step in found.steps if step.kind in kinds and host in step.hosts), None)


def check_rescue(machine: Machine, assumed: Assumptions, found: WhatIf) -> None:
    """Check that the soonest way out is found wherever there is one, and only there."""
    opened, closed = spots(assumed, Belief.OPEN), spots(assumed, Belief.CLOSED)
    after = machine.facts(opened, closed)
    known = all(role.pin_belief in (Belief.OPEN, Belief.CLOSED) for role in machine.facts().roles)
    free = machine.repin == "allow" and machine.waived is None and known
    now = lasting(machine, machine.facts(), after) if free else set()
    later = lasting(machine, machine.facts(opened), after) if free else set()
    planned = step_of(found, machine.name, StepKind.REPIN)
    permit = step_of(found, machine.name, StepKind.PERMIT)
    waiting = step_of(found, machine.name, StepKind.SCAN_AND_REPIN)
    hope = lasting(machine, machine.facts(opened), after, (Belief.OPEN, Belief.UNTRIED)) if free else set()
    assert (planned is not None) is bool(now)
    assert (step_of(found, machine.name, StepKind.SCAN) is not None) is bool(hope and not (now or later))
    if not now:
        assert (waiting is not None and permit is None) is bool(later)
    if planned is not None:
        assert tuple(planned.pins.values()) in now


def carry_out(machines: list[Machine], assumed: Assumptions, found: WhatIf) -> None:
    """Do what the steps say, in their order, with the real planner; nobody may stand on a closed pin at any
    step.
    """
    by_name = {machine.name: machine for machine in machines}
    for step in found.steps:
        match step.kind:
            case StepKind.PERMIT:
                for name in step.hosts:
                    by_name[name].opened |= {(step.port or 0, address) for address in step.gateway}
            case StepKind.OPEN:
                for machine in machines:
                    machine.opened |= spots(assumed, Belief.OPEN)
            case StepKind.CLOSE:
                for machine in machines:
                    machine.closed |= spots(assumed, Belief.CLOSED)
            case StepKind.REPIN | StepKind.SCAN_AND_REPIN:
                for name in step.hosts:
                    assert by_name[name].planned(step.policy, step.pins) == dict(step.pins)
                    by_name[name].pins = dict(step.pins)
                    assert all_open(by_name[name].facts())


def fewest_rules(machines: Iterable[Machine], assumed: Assumptions, found: WhatIf) -> int:
    """Try every set of rules, small ones first, until each host that a rule helps can have pins that last."""
    helped = {name for step in found.steps if step.kind is StepKind.PERMIT for name in step.hosts}
    needs = [need for each in machines if each.name in helped for need in options(each, assumed)]
    rules = sorted({rule for need in needs for rule in need})
    return next(
        size
        for size in range(len(rules) + 1)
        for chosen in itertools.combinations(rules, size)
        if all(need & set(chosen) for need in needs)
    )


def options(machine: Machine, assumed: Assumptions) -> list[set[tuple[int, tuple[str, ...]]]]:
    """Say for each role that is without a port which rules would give it one: for its pin, or for its desired
    pin.
    """
    opened, closed = spots(assumed, Belief.OPEN), spots(assumed, Belief.CLOSED)
    before, after = machine.facts(opened), machine.facts(opened, closed)
    needs = []
    gateways = [tuple(sorted(target.addresses)) for target in machine.reading.targets]
    for role, then, gateway in zip(before.roles, after.roles, gateways, strict=True):
        if then.pin_belief is Belief.OPEN:
            continue
        if machine.repin == "allow" and any(
            role.beliefs[port] is then.beliefs[port] is Belief.OPEN for port in PORTS
        ):
            continue

        def usable(
            port: int | None,
            then: Mapping[int, Belief] = then.beliefs,
            gateway: tuple[str, ...] = gateway,
        ) -> bool:
            shut = any((port, address) in closed for address in gateway)
            return port is not None and not shut and then[port] is not Belief.INTERCEPTED

        wanted = [role.pin.port, role.desired if machine.repin == "allow" else None]
        ports = [port for port in wanted if usable(port)] or [port for port in PORTS if usable(port)][:1]
        needs.append({(port, gateway) for port in ports if port is not None})
    return needs


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_said_is_what_trying_everything_finds(part: int) -> None:
    """Who loses the tunnel, who can be saved, by which pins, by how few rules, and in which order: as by
    brute force.
    """
    seen: Counter[object] = Counter()
    for number in range(part, FLEETS, PARTS):
        random = Random(number)  # noqa: S311  # made up, and the same ones every time
        machines, assumed = fleet(random), assumptions(random)
        found = what_if([machine.standing() for machine in machines], assumed)
        check_fleet(machines, assumed, found)
        seen.update(found.counts)
        seen.update(step.kind for step in found.steps)
    assert all(seen[each] > 0 for each in (*Outlook, *StepKind))


def check_fleet(machines: list[Machine], assumed: Assumptions, found: WhatIf) -> None:
    """Hold what is said of one fleet against the brute force."""
    threatened = []
    for machine in machines:
        outlook = look(machine.standing(), assumed)
        assert outlook is not None
        check_outlook(machine, assumed, outlook)
        if outlook.outlook.threatened:
            threatened.append(machine)
            if not in_parts(machine, assumed):
                check_rescue(machine, assumed, found)
        else:
            assert step_of(found, machine.name, *StepKind) is None
    if machines[0].profile.rule is not Rule.COMMON and machines[0].profile.shared_value is None:
        rules = sum(step.kind is StepKind.PERMIT for step in found.steps)
        whole = [each for each in threatened if not in_parts(each, assumed)]
        if len(whole) == len(threatened):
            assert rules == fewest_rules(threatened, assumed, found)
    carry_out(machines, assumed, found)
    unsaved = {name for each in found.unsaved for name in each.hosts}
    unsaved |= {name for step in found.steps if step.kind is StepKind.SCAN for name in step.hosts}
    for machine in threatened:
        assert machine.name in unsaved or all_open(machine.facts())
