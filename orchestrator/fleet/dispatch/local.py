"""Work on batches in this process and event loop: what a site's worker does with what it is sent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping

from inventory.model import Host
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Failed, Phase, Trace
from orchestrator.domain.sites.unit import (
    Batch,
    Report,
    UnitDone,
    UnitEvent,
    UnitHeld,
    Why,
)
from orchestrator.fleet.admission.pace import Pace
from orchestrator.fleet.admission.queue import HostQueue, QueuedHost
from orchestrator.fleet.admission.ramp import Ramp
from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.dispatch.port import Delivery
from orchestrator.fleet.dispatch.site_run import Refusal, SiteRules, SiteRun
from orchestrator.fleet.host_probe import HostProbe
from orchestrator.fleet.options import ScanOptions
from orchestrator.fleet.run import Execution
from orchestrator.fleet.runner import fan_out
from orchestrator.remote.session import Transport

RUNS = 8  # runs whose logons are remembered


class LocalDispatcher:
    """Works on batches with one transport, one pace and one width for all of them.

    `width`: hosts at a time. `room`: batches at a time; `submit` waits for it. A batch that is submitted
    again while it is worked on is worked on once.
    """

    def __init__(
        self,
        rules: SiteRules,
        transport: Transport,
        clock: Clock,
        chance: random.Random,
        *,
        width: int,
        room: int,
        pace: float,
    ) -> None:
        self._rules = rules
        self._transport = transport
        self._clock = clock
        self._chance = chance
        self._width = asyncio.Semaphore(width)
        self._room = asyncio.Semaphore(room)
        self._pace = Pace(pace, clock)
        self._runs: dict[str, SiteRun] = {}
        self._cancelled: dict[str, int] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._arrived: asyncio.Queue[Delivery | None] = asyncio.Queue()
        self._closing = False
        self.in_flight = 0

    async def submit(self, batch: Batch) -> None:
        """Take a batch; wait while there is no room for one. The same batch twice is one."""
        if batch.id in self._tasks:
            return
        await self._room.acquire()
        if batch.id in self._tasks:  # submitted again meanwhile
            self._room.release()
            return
        task = self._tasks[batch.id] = asyncio.create_task(self._work(batch))
        task.add_done_callback(lambda _: self._leave(batch.id))

    def withdraw(self, batch: str) -> bool:
        """Return whether a batch still waits for room."""
        return batch not in self._tasks

    async def events(self) -> AsyncIterator[Delivery]:
        """Yield what became of the hosts, to the end of `close`."""
        while (delivery := await self._arrived.get()) is not None:
            yield delivery

    async def cancel(self, run: str, epoch: int) -> None:
        """Begin no more hosts of a run."""
        self._cancelled[run] = max(epoch, self._cancelled.get(run, 0))
        if run in self._runs:
            self._runs.pop(run).stop.ask("cancelled")

    async def close(self) -> None:
        """Begin nothing more, wait for the hosts in flight, end `events`."""
        self._closing = True
        for run in self._runs.values():
            run.stop.ask("stopped")
        if self._tasks:
            await asyncio.wait(tuple(self._tasks.values()))
        await self._arrived.put(None)

    def _leave(self, batch: str) -> None:
        del self._tasks[batch]
        self._room.release()

    def _run_of(self, batch: Batch) -> SiteRun:
        run = self._runs.pop(batch.run, None) or SiteRun()
        self._runs[batch.run] = run  # the newest last
        for old in list(self._runs)[:-RUNS]:
            del self._runs[old]
        run.renew(batch)
        named = {address for host in batch.hosts for address in host.gateways.values()}
        self._pace.share(named, batch.options.shares)
        return run

    async def _work(self, batch: Batch) -> None:
        """Work on a batch; every host of it is told, the last ones with its end."""
        left = {host.name: host for host in batch.hosts}

        def tell(event: UnitEvent) -> None:
            del left[event.host]
            self._tell(batch, event, ended=not left)

        why = self._unwanted(batch)
        if why is None:
            try:
                await self._ask(batch, tell)
            except Exception as error:  # noqa: BLE001  # the hosts are told as not begun, the worker goes on
                self._tell_trouble(batch, left, error)
                return
            why = Why.STOPPED if self._closing else self._why_left(batch)
        for name in tuple(left):
            tell(UnitHeld(host=name, why=why))

    def _unwanted(self, batch: Batch) -> Why | None:
        if self._closing:
            return Why.STOPPED
        if self._cancelled.get(batch.run, 0) >= batch.epoch:
            return Why.CANCELLED
        return Why.EXPIRED if self._clock.now() > batch.not_after else None

    def _why_left(self, batch: Batch) -> Why:
        return Why.CANCELLED if self._cancelled.get(batch.run, 0) >= batch.epoch else Why.ACCOUNT

    def _tell(self, batch: Batch, *units: UnitEvent, ended: bool) -> None:
        report = Report(
            site=batch.site, run=batch.run, epoch=batch.epoch, batch=batch.id, units=units, ended=ended
        )
        self._arrived.put_nowait(Delivery(arrival=report))

    def _tell_trouble(self, batch: Batch, left: Mapping[str, Host], error: Exception) -> None:
        from orchestrator.fleet import words

        detail = words.place(error)
        done = [self._failed(host, Refusal(Cause.BUG, detail, words.BUG_ADVICE)) for host in left.values()]
        self._tell(batch, *done, ended=True)

    async def _ask(self, batch: Batch, tell: Callable[[UnitEvent], None]) -> None:
        run = self._run_of(batch)
        wanted = []
        for host in batch.hosts:
            refusal = run.refusal(self._rules, host)
            if refusal is None:
                wanted.append(host)
            else:
                tell(self._failed(host, refusal))
        queue = HostQueue(
            wanted,
            run.account,
            run.gate,
            run.stop,
            per_site=0,
            ramp=Ramp(0, self._clock),
        )
        execution = self._execution(batch, run, queue)

        async def work(queued: QueuedHost) -> None:
            await self._one_host(queued, execution, run, tell)

        if wanted:
            async for _ in fan_out(queue, work, jobs=len(wanted), stopped=lambda: run.stop.requested):
                pass

    async def _one_host(
        self, queued: QueuedHost, execution: Execution, run: SiteRun, tell: Callable[[UnitEvent], None]
    ) -> None:
        probing, name = HostProbe(queued, execution), queued.host.name
        try:
            async with self._width:
                if run.stop.requested:
                    return
                self.in_flight += 1
                try:
                    outcome = await probing.outcome()
                except Exception as error:  # noqa: BLE001  # what nobody foresaw is this host's result
                    outcome = probing.broke(error)
                finally:
                    self.in_flight -= 1
            if outcome is not None:
                tell(UnitDone(host=name, outcome=outcome, proof=run.proof(queued.host)))
        finally:
            execution.queue.leave(queued)

    def _execution(self, batch: Batch, run: SiteRun, queue: HostQueue) -> Execution:
        options = batch.options
        return Execution(
            options=ScanOptions(
                mode=options.mode, canaries=options.canaries, timeout=options.timeout, width=options.width
            ),
            transport=self._transport,
            secrets=run.secrets,
            gate=run.gate,
            queue=queue,
            pace=self._pace,
            clock=self._clock,
            chance=self._chance,
            stop=run.stop,
            emit=lambda _: None,
        )

    def _failed(self, host: Host, refusal: Refusal) -> UnitDone:
        now = self._clock.now()
        failed = Failed(
            host=host.name,
            phase=Phase.AUTH,
            cause=refusal.cause,
            detail=refusal.detail,
            advice=refusal.advice,
            trace=Trace(started=now, ended=now),
        )
        return UnitDone(host=host.name, outcome=failed)
