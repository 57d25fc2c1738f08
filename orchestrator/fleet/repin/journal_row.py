"""One host's row of the journal in a run: every move is on the disk before the next thing happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.repin.journal import State, ended
from orchestrator.domain.repin.operation import Operation
from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.repin.events import HostStateChanged
from orchestrator.fleet.repin.run_journal import RunJournal
from orchestrator.fleet.repin.summary import HostEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalContext:
    """Where the rows of a run are kept, and who hears of them. `journal` and `run` are None in a dry run."""

    journal: RunJournal | None
    run: int | None
    plan: str
    clock: Clock
    emit: Callable[[HostStateChanged], None]


class JournalRow:
    """A row that is yet to be made, or one that is there already (`operation`).

    `open` makes it and `move` moves it; nothing else changes it. Both raise StoreError, and
    IllegalJournalMoveError for a move that the table does not have.
    """

    def __init__(
        self,
        context: JournalContext,
        host: str,
        wave: int,
        *,
        undoes: int | None = None,
        operation: Operation | None = None,
    ) -> None:
        self._context = context
        self.host = host
        self._undoes = undoes
        self._operation = operation
        self.wave = wave
        self.since = 0.0  # when this process made or last moved it, by the run's monotonic clock

    @property
    def state(self) -> State | None:
        """Its state; None: there is no row."""
        return None if self._operation is None else self._operation.state

    @property
    def number(self) -> int | None:
        """Its id in the journal; None: there is no row, or it is a dry run's."""
        return None if self._operation is None else self._operation.id

    @property
    def detail(self) -> str:
        """What it says was seen."""
        return "" if self._operation is None else self._operation.detail

    @property
    def after(self) -> str | None:
        """The values that it says were there after the write, as `guard.held` writes them."""
        return None if self._operation is None else self._operation.after

    @property
    def deadline(self) -> datetime | None:
        """Until when its write may begin, by the host's clock; None: nothing was sent."""
        return None if self._operation is None else self._operation.deadline

    async def open(self, state: State, *, detail: str = "", before: str | None = None) -> None:
        """Make the row. In a dry run there is none, and what would have been is kept for the report."""
        context = self._context
        wanted = Operation(
            id=None,
            run=context.run,
            plan=context.plan,
            host=self.host,
            state=state,
            changed=context.clock.now(),
            wave=self.wave,
            detail=detail,
            before=before,
            undoes=self._undoes,
        )
        self._operation = wanted if context.journal is None else await context.journal.open(wanted)
        self._came_to(state)

    async def move(
        self,
        state: State,
        *,
        detail: str | None = None,
        before: str | None = None,
        after: str | None = None,
        deadline: datetime | None = None,
    ) -> None:
        """Move the row to a state; None leaves what it says."""
        context = self._context
        if self._operation is None or context.journal is None:
            raise RuntimeError(f"{self.host}: there is no row to move")
        self._operation = await context.journal.move(
            self._operation,
            state,
            changed=context.clock.now(),
            detail=detail,
            before=before,
            after=after,
            deadline=deadline,
        )
        self._came_to(state)

    def end(
        self,
        *,
        state: State | None = None,
        detail: str | None = None,
        advice: str = "",
        stumbled: bool = False,
    ) -> HostEnd:
        """Return what became of the host. `state` and `detail` overrule what the row says."""
        return HostEnd(
            host=self.host,
            state=self.state if state is None else state,
            detail=self.detail if detail is None else detail,
            wave=self.wave,
            operation=self.number,
            advice=advice,
            stumbled=stumbled,
        )

    def _came_to(self, state: State) -> None:
        context = self._context
        self.since = context.clock.monotonic()
        if not ended(state):
            context.emit(HostStateChanged(host=self.host, state=state, at=context.clock.now()))
