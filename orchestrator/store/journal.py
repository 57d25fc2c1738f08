"""The journal of a re-pin: what is to be written is in it, on the disk, before the first byte leaves.

Every call commits alone (synchronous=FULL) together with its entry in the audit, and returns once both are on the disk.
So what a caller has awaited survives a crash; what it has not may be there or not, and `repin resume` reads the host.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, bindparam, insert, select, update

from orchestrator.domain.journal import UNRESOLVED, State, move
from orchestrator.domain.operation import AuditEntry, Operation, RunRecord, RunState
from orchestrator.domain.plan import Plan
from orchestrator.store import audits
from orchestrator.store import journal_tables as tables
from orchestrator.store import operations as rows
from orchestrator.store.errors import InFlightError, OtherPlanError, RunTakenError
from orchestrator.store.writer import Writer

T = TypeVar("T")

THIS_PROCESS = uuid.uuid4().hex
"""Tells this process from every other that may go on with a run of ours."""

_NEW_RUN = insert(tables.run)
_NEW_OPERATION = insert(tables.operation)
_CONTROLLER = select(tables.run.c.controller).where(tables.run.c.id == bindparam("wanted"))
_BLOCKING = tuple(state.value for state in State if state in UNRESOLVED and state is not State.CONFIRMED)
_IN_FLIGHT = (
    select(tables.operation.c.id, tables.operation.c.run_id, tables.operation.c.state)
    .where(tables.operation.c.host == bindparam("wanted"), tables.operation.c.state.in_(_BLOCKING))
    .limit(1)
)


class Journal:
    """Writes the journal through a writer, in the writer's event loop.

    Every method raises StoreError where the database gives trouble: then nothing was stored, and nothing may be written
    to a host. IllegalMoveError, ValueError and UnknownRunError are the caller's mistakes. A run belongs to the process
    that began it or resumed it last: another one's call raises RunTakenError, so a controller that comes back from a
    pause cannot write beside the one that took over.
    """

    def __init__(
        self,
        writer: Writer,
        *,
        controller: str = THIS_PROCESS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Write as the process that `controller` names; who acts (for the audit) is the writer's user."""
        self._writer = writer
        self._controller = controller
        self._now = now

    async def begin_run(self, record: RunRecord, plan: Plan) -> RunRecord:
        """Store a run and its plan, and return it with its id. One that has an id is taken over: it is running again.

        Raises OtherPlanError where another content is stored under the plan's id, UnknownRunError for an id unknown.
        """
        if record.id is not None:
            run_id = record.id
            return await self._alone(lambda into: self._take_over(into, run_id))

        def work(into: Connection) -> RunRecord:
            digest = _keep(into, plan, self._writer.place.shown)
            begun = replace(
                record, id=_key(into.execute(_NEW_RUN, rows.run_columns(record, self._controller)))
            )
            details = {"plan": plan.id, "digest": digest, "hosts": record.hosts, "command": record.command}
            told = {"options": record.options, "version": record.version}
            self._tell_run(into, begun, "run begun", record.started, details | told)
            return begun

        return await self._alone(work)

    async def end_run(self, run: int, state: RunState, reason: str, ended: datetime) -> None:
        """Say how a run ended, and why it stopped ("" where it did not)."""

        def work(into: Connection) -> None:
            found = rows.load_run(into, run, self._writer.place)
            self._own(into, run)
            values = {"state": state.value, "ended": ended, "reason": reason}
            into.execute(update(tables.run).where(tables.run.c.id == run).values(values))
            self._tell_run(into, found, "run ended", ended, {"state": state.value, "reason": reason})

        await self._alone(work)

    async def open(self, row: Operation) -> Operation:
        """Make a host's row, in one of the states that `journal.MOVES[None]` names, and return it with its id.

        `row` has no id yet; its `started` becomes its `changed`. Raises IllegalMoveError for a state that no row begins
        with, and for INTENT InFlightError where an earlier row of the host, of whatever run, is still intent, sent or
        unknown: that one has to be read first.
        """
        return (await self._alone(lambda into: self._open(into, [row])))[0]

    async def open_all(self, opened: Sequence[Operation]) -> tuple[Operation, ...]:
        """Make many rows in one transaction, all or none: hosts never begun when a run ends, for one.

        Raises as `open`, and ValueError for INTENT: that row belongs to one write, and is committed alone.
        """
        if any(each.state is State.INTENT for each in opened):
            raise ValueError("an intent is committed alone, before its write")
        return await self._alone(lambda into: self._open(into, opened))

    async def hand_out(self, plan: Plan, *, time: datetime, detail: str = "") -> tuple[Operation, ...]:
        """Store a plan and that it was given away as a stand-alone script: one row a host, HANDED_OUT.

        The rows belong to no run; their deadline is the plan's expiry, after which the script writes nothing.
        """

        def work(into: Connection) -> tuple[Operation, ...]:
            _keep(into, plan, self._writer.place.shown)
            return self._open(into, wanted)

        one = Operation(
            id=None,
            run=None,
            plan=plan.id,
            host="",
            state=State.HANDED_OUT,
            changed=time,
            detail=detail,
            deadline=plan.expires,
        )
        wanted = [replace(one, host=each.host) for each in plan.hosts]
        return await self._alone(work)

    async def move(
        self,
        operation: Operation,
        state: State,
        *,
        changed: datetime,
        detail: str | None = None,
        before: str | None = None,
        after: str | None = None,
        deadline: datetime | None = None,
    ) -> Operation:
        """Move a row to its next state and return it as it now is; what is None stays as it was.

        The move starts from the state that the database has, whatever `operation` says. Raises IllegalMoveError for a move
        that `journal.MOVES` does not have: then the row is as it was.
        """
        given = {"detail": detail, "before": before, "after": after, "deadline": deadline}
        values = {name: value for name, value in given.items() if value is not None}

        def work(into: Connection) -> Operation:
            found = rows.load_operation(into, operation.id, self._writer.place)
            self._own(into, found.run)
            changes: dict[str, Any] = values | {"state": move(found.state, state), "changed": changed}
            moved = replace(found, **changes)
            into.execute(rows.CHANGE, rows.operation_change(moved))
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

    async def operations(self, run: int) -> Sequence[Operation]:
        """Read a run's rows, in the order in which they were made. Raises UnknownRunError."""

        def work(into: Connection) -> list[Operation]:
            rows.load_run(into, run, self._writer.place)
            query = rows.operations().where(tables.operation.c.run_id == run)
            return [rows.operation_of(row) for row in into.execute(query)]

        return await self._alone(work)

    async def handed_out(self, hosts: Iterable[str]) -> Mapping[str, Operation]:
        """Say which of these hosts were given away in a stand-alone script whose answer has not come in yet.

        The newest row of each; its `deadline` is when that script stops writing.
        """
        names = frozenset(hosts)

        def work(into: Connection) -> dict[str, Operation]:
            query = rows.operations().where(tables.operation.c.state == State.HANDED_OUT.value)
            found = (rows.operation_of(row) for row in into.execute(query))
            return {each.host: each for each in found if each.host in names}

        return await self._alone(work)

    async def let_go(self) -> None:
        """Give the database's lock back, for a pause: until `take_again` every other call raises WriterClosedError."""
        await asyncio.to_thread(self._writer.close)

    async def take_again(self) -> None:
        """Take the lock again after a pause. Raises LockTakenError after half a minute, and as `Writer.open`."""
        await asyncio.to_thread(self._writer.reopen)

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
        opened = replace(made, id=_key(into.execute(_NEW_OPERATION, rows.operation_columns(made))))
        audits.append_operation(into, self._writer.user, None, opened)
        return opened

    def _take_over(self, into: Connection, run_id: int) -> RunRecord:
        found = rows.load_run(into, run_id, self._writer.place)
        values = {
            "state": RunState.RUNNING.value,
            "ended": None,
            "reason": "",
            "controller": self._controller,
        }
        into.execute(update(tables.run).where(tables.run.c.id == run_id).values(values))
        details = {"was": found.state.value, "reason": found.reason}
        self._tell_run(into, found, "run resumed", self._now(), details)
        return replace(found, state=RunState.RUNNING, ended=None, reason="")

    def _own(self, into: Connection, run_id: int | None) -> None:
        """Refuse to write rows of a run that another process has taken over. A row without a run is nobody's."""
        if run_id is None:
            return
        owner = into.execute(_CONTROLLER, {"wanted": run_id}).scalar()
        if owner is None:
            rows.load_run(into, run_id, self._writer.place)  # raises UnknownRunError
        if owner != self._controller:
            raise RunTakenError(run_id)

    def _tell_run(
        self, into: Connection, record: RunRecord, what: str, time: datetime, details: dict[str, Any]
    ) -> None:
        who = self._writer.user
        audits.append(into, who=who, what=what, subject=f"run {record.id}", details=details, time=time)


def _keep(into: Connection, plan: Plan, shown: str) -> str:
    """Store a plan where it is not there yet; return its digest."""
    wanted = rows.plan_columns(plan)
    query = select(tables.plan.c.digest).where(tables.plan.c.id == plan.id)
    stored = into.execute(query).scalar()
    if stored is None:
        into.execute(insert(tables.plan).values(wanted))
    elif stored != wanted["digest"]:
        raise OtherPlanError(shown, plan.id)
    return str(wanted["digest"])


def _refuse_in_flight(into: Connection, host: str) -> None:
    found = into.execute(_IN_FLIGHT, {"wanted": host}).first()
    if found is not None:
        raise InFlightError(host, found.id, found.run_id, found.state)


def _key(made: CursorResult[Any]) -> int:
    key = made.inserted_primary_key
    assert key is not None  # noqa: S101 -- an insert of one row has one
    return int(key[0])
