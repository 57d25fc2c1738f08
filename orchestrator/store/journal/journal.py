"""The journal of a re-pin: what is to be written is in it, on the disk, before the first byte leaves.

Every call commits alone (synchronous=FULL) together with its entry in the audit, and returns once both are on
the disk. So what a caller has awaited survives a crash; what it has not may be there or not, and `repin
resume` reads the host.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from orchestrator.domain.approval.signatures import Approval
from orchestrator.domain.repin.bound import OPERATION
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import AuditEntry, Operation, RunRecord, RunState
from orchestrator.domain.repin.plan import Plan
from orchestrator.store.database import presence
from orchestrator.store.database.presence import Presence
from orchestrator.store.journal import audits, tables
from orchestrator.store.journal import operations as rows
from orchestrator.store.journal.scribe import Scribe
from orchestrator.store.writer import Writer

T = TypeVar("T")

THIS_PROCESS = uuid.uuid4().hex
"""Tells this process from every other that may go on with a run of ours."""


class Journal:
    """Writes the journal through a writer, in the writer's event loop.

    Every method raises StoreError where the database gives trouble: then nothing was stored, and nothing may
    be written to a host. IllegalJournalMoveError, ValueError and UnknownRunError are the caller's mistakes. A
    run belongs to the process that began it or resumed it last: another one's call raises RunTakenError, so a
    controller that comes back from a pause cannot write beside the one that took over.
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
        self._scribe = Scribe(writer.place, writer.user, controller)
        self._presence = Presence(writer.place, writer.owner, controller)
        self._now = now
        self._showing = False

    async def begin_run(self, record: RunRecord, plan: Plan, approvals: Sequence[Approval] = ()) -> RunRecord:
        """Store a run and its plan, and return it with its id. One that has an id is taken over: it is
        running again.

        From now on to `close` whoever asks is told that this process is alive (`JournalReader.alive`).

        A plan is used once, from the commit of its run on. Raises PlanUsedError for one that was applied or
        handed out before, OtherPlanError where another content is stored under its id, UnknownRunError for an
        id unknown.
        """
        self._showing = True
        await self._writer.aside(self._presence.show)
        self._showing = False
        if record.id is None:
            return await self._alone(lambda into: self._scribe.begin(into, record, plan, approvals))
        run_id, now = record.id, self._now()
        taken, before = await self._alone(lambda into: self._scribe.take_over(into, run_id, now))
        if before != self._scribe.controller:
            presence.sweep(self._writer.place, before)
        return taken

    def close(self) -> None:
        """Say that this process has done with its run. Never raises; the writer stays open."""
        if not self._showing:  # who was left in the middle of that may hold on to it for ever
            self._presence.hide()

    async def end_run(self, run: int, state: RunState, reason: str, ended: datetime) -> None:
        """Say how a run ended, and why it stopped ("" where it did not)."""
        await self._alone(lambda into: self._scribe.end(into, run, state, reason, ended))

    async def open(self, row: Operation) -> Operation:
        """Make a host's row, in one of the states that `journal.MOVES[None]` names, and return it with its
        id.

        `row` has no id yet; its `started` becomes its `changed`. Raises IllegalJournalMoveError for a state
        that no row begins with, and for INTENT InFlightError where an earlier row of the host, of whatever
        run, is still intent, sent or unknown: that one has to be read first.
        """
        return (await self._alone(lambda into: self._scribe.open(into, [row])))[0]

    async def open_all(self, opened: Sequence[Operation]) -> tuple[Operation, ...]:
        """Make many rows in one transaction, all or none: hosts never begun when a run ends, for one.

        Raises as `open`, and ValueError for INTENT: that row belongs to one write, and is committed alone.
        """
        if any(each.state is State.INTENT for each in opened):
            raise ValueError("an intent is committed alone, before its write")
        return await self._alone(lambda into: self._scribe.open(into, opened))

    async def hand_out(
        self, plan: Plan, *, time: datetime, detail: str = "", approvals: Sequence[Approval] = ()
    ) -> tuple[Operation, ...]:
        """Store a plan and that it was given away as a stand-alone script: one row a host, HANDED_OUT.

        For one that was given away before nothing is stored. Raises PlanUsedError for one that was applied.
        The rows belong to no run; their deadline is the plan's expiry, after which the script writes nothing.
        """
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
        return await self._alone(lambda into: self._scribe.hand_out(into, plan, wanted, time, approvals))

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

        The move starts from the state that the database has, whatever `operation` says. Raises
        IllegalJournalMoveError for a move that `journal.MOVES` does not have: then the row is as it was.
        """
        given = {"detail": detail, "before": before, "after": after, "deadline": deadline}
        changes = {name: value for name, value in given.items() if value is not None} | {"changed": changed}
        return await self._alone(lambda into: self._scribe.move(into, operation.id, state, changes))

    async def audit(
        self, who: str, what: str, subject: str, details: Mapping[str, Any], time: datetime
    ) -> AuditEntry:
        """Add an entry to the audit that belongs to no row of the journal. `details` are JSON values."""
        if what == OPERATION:
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
        """Give the database's lock back, for a pause:
        until `take_again` every other call raises WriterClosedError.
        """
        await self._writer.aside(self._writer.close)

    async def take_again(self) -> None:
        """Take the lock again after a pause.

        Raises LockTakenError after half a minute, and as `Writer.open`.
        """
        await self._writer.aside(self._writer.reopen)

    async def _alone(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in the writer's thread, in a transaction of its own."""
        return await self._writer.alone(lambda into: work(into.connection))
