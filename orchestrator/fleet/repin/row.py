"""One host's row of the journal while a run works on it: every move is on the disk before the next thing happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.repin.journal import State, ended
from orchestrator.domain.repin.operation import Operation
from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.repin.events import HostMoved
from orchestrator.fleet.repin.journal import RunJournal
from orchestrator.fleet.repin.summary import HostEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where the rows of a run are kept, and who is told of them. `journal` and `run` are None in a dry run."""

    journal: RunJournal | None
    run: int | None
    plan: str
    clock: Clock
    tell: Callable[[HostMoved], None]


class Row:
    """A row to be, or one that is there already (`operation`). All of it raises StoreError."""

    def __init__(
        self,
        desk: Desk,
        host: str,
        wave: int,
        *,
        undoes: int | None = None,
        operation: Operation | None = None,
    ) -> None:
        self._desk = desk
        self._host = host
        self._wave = wave
        self._undoes = undoes
        self.operation = operation

    @property
    def state(self) -> State | None:
        """Where it stands; None: there is no row."""
        return None if self.operation is None else self.operation.state

    @property
    def wave(self) -> int:
        """The wave that it belongs to."""
        return self._wave

    @property
    def number(self) -> int | None:
        """Its id in the journal."""
        return None if self.operation is None else self.operation.id

    async def open(self, state: State, *, detail: str = "", before: str | None = None) -> None:
        """Make the row. In a dry run there is none, and what would have been is kept for the report."""
        desk = self._desk
        wanted = Operation(
            id=None,
            run=desk.run,
            plan=desk.plan,
            host=self._host,
            state=state,
            changed=desk.clock.now(),
            wave=self._wave,
            detail=detail,
            before=before,
            undoes=self._undoes,
        )
        self.operation = wanted if desk.journal is None else await desk.journal.open(wanted)
        self._told(state)

    async def move(
        self,
        state: State,
        *,
        detail: str | None = None,
        before: str | None = None,
        after: str | None = None,
        deadline: datetime | None = None,
    ) -> None:
        """Move the row; raises IllegalMoveError for a move that the table does not have."""
        desk = self._desk
        if self.operation is None or desk.journal is None:
            raise RuntimeError(f"{self._host}: there is no row to move")
        self.operation = await desk.journal.move(
            self.operation,
            state,
            changed=desk.clock.now(),
            detail=detail,
            before=before,
            after=after,
            deadline=deadline,
        )
        self._told(state)

    def end(
        self,
        *,
        state: State | None = None,
        detail: str | None = None,
        advice: str = "",
        stumbled: bool = False,
    ) -> HostEnd:
        """Give what became of the host. `state` and `detail` overrule what the row says."""
        row = self.operation
        return HostEnd(
            host=self._host,
            state=self.state if state is None else state,
            detail=(row.detail if row else "") if detail is None else detail,
            wave=self._wave,
            operation=self.number,
            advice=advice,
            stumbled=stumbled,
        )

    def _told(self, state: State) -> None:
        if not ended(state):
            self._desk.tell(HostMoved(host=self._host, state=state, at=self._desk.clock.now()))
