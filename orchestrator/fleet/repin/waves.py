"""Go through a plan wave after wave, with its pauses, until it is done or something stops the run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence

from orchestrator.domain.repin.waves import waves
from orchestrator.fleet.repin.events import Pausing, RepinEvent, WaveEnded, WaveStarted
from orchestrator.fleet.repin.input import RunInput
from orchestrator.fleet.repin.limits import RunLimits
from orchestrator.fleet.repin.pause import JournalPause
from orchestrator.store.errors import StoreError

WriteWave = Callable[[int, Sequence[str]], Awaitable[None]]
"""Writes the hosts of a wave, given its number from 1 and their names."""


class Waves:
    """The waves of one run. `pause` is None where nothing is journaled, and then there is none."""

    def __init__(
        self,
        given: RunInput,
        limits: RunLimits,
        pause: JournalPause | None,
        emit: Callable[[RepinEvent], None],
    ) -> None:
        self._plan = given.plan
        self._names = given.names
        self._batch = given.options.batch
        self._seconds = given.options.pause
        self._clock = given.services.clock
        self._limits = limits
        self._journal_pause = pause
        self._emit = emit
        self.begun = 0

    async def go(self, todo: Collection[str], write: WriteWave) -> None:
        """Write these hosts, each in the wave that the whole plan gives it."""
        ranges = list(waves(len(self._names), self._batch))
        for number, indexes in enumerate(ranges, 1):
            wanted = [self._names[index] for index in indexes if self._names[index] in todo]
            if not wanted:
                continue
            if self.begun:
                await self._pause(number)
            if self._clock.now() >= self._plan.expires:
                self._limits.stop_at_gate("the plan expired in the middle of the run")
            if self._limits.stopped:
                return
            self.begun += 1
            self._emit(WaveStarted(wave=number, waves=len(ranges), hosts=len(wanted), at=self._clock.now()))
            await write(number, wanted)
            self._emit(WaveEnded(wave=number, waves=len(ranges), at=self._clock.now()))

    async def _pause(self, before: int) -> None:
        """Wait between two waves, without the database's lock; a stop ends it."""
        limits, pause = self._limits, self._journal_pause
        if self._seconds <= 0 or pause is None or limits.stopped:
            return
        self._emit(Pausing(seconds=self._seconds, before=before, at=self._clock.now()))
        try:
            await pause.wait(self._seconds, limits.stop, self._clock)
        except StoreError as error:
            limits.stop_for_trouble(str(error))
