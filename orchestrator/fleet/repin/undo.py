"""Plan from a run's journal how to take its writes back: only what it wrote, exactly as it was before."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from inventory.model import Fleet, Host
from orchestrator.domain.primitives.digest import host_facts
from orchestrator.domain.repin.decision import moved_back
from orchestrator.domain.repin.journal import UNRESOLVED, WROTE, State
from orchestrator.domain.repin.operation import Operation, RunRecord, last_rows
from orchestrator.domain.repin.plan import LeftOut, Plan, PlannedHost, RoleChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a new plan says of itself: its id, its time, who makes it and with what."""

    id: str
    created: datetime
    expires: datetime
    user: str
    version: str
    script: str  # SHA-256 (hex) of the write script


def undo_plan(
    run: RunRecord,
    plan: Plan,
    operations: Iterable[Operation],
    fleet: Fleet,
    *,
    ticket: Ticket,
    undone: Iterable[Operation] = (),
    force_closed: str | None = None,
    credential: str | None = None,
) -> Plan:
    """Plan the way back of a run, from its plan and all its rows (`operations`). Never raise for a host.

    Hosts whose row says that this run wrote are planned, the others left out with a reason. `undone` are the
    rows, of whatever run, that take back rows of this one: what one of them has taken back is left out too.
    `force_closed` and `credential` as in `Plan`: a reason to go back to ports that are closed now, and who is
    to write.
    """
    rows = last_rows(operations)
    backs = _by_undone(undone)
    hosts: list[PlannedHost] = []
    left: list[LeftOut] = []
    for planned in plan.hosts:
        row = rows.get(planned.host)
        reason = _against(run, row, planned, fleet) or _taken_back(row, backs)
        if reason is None:
            why = f"undo of run {run.id}: {_words(planned)}"
            facts = host_facts(fleet.hosts[planned.host])
            back = reversed_change(planned)
            risks = tuple(_risks(fleet.hosts[planned.host], back))
            hosts.append(replace(back, facts=facts, why=why, risks=risks, verdict=None))
        else:
            left.append(LeftOut(host=planned.host, reason=reason))
    return Plan(
        id=ticket.id,
        created=ticket.created,
        expires=ticket.expires,
        policy="undo",
        selection=plan.selection,
        inventory=fleet.named,
        inventory_digest=fleet.digest,
        script=ticket.script,
        version=ticket.version,
        user=ticket.user,
        hosts=tuple(hosts),
        left_out=tuple(left),
        force_closed=force_closed,
        undoes=str(run.id),
        credential=credential,
    )


def _risks(host: Host, back: PlannedHost) -> Iterator[str]:
    for change in back.roles:
        wanted = host.desired.get(change.role)
        if wanted is not None and change.new not in (wanted, change.old):
            yield moved_back(change.role, wanted)


def reversed_change(change: PlannedHost) -> PlannedHost:
    """Swap old and new: what takes a change back, to the exact data and kind that were there."""
    return replace(
        change,
        roles=tuple(RoleChange(role=each.role, old=each.new, new=each.old) for each in change.roles),
        targets=tuple(replace(each, expected=each.new, new=each.expected) for each in change.targets),
    )


def takes_back(plan: Plan, original: Plan, operations: Iterable[Operation]) -> bool:
    """Whether a plan writes nothing but what puts back, host by host, what a run of `original` wrote.

    `operations`: that run's rows. A plan can say of itself that it is an undo; this is what makes it one.
    """
    rows = last_rows(operations)
    backs = {planned.host: reversed_change(planned) for planned in original.hosts}
    return all(
        planned.host in backs
        and planned.host in rows
        and rows[planned.host].state in WROTE
        and _written(planned) == _written(backs[planned.host])
        for planned in plan.hosts
    )


def _written(planned: PlannedHost) -> tuple[object, ...]:
    return planned.computer, planned.machine_id, planned.key, planned.roles, planned.targets


def _against(run: RunRecord, row: Operation | None, planned: PlannedHost, fleet: Fleet) -> str | None:
    host = fleet.hosts.get(planned.host)
    if row is None:
        return f"run {run.id} never came to it"
    if row.state is State.UNKNOWN or (row.state in UNRESOLVED and row.state not in WROTE):
        return f"nobody knows yet what run {run.id} did there: fleetcheck repin resume {run.id}"
    if row.state is State.MIXED:
        name = shlex.quote(planned.host)
        return (
            f"run {run.id} left some values new and some old there: fleetcheck scan --limit {name}, then "
            f"fleetcheck repin plan --limit {name}"
        )
    if row.state not in WROTE:
        return f"run {run.id} left nothing there to take back: {row.state}"
    if host is None:
        return "not in the inventory any more"
    return "the inventory says `repin: forbid`" if host.repin == "forbid" else None


_WRITTEN_BACK = frozenset({State.VERIFIED, State.NOT_TAKEN_UP})
_BACK = _WRITTEN_BACK | {State.ALREADY}
"""States of rows that wrote the old values and read them again,
or found them there (which no undo can undo).
"""


def _by_undone(rows: Iterable[Operation]) -> dict[int, list[Operation]]:
    found: dict[int, list[Operation]] = {}
    for row in rows:
        if row.undoes is not None:
            found.setdefault(row.undoes, []).append(row)
    return found


def _taken_back(row: Operation | None, backs: Mapping[int, list[Operation]]) -> str | None:
    """Return which run has taken a row back, or may have, in words; None where none has."""
    found = [] if row is None or row.id is None else backs.get(row.id, [])
    latest = found[::-1]
    for back in sorted(latest, key=lambda each: each.state not in _WRITTEN_BACK):
        if back.state in _BACK and back.run is None:
            return "taken back already, by a stand-alone script"
        if back.state is State.ALREADY:
            return f"taken back already: run {back.run} found the old values there"
        if back.state in _BACK:
            return (
                f"taken back already, by run {back.run}; to write it again: fleetcheck repin undo {back.run}"
            )
        if back.state in UNRESOLVED:
            return f"nobody knows yet whether run {back.run} took it back: fleetcheck repin resume {back.run}"
    return None


def _words(planned: PlannedHost) -> str:
    return "; ".join(
        f"{each.role} {each.new} -> {each.old}" for each in planned.roles if each.old != each.new
    )
