"""From a run's journal to the plan that takes its writes back: only what this run wrote, exactly as it was before."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from inventory.model import Fleet
from orchestrator.domain.digest import host_digest
from orchestrator.domain.journal import UNRESOLVED, WROTE, State
from orchestrator.domain.operation import Operation, RunRecord
from orchestrator.domain.plan import LeftOut, Plan, PlannedHost, RoleChange


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
    force_closed: str | None = None,
) -> Plan:
    """Plan the way back of a run; `plan` is the run's, `operations` are all its rows. Pure; never raises for a host.

    Hosts whose row says that this run wrote are planned, the others left out with a reason. `force_closed` as in
    `Plan`: a reason to go back to ports that are closed now.
    """
    rows = last_rows(operations)
    hosts: list[PlannedHost] = []
    left: list[LeftOut] = []
    for planned in plan.hosts:
        reason = _against(run, rows.get(planned.host), planned, fleet)
        if reason is None:
            why = f"undo of run {run.id}: {_words(planned)}"
            facts = host_digest(fleet.hosts[planned.host])
            hosts.append(replace(reversed_change(planned), facts=facts, why=why, risks=()))
        else:
            left.append(LeftOut(host=planned.host, reason=reason))
    return Plan(
        id=ticket.id,
        created=ticket.created,
        expires=ticket.expires,
        policy="undo",
        selection=plan.selection,
        inventory=str(fleet.path),
        inventory_digest=fleet.digest,
        script=ticket.script,
        version=ticket.version,
        user=ticket.user,
        hosts=tuple(hosts),
        left_out=tuple(left),
        force_closed=force_closed,
        undoes=str(run.id),
    )


def last_rows(operations: Iterable[Operation]) -> dict[str, Operation]:
    """Give each host's last row of its own, in the order given; rows that took another row of the run back are not."""
    every = list(operations)
    ids = {row.id for row in every}
    return {row.host: row for row in every if row.undoes is None or row.undoes not in ids}


def reversed_change(change: PlannedHost) -> PlannedHost:
    """Swap old and new: what takes a change back, to the exact data and kind that were there."""
    return replace(
        change,
        roles=tuple(RoleChange(role=each.role, old=each.new, new=each.old) for each in change.roles),
        targets=tuple(replace(each, expected=each.new, new=each.expected) for each in change.targets),
    )


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


def _words(planned: PlannedHost) -> str:
    return "; ".join(
        f"{each.role} {each.new} -> {each.old}" for each in planned.roles if each.old != each.new
    )
