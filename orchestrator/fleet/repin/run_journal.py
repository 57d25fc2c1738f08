"""What a re-pin run needs of the journal: every call returns once what it says is on the disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from orchestrator.domain.approval.signatures import Approval
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import Operation, RunRecord, RunState
from orchestrator.domain.repin.plan import Plan


class RunJournal(Protocol):
    """What a re-pin needs of `orchestrator.store.journal.journal.Journal`.

    All of it raises StoreError; moves that the table does not have raise IllegalJournalMoveError.
    """

    async def begin_run(
        self, record: RunRecord, plan: Plan, approvals: Sequence[Approval] = (), /
    ) -> RunRecord:
        """Store a run, its plan and who signed it, and return it with its id; one that has an id is taken
        over.
        """

    async def end_run(self, run: int, state: RunState, reason: str, ended: datetime, /) -> None:
        """Write how the run ended."""

    async def open(self, row: Operation, /) -> Operation:
        """Make a row; raise InFlightError where an earlier write on the host has to be read first."""

    async def open_all(self, rows: Sequence[Operation], /) -> tuple[Operation, ...]:
        """Make many rows that are no intents."""

    async def move(
        self,
        operation: Operation,
        state: State,
        /,
        *,
        changed: datetime,
        detail: str | None = None,
        before: str | None = None,
        after: str | None = None,
        deadline: datetime | None = None,
    ) -> Operation:
        """Move a row; None leaves what it says."""

    async def operations(self, run: int, /) -> Sequence[Operation]:
        """Read a run's rows, in the order in which they were made."""

    async def handed_out(self, hosts: Iterable[str], /) -> Mapping[str, Operation]:
        """Return, of these hosts, the rows whose stand-alone script was handed out and not answered yet."""

    async def let_go(self) -> None:
        """Give the database's lock back, for a pause."""

    async def take_again(self) -> None:
        """Take it again, after one."""
