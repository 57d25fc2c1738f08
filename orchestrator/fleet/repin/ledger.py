"""What a run finds in the journal when it begins, and what it leaves there when it ends."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.domain.repin.journal import TO_BEGIN, UNRESOLVED, WROTE, State
from orchestrator.domain.repin.operation import Operation, RunRecord, RunState, last_rows
from orchestrator.fleet.repin import words as repin_words
from orchestrator.fleet.repin.journal import RunJournal
from orchestrator.fleet.repin.leftovers import Left, left_by
from orchestrator.fleet.repin.pool import Crew
from orchestrator.fleet.repin.summary import HostEnd


class Books:
    """One process's part of a run, as its rows tell it. `rows` has the last one of each host that had one before.

    `left` are the hosts among them that have to be read first. Raises StoreError. A dry run opens and closes nothing.
    """

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._names = [planned.host for planned in crew.plan.hosts]
        self.rows: Mapping[str, Operation] = {}
        self.left: Mapping[str, Left] = {}

    async def open(self, journal: RunJournal, record: RunRecord) -> None:
        """Begin the run, or take it over: then what its last process had under way is unknown."""
        crew = self._crew
        if crew.plan.undoes is not None:
            undone = last_rows(await journal.operations(int(crew.plan.undoes)))
            crew.undoes = {name: row.id for name, row in undone.items() if row.id and row.state in WROTE}
        resumed = record.id is not None
        record = await journal.begin_run(record, crew.plan)
        assert record.id is not None  # noqa: S101  # the journal's promise
        crew.keeps(journal, record.id)
        if resumed:
            rows = await self._own_up(journal, record.id)
            self.rows, self.left = last_rows(rows), left_by(rows)

    def never_begun(self, name: str) -> bool:
        """Whether nothing was ever sent to a host in this run."""
        row = self.rows.get(name)
        return (row is None or row.state is State.NOT_STARTED) and name not in self._crew.course.ends

    def to_begin(self, name: str) -> bool:
        """Whether a host may be begun, as far as anybody knows: never begun, or found as it was before."""
        row, end = self.rows.get(name), self._crew.course.ends.get(name)
        state = end.state if end is not None else row.state if row is not None else None
        return state is None or state in TO_BEGIN

    async def close(self, journal: RunJournal, run: int) -> RunState:
        """Write down how the run ended: no row stays in the middle, and every host has one."""
        crew = self._crew
        if crew.course.stop.requested or self.rows:
            await self._account_for_all(journal, run)
        ends, reason = crew.course.ends, self.reason()
        missing = [
            Operation(
                id=None,
                run=run,
                plan=crew.plan.id,
                host=name,
                state=State.NOT_STARTED,
                changed=crew.means.clock.now(),
                detail=ends[name].detail if name in ends else reason,
            )
            for name in self._names
            if name not in self.rows and (name not in ends or ends[name].operation is None)
        ]
        if missing:
            await journal.open_all(missing)
        state = self.state()
        await journal.end_run(run, state, reason, crew.means.clock.now())
        return state

    def reason(self) -> str:
        """Say why the run stopped early, "" where it did not: a limit that the last hosts reach has stopped nothing."""
        course = self._crew.course
        idle = course.gate and not course.interrupted and not any(map(self.never_begun, self._names))
        return "" if idle else course.stop.reason

    def state(self) -> RunState:
        """Say whether there is something left for `resume`."""
        ends = self._crew.course.ends
        open_states = UNRESOLVED | TO_BEGIN
        loose = any(end.state in open_states for end in ends.values()) or any(
            row.state in open_states for name, row in self.rows.items() if name not in ends
        )
        return RunState.STOPPED if loose or any(map(self.never_begun, self._names)) else RunState.FINISHED

    async def _account_for_all(self, journal: RunJournal, run: int) -> None:
        """Give every host that was begun an end: by the journal, and where that fails by what it last took in."""
        crew, left = self._crew, {name: _end(each.own) for name, each in self.left.items()}
        left |= {name: row.end() for name, row in crew.begun.items() if row.state is not None}
        try:
            rows = last_rows(await self._own_up(journal, run))
            left |= {name: _end(row) for name, row in rows.items() if row.state in UNRESOLVED}
        finally:
            for name, end in left.items():
                if name not in crew.course.ends:
                    crew.course.left(end)

    async def _own_up(self, journal: RunJournal, run: int) -> list[Operation]:
        """Make every row that stands at intent or sent unknown, since nobody is at work on it any more."""
        now = self._crew.means.clock.now()
        return [
            await journal.move(row, State.UNKNOWN, changed=now, detail=repin_words.ABANDONED)
            if row.state in (State.INTENT, State.SENT)
            else row
            for row in await journal.operations(run)
        ]


def _end(row: Operation) -> HostEnd:
    return HostEnd(host=row.host, state=row.state, detail=row.detail, wave=row.wave, operation=row.id)
