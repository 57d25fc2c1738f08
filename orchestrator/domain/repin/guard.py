"""May this host be written, by a fresh reading? And what does a reading after the write say? Pure, both."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.domain.beliefs import Beliefs
from orchestrator.domain.judgement import Belief
from orchestrator.domain.pin import find_value, shown
from orchestrator.domain.primitives.digest import canonical_json
from orchestrator.domain.reading import Reading, ViewState
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.plan import PlannedHost, WriteTarget


@dataclass(frozen=True, slots=True)
class Go:
    """The host is as planned: write."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Do not write: the state that the host's row ends in, and why."""

    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a reading after a write shows: the state that the host's row ends in, and why."""

    state: State
    reason: str


class ValueState(enum.StrEnum):
    """What the planned values are, all together."""

    OLD = "old"
    NEW = "new"
    MIXED = "mixed"  # each is old or new, and not all the same
    OTHER = "other"  # at least one is neither: somebody else's, or it is gone, or nobody could look


_SEEN = {
    Belief.CLOSED: "is closed now",
    Belief.INTERCEPTED: "is intercepted now, something else than the gateway answers there",
    Belief.UNTRIED: "could not be tried now",
}


def guard(change: PlannedHost, before: Reading, *, force_closed: bool) -> Go | Refusal:
    """Rule on a fresh reading, in this order: the machine, the values, the new ports."""
    if not is_planned_machine(change, before):
        planned = f"{change.computer} ({change.machine_id})"
        return Refusal(State.WRONG_HOST, f"{machine(before)} answered, planned is {planned}")
    match value_state(change.targets, before):
        case ValueState.NEW:
            return Refusal(State.ALREADY, "every value is as planned: somebody was here before")
        case ValueState.OLD:
            return _ports(change, before, force_closed=force_closed)
        case _:
            return Refusal(
                State.CONFLICT, "changed since the plan: " + "; ".join(differences(change.targets, before))
            )


def _ports(change: PlannedHost, before: Reading, *, force_closed: bool) -> Go | Refusal:
    """Refuse new ports that are not open. `force_closed` lets through what is closed, and that alone.

    A forced port is one that a firewall is going to open. One that something else answers on would look open
    for ever and never carry a tunnel, and of one that was not tried nobody knows: no reason makes these
    right.
    """
    beliefs = Beliefs(before)
    for role in change.roles:
        belief = beliefs.of(
            role.role, role.new, twice=True
        )  # a desired pin to the probe, as it is to the planner
        forced = force_closed and belief is Belief.CLOSED
        if role.new != role.old and belief is not Belief.OPEN and not forced:
            return Refusal(State.REFUSED, f"{role.role} {role.new} {_SEEN[belief]}: not written")
    return Go()


def is_planned_machine(change: PlannedHost, reading: Reading) -> bool:
    """Whether it is the planned machine that was read."""
    identity = reading.identity
    return (identity.machine_id, identity.computer) == (change.machine_id, change.computer)


def machine(reading: Reading) -> str:
    """Say which machine was read."""
    return f"{reading.identity.computer} ({reading.identity.machine_id})"


def value_state(targets: Iterable[WriteTarget], reading: Reading) -> ValueState:
    """Compare the planned values with a reading, kind and data exactly."""
    seen = [(found(target, reading), target) for target in targets]
    if all(value == (target.kind, target.new) for value, target in seen):
        return ValueState.NEW
    if all(value == (target.kind, target.expected) for value, target in seen):
        return ValueState.OLD
    known = all(
        value in ((target.kind, target.new), (target.kind, target.expected)) for value, target in seen
    )
    return ValueState.MIXED if known else ValueState.OTHER


def differences(targets: Iterable[WriteTarget], reading: Reading) -> list[str]:
    """Say for each value that is not as the plan expects what it is instead. Uncleaned."""
    lines = []
    for target in targets:
        value = found(target, reading)
        if value != (target.kind, target.expected):
            now = "missing" if value is None else f"{value[0]} {value[1]!r}"
            lines.append(
                f"{target.value} ({target.view}) is {now}, expected {target.kind} {target.expected!r}"
            )
    return lines


def found(target: WriteTarget, reading: Reading) -> tuple[str, str] | None:
    """Return kind and data of a planned value in a reading; None where it is missing, cut,
    or nobody could look.
    """
    for view in reading.views:
        if view.view == target.view and view.state is ViewState.PRESENT:
            value = find_value(view.values, target.value)
            return None if value is None or value.cut else (str(value.kind), shown(value))
    return None


def held(targets: Iterable[WriteTarget], reading: Reading) -> str:
    """Write what the planned values are, as the journal keeps it: a JSON list of `{"k", "d"}` or null,
    in their order.
    """
    seen = (found(target, reading) for target in targets)
    return canonical_json([None if value is None else {"k": value[0], "d": value[1]} for value in seen])


def are_new(targets: Iterable[WriteTarget], values: str | None) -> bool:
    """Whether values, in the form that `held` writes, are the new ones."""
    return values == canonical_json([{"k": target.kind, "d": target.new} for target in targets])


def conclude(change: PlannedHost, after: Reading) -> Conclusion:
    """Rule on a reading after a write, or after a crash: the read-back decides, not what anybody said."""
    if not is_planned_machine(change, after):
        return Conclusion(State.CONFLICT, f"another machine answers now: {machine(after)}")
    match value_state(change.targets, after):
        case ValueState.NEW:
            return Conclusion(State.VERIFIED, "a fresh session read the new values")
        case ValueState.OLD:
            return Conclusion(State.NOT_WRITTEN, "a fresh session read the old values")
        case ValueState.MIXED:
            return Conclusion(State.MIXED, "; ".join(differences(change.targets, after)))
        case ValueState.OTHER:
            return Conclusion(State.CONFLICT, "; ".join(differences(change.targets, after)))
