"""Wave after wave over a plan, with its pauses, until the plan is done or something says stop."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import aclosing

from orchestrator.domain.repin.waves import waves
from orchestrator.fleet import words
from orchestrator.fleet.repin.events import Pausing, WaveEnded, WaveStarted
from orchestrator.fleet.repin.host import HostWork
from orchestrator.fleet.repin.policy import repin_host
from orchestrator.fleet.repin.pool import Crew
from orchestrator.fleet.repin.summary import HostEnd
from orchestrator.fleet.repin.watch import watch
from orchestrator.store.errors import StoreError


class Waves:
    """The waves of one run."""

    def __init__(self, crew: Crew, jobs: int) -> None:
        self._crew = crew
        self._jobs = jobs
        self._waiting: list[HostWork] = []
        self._taking: asyncio.Task[None] | None = None
        self._away = False
        self.begun = 0

    async def go(self, todo: Collection[str]) -> None:
        """Re-pin these hosts, each in the wave that the whole plan gives it."""
        crew, stop = self._crew, self._crew.course.stop
        names = [planned.host for planned in crew.plan.hosts]
        ranges = list(waves(len(names), crew.options.batch))
        for number, indexes in enumerate(ranges, 1):
            wanted = [names[index] for index in indexes if names[index] in todo]
            if not wanted:
                continue
            if self.begun:
                await self._pause(number)
            if crew.means.clock.now() >= crew.plan.expires:
                crew.course.at_gate("the plan expired in the middle of the run")
            if stop.requested:
                return
            self.begun += 1
            await self._wave(number, len(ranges), wanted)

    async def come_back(self) -> None:
        """Have the journal's lock again, wherever a pause was left. Raises StoreError."""
        journal = self._crew.desk.journal
        if self._away and journal is not None:
            if self._taking is None:
                self._taking = asyncio.create_task(journal.take_again())
            await asyncio.shield(self._taking)
            self._away, self._taking = False, None

    async def _wave(self, number: int, count: int, names: list[str]) -> None:
        crew = self._crew
        now = crew.means.clock.now
        crew.tell(WaveStarted(wave=number, waves=count, hosts=len(names), at=now()))
        await crew.over(names, self._jobs, self._one, wave=number)
        await self._watch()
        crew.tell(WaveEnded(wave=number, waves=count, at=now()))

    async def _one(self, host: HostWork) -> HostEnd | None:
        end = await repin_host(host)
        if not host.waits:
            return end
        self._waiting.append(host)
        return None

    async def _watch(self) -> None:
        """Watch the agents of this wave that have not taken their port up yet; trouble of ours stops the run."""
        crew, waiting, self._waiting = self._crew, self._waiting, []
        crew.course.in_flight += len(waiting)
        watched = watch(waiting, crew.options, crew.means.clock, crew.tell, crew.revert_row)
        try:
            async with aclosing(watched) as ends:
                async for end in ends:
                    crew.course.in_flight -= 1
                    crew.course.ended(end)
        except StoreError as error:
            crew.course.troubled(str(error))
        except Exception as error:  # noqa: BLE001  # a fault of ours ends the run with words, as in `Crew.over`
            crew.course.troubled(words.place(error))

    async def _pause(self, before: int) -> None:
        """Wait between two waves, without the database's lock; a stop ends it."""
        crew = self._crew
        journal, seconds = crew.desk.journal, crew.options.pause
        if seconds <= 0 or journal is None or crew.course.stop.requested:
            return
        crew.tell(Pausing(seconds=seconds, before=before, at=crew.means.clock.now()))
        try:
            self._away = True
            await journal.let_go()
            await crew.course.stop.within(seconds, crew.means.clock)
            await self.come_back()
        except StoreError as error:
            crew.course.troubled(str(error))
