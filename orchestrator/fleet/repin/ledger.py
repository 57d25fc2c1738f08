"""A run's rows: those that the journal holds when it begins, those that it makes, and its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestrator.domain.repin.journal import TO_BEGIN, UNRESOLVED, WROTE, State
from orchestrator.domain.repin.operation import Operation, RunState, last_rows
from orchestrator.fleet.repin import details
from orchestrator.fleet.repin.events import HostStateChanged
from orchestrator.fleet.repin.input import RunInput
from orchestrator.fleet.repin.journal_row import JournalContext, JournalRow
from orchestrator.fleet.repin.leftovers import Leftover, find_leftovers
from orchestrator.fleet.repin.limits import RunLimits
from orchestrator.fleet.repin.run_journal import RunJournal
from orchestrator.fleet.repin.summary import HostEnd


class RunLedger:
    """Keep one process's part of a run. A dry run keeps nothing: `journal` is None, and so is `run`, its id.

    `rows` has the last row of each host that had one before this process, `leftovers` the hosts among them
    that have to be read first.
    """

    def __init__(self, given: RunInput, limits: RunLimits, emit: Callable[[HostStateChanged], None]) -> None:
        self.journal: RunJournal | None = None if given.options.dry_run else given.journal
        self.rows: Mapping[str, Operation] = {}
        self.leftovers: Mapping[str, Leftover] = {}
        self._record = given.record
        self._plan = given.plan
        self._approvals = given.approvals
        self._names = given.names
        self._clock = given.services.clock
        self._limits = limits
        self._undone: Mapping[str, int] = {}  # by host: the row that this run takes back
        self._begun: dict[str, JournalRow] = {}  # by host: what this process has begun, or was about to
        self._context = JournalContext(
            journal=None, run=None, plan=given.plan.id, clock=self._clock, emit=emit
        )

    @property
    def run(self) -> int | None:
        """The run's id; None before `open`, and in a dry run."""
        return self._context.run

    async def open(self) -> None:
        """Begin the run, or take it over: what its last process had begun is unknown. Raise StoreError."""
        journal = self.journal
        if journal is None:
            return
        if self._plan.undoes is not None:
            undone = last_rows(await journal.operations(int(self._plan.undoes)))
            self._undone = {name: row.id for name, row in undone.items() if row.id and row.state in WROTE}
        record = await journal.begin_run(self._record, self._plan, self._approvals)
        assert record.id is not None  # noqa: S101  # the journal's promise
        self._context = JournalContext(
            journal=journal, run=record.id, plan=self._plan.id, clock=self._clock, emit=self._context.emit
        )
        if self._record.id is not None:
            rows = await self._mark_unknown(journal, record.id)
            self.rows, self.leftovers = last_rows(rows), find_leftovers(rows)

    def new_row(self, host: str, wave: int) -> JournalRow:
        """Return a row for a host that is about to be begun; `JournalRow.open` makes it."""
        row = self._begun[host] = JournalRow(self._context, host, wave, undoes=self._undone.get(host))
        return row

    def left_row(self, operation: Operation) -> JournalRow:
        """Return the row that an earlier process left, to be moved on."""
        return JournalRow(
            self._context, operation.host, operation.wave, undoes=operation.undoes, operation=operation
        )

    def row_back(self, row: JournalRow) -> JournalRow:
        """Return a row for taking back what a row of this run wrote."""
        return JournalRow(self._context, row.host, row.wave, undoes=row.number)

    def to_begin(self) -> tuple[str, ...]:
        """Return the hosts that may be begun by their rows: never begun, or found as they were before."""
        return tuple(name for name in self._names if self._state(name) in (None, *TO_BEGIN))

    def never_begun(self) -> tuple[str, ...]:
        """Return the hosts to which nothing was ever sent in this run."""
        return tuple(filter(self._never_begun, self._names))

    async def close(self) -> RunState:
        """Write how the run ended: no row stays in the middle, and every host has one. Raise StoreError."""
        journal, run = self.journal, self.run
        if journal is None or run is None:
            return self.state()
        if self._limits.stopped or self.rows:
            await self._account_for_all(journal, run)
        missing = self._missing(run)
        if missing:
            await journal.open_all(missing)
        state = self.state()
        await journal.end_run(run, state, self.reason(), self._clock.now())
        return state

    def reason(self) -> str:
        """Return why the run stopped early, or "": a limit that the last hosts reach has stopped nothing."""
        limits = self._limits
        idle = limits.gate and not limits.interrupted and not any(map(self._never_begun, self._names))
        return "" if idle else limits.stop.reason

    def state(self) -> RunState:
        """Return whether there is something left for `resume`."""
        states = [end.state for end in self._limits.ends.values()]
        states += [row.state for name, row in self.rows.items() if name not in self._limits.ends]
        loose = any(state in UNRESOLVED | TO_BEGIN for state in states)
        return RunState.STOPPED if loose or any(map(self._never_begun, self._names)) else RunState.FINISHED

    def _state(self, name: str) -> State | None:
        end, row = self._limits.ends.get(name), self.rows.get(name)
        return end.state if end is not None else row.state if row is not None else None

    def _never_begun(self, name: str) -> bool:
        row = self.rows.get(name)
        return (row is None or row.state is State.NOT_STARTED) and name not in self._limits.ends

    def _missing(self, run: int) -> list[Operation]:
        """Return a row for each host that has none."""
        ends, reason = self._limits.ends, self.reason()
        return [
            Operation(
                id=None,
                run=run,
                plan=self._plan.id,
                host=name,
                state=State.NOT_STARTED,
                changed=self._clock.now(),
                detail=ends[name].detail if name in ends else reason,
            )
            for name in self._names
            if name not in self.rows and (name not in ends or ends[name].operation is None)
        ]

    async def _account_for_all(self, journal: RunJournal, run: int) -> None:
        """End every host that was begun: by the journal, and where that fails by what it last took in."""
        left = {name: _end(each.own) for name, each in self.leftovers.items()}
        left |= {name: row.end() for name, row in self._begun.items() if row.state is not None}
        try:
            rows = last_rows(await self._mark_unknown(journal, run))
            left |= {name: _end(row) for name, row in rows.items() if row.state in UNRESOLVED}
        finally:
            for name, end in left.items():
                if name not in self._limits.ends:
                    self._limits.abandoned(end)

    async def _mark_unknown(self, journal: RunJournal, run: int) -> list[Operation]:
        """Move rows from intent and sent to unknown, since nobody is at work on them; return all rows."""
        now = self._clock.now()
        return [
            await journal.move(row, State.UNKNOWN, changed=now, detail=details.ABANDONED)
            if row.state in (State.INTENT, State.SENT)
            else row
            for row in await journal.operations(run)
        ]


def _end(row: Operation) -> HostEnd:
    return HostEnd(host=row.host, state=row.state, detail=row.detail, wave=row.wave, operation=row.id)
