"""The journal of a re-pin: what is to be written is in it, on the disk, before the first byte leaves.

Every call commits alone (synchronous=FULL) together with its entry in the audit, and returns once both are on the disk.
So what a caller has awaited survives a crash; what it has not may be there or not, and `repin resume` reads the host.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, insert, select, update

from orchestrator.domain.journal import UNRESOLVED, State, move
from orchestrator.domain.operation import AuditEntry, Operation, RunRecord, RunState
from orchestrator.domain.plan import Plan
from orchestrator.store import audits
from orchestrator.store import operations as rows
from orchestrator.store.errors import InFlightError, OtherPlanError, RunTakenError
from orchestrator.store.journal_tables import operation, plan, run
from orchestrator.store.writer import Writer

T = TypeVar("T")

THIS_PROCESS = uuid.uuid4().hex
"""Tells this process from every other that may go on with a run of ours."""

_BLOCKING = tuple(state.value for state in State if state in UNRESOLVED and state is not State.CONFIRMED)


class Journal:
    """Writes the journal through a writer. Belongs to the writer's event loop; a new writer takes a new journal.

    Every method raises StoreError where the database gives trouble: then nothing was stored, and nothing may be written
    to a host. IllegalMoveError, ValueError and UnknownRunError are the caller's mistakes. A run belongs to the process
    that began it or resumed it last: another one's call raises RunTakenError, so a controller that comes back from a
    pause cannot write beside the one that took over.
    """

    def __init__(self, writer: Writer, *, controller: str = THIS_PROCESS) -> None:
        """Write as the process that `controller` names; who acts (for the audit) is the writer's user."""
        self._writer = writer
        self._controller = controller

    async def begin_run(self, record: RunRecord, planned: Plan) -> RunRecord:
        """Store a run and its plan, and return it with its id; `record.id` is not looked at.

        Raises OtherPlanError where another content is stored under the plan's id.
        """

        def work(into: Connection) -> RunRecord:
            digest = _keep(into, planned, self._writer.place.shown)
            made = into.execute(insert(run).values(rows.run_columns(record, self._controller)))
            begun = replace(record, id=_key(made))
            details = {"plan": planned.id, "hosts": record.hosts, "command": record.command}
            told = {"options": record.options, "version": record.version, "digest": digest}
            self._tell_run(into, begun, "run begun", record.started, details | told)
            return begun

        return await self._alone(work)

    async def resume_run(self, run_id: int, *, time: datetime) -> RunRecord:
        """Take a run over, whatever its state, and return it as it now is: running. Raises UnknownRunError."""

        def work(into: Connection) -> RunRecord:
            found = rows.load_run(into, run_id, self._writer.place)
            values = {"state": RunState.RUNNING.value, "ended": None, "reason": ""}
            owned = values | {"controller": self._controller}
            into.execute(update(run).where(run.c.id == run_id).values(owned))
            details = {"was": found.state.value, "reason": found.reason}
            self._tell_run(into, found, "run resumed", time, details)
            return replace(found, state=RunState.RUNNING, ended=None, reason="")

        return await self._alone(work)

    async def end_run(self, run_id: int, state: RunState, *, reason: str, ended: datetime) -> RunRecord:
        """Say how a run ended, and why it stopped ("" where it did not), and return it so."""

        def work(into: Connection) -> RunRecord:
            found = rows.load_run(into, run_id, self._writer.place)
            self._own(into, run_id)
            values = {"state": state.value, "ended": ended, "reason": reason}
            into.execute(update(run).where(run.c.id == run_id).values(values))
            self._tell_run(into, found, "run ended", ended, {"state": state.value, "reason": reason})
            return replace(found, state=state, ended=ended, reason=reason)

        return await self._alone(work)

    async def open(self, wanted: Operation) -> Operation:
        """Make a host's row, in one of the states that `journal.MOVES[None]` names, and return it with its id.

        `wanted` has no id yet; `started` becomes `changed`. Raises IllegalMoveError for a state that no row begins
        with, and for INTENT InFlightError where an earlier row of the host, of whatever run, is still intent, sent or
        unknown: that one has to be read first.
        """
        return (await self._alone(lambda into: self._open(into, [wanted])))[0]

    async def open_all(self, wanted: Sequence[Operation]) -> tuple[Operation, ...]:
        """Make many rows in one transaction, all or none: hosts never begun when a run ends, for one.

        Raises as `open`, and ValueError for INTENT: that row belongs to one write, and is committed alone.
        """
        if any(each.state is State.INTENT for each in wanted):
            raise ValueError("an intent is committed alone, before its write")
        return await self._alone(lambda into: self._open(into, wanted))

    async def hand_out(self, planned: Plan, *, time: datetime, detail: str = "") -> tuple[Operation, ...]:
        """Store a plan and that it was given away as a stand-alone script: one row a host, HANDED_OUT.

        The rows belong to no run; their deadline is the plan's expiry, after which the script writes nothing.
        """

        def work(into: Connection) -> tuple[Operation, ...]:
            _keep(into, planned, self._writer.place.shown)
            return self._open(into, wanted)

        one = Operation(
            id=None,
            run=None,
            plan=planned.id,
            host="",
            state=State.HANDED_OUT,
            changed=time,
            detail=detail,
            deadline=planned.expires,
        )
        wanted = [replace(one, host=each.host) for each in planned.hosts]
        return await self._alone(work)

    async def move(
        self,
        opened: Operation,
        state: State,
        *,
        changed: datetime,
        detail: str | None = None,
        before: str | None = None,
        after: str | None = None,
        deadline: datetime | None = None,
    ) -> Operation:
        """Move a row to its next state and return it as it now is; what is None stays as it was.

        The move starts from the state that the database has, whatever `opened` says. Raises IllegalMoveError for a move
        that `journal.MOVES` does not have: then the row is as it was.
        """
        given = {"detail": detail, "before": before, "after": after, "deadline": deadline}
        values = {name: value for name, value in given.items() if value is not None}

        def work(into: Connection) -> Operation:
            found = rows.load_operation(into, opened.id, self._writer.place)
            self._own(into, found.run)
            changes: dict[str, Any] = values | {"state": move(found.state, state), "changed": changed}
            moved = replace(found, **changes)
            into.execute(
                update(operation).where(operation.c.id == found.id).values(rows.operation_columns(moved))
            )
            audits.append_operation(into, self._writer.user, found.state.value, moved)
            return moved

        return await self._alone(work)

    async def audit(
        self, who: str, what: str, subject: str, details: Mapping[str, Any], time: datetime
    ) -> AuditEntry:
        """Add an entry to the audit that belongs to no row of the journal. `details` are JSON values."""
        if what == audits.OPERATION:
            raise ValueError(f"{what!r} is the audit's word for the journal's own rows")
        told = {**details}
        return await self._alone(
            lambda into: audits.append(into, who=who, what=what, subject=subject, details=told, time=time)
        )

    # What follows runs in the writer's thread, inside its transaction.

    async def _alone(self, work: Callable[[Connection], T]) -> T:
        return await self._writer.alone(lambda into: work(into.connection))

    def _open(self, into: Connection, wanted: Sequence[Operation]) -> tuple[Operation, ...]:
        for run_id in {each.run for each in wanted}:
            self._own(into, run_id)
        return tuple(self._open_one(into, each) for each in wanted)

    def _open_one(self, into: Connection, wanted: Operation) -> Operation:
        move(None, wanted.state)
        if wanted.state is State.INTENT:
            _refuse_in_flight(into, wanted.host)
        made = replace(wanted, started=wanted.changed)
        opened = replace(made, id=_key(into.execute(insert(operation).values(rows.operation_columns(made)))))
        audits.append_operation(into, self._writer.user, None, opened)
        return opened

    def _own(self, into: Connection, run_id: int | None) -> None:
        """Refuse to write rows of a run that another process has taken over. A row without a run is nobody's."""
        if run_id is None:
            return
        owner = into.execute(select(run.c.controller).where(run.c.id == run_id)).scalar()
        if owner is None:
            rows.load_run(into, run_id, self._writer.place)  # raises UnknownRunError
        if owner != self._controller:
            raise RunTakenError(run_id)

    def _tell_run(
        self, into: Connection, record: RunRecord, what: str, time: datetime, details: dict[str, Any]
    ) -> None:
        who = self._writer.user
        audits.append(into, who=who, what=what, subject=f"run {record.id}", details=details, time=time)


def _keep(into: Connection, planned: Plan, shown: str) -> str:
    """Store a plan where it is not there yet; return its digest."""
    wanted = rows.plan_columns(planned)
    stored = into.execute(select(plan.c.digest).where(plan.c.id == planned.id)).scalar()
    if stored is None:
        into.execute(insert(plan).values(wanted))
    elif stored != wanted["digest"]:
        raise OtherPlanError(shown, planned.id)
    return str(wanted["digest"])


def _refuse_in_flight(into: Connection, host: str) -> None:
    query = select(operation.c.id, operation.c.run_id, operation.c.state)
    found = into.execute(
        query.where(operation.c.host == host, operation.c.state.in_(_BLOCKING)).limit(1)
    ).first()
    if found is not None:
        raise InFlightError(host, found.id, found.run_id, found.state)


def _key(made: CursorResult[Any]) -> int:
    key = made.inserted_primary_key
    assert key is not None  # noqa: S101 -- an insert of one row has one
    return int(key[0])
