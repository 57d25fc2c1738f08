"""The pause between two waves: the database's lock is given back for it, and taken again after it."""

from __future__ import annotations

import asyncio

from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.repin.run_journal import RunJournal


class JournalPause:
    """Pause the use of a journal. Both methods raise StoreError."""

    def __init__(self, journal: RunJournal) -> None:
        self._journal = journal
        self._paused = False
        self._taking: asyncio.Task[None] | None = None

    @property
    def lasts(self) -> bool:
        """Whether the lock is given back, or not got again yet."""
        return self._paused

    async def wait(self, seconds: float, stop: StopRequest, clock: Clock) -> None:
        """Wait without the database's lock, or until a stop is requested."""
        self._paused = True
        await self._journal.let_go()
        await stop.within(seconds, clock)
        await self.end()

    async def end(self) -> None:
        """Take the lock again, wherever a pause was left; do nothing where there was none."""
        if self._paused:
            if self._taking is None:
                self._taking = asyncio.create_task(self._journal.take_again())
            await asyncio.shield(self._taking)
            self._paused, self._taking = False, None
