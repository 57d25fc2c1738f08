"""Hand a scan's hosts out to sites and take their results in: the hub's part, over any dispatcher."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from inventory.model import Host
from orchestrator.domain.cause import Cause
from orchestrator.domain.execution.breaker import Account
from orchestrator.domain.outcome import Failed, Outcome, Phase, Trace
from orchestrator.domain.sites.unit import Batch, Hello, Proof, Report, UnitDone, UnitHeld, UnitOptions, Why
from orchestrator.fleet.admission.gate import Gate
from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.dispatch.accounts import SITES, SiteAccounts
from orchestrator.fleet.dispatch.end import RemoteEnd
from orchestrator.fleet.dispatch.port import Delivery, Dispatcher, Link, Lost, Refused
from orchestrator.fleet.dispatch.site import Site

PATIENCE = 60.0  # seconds without a word after which a site is silent
TICK = 0.5  # seconds after which it is looked again who may go on
STORING = 256  # results on their way to the disk
ASIDE = 256  # hosts that are looked at for one that may start
LIFE = timedelta(hours=4)  # a batch that a site begins later than this is not begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """What a scan hands out. All `hosts` have a site whose worker is known; `run` and `epoch` as in `Batch`.

    `refused` is told of what is not believed, for the audit. `patience` is in seconds.
    """

    dispatcher: Dispatcher
    hosts: Sequence[Host]
    account_of: Callable[[Host], Account | None]
    refused: Callable[[Refused], Awaitable[None]]
    run: str
    epoch: int
    script: str
    options: UnitOptions
    patience: float = PATIENCE
    sites: int = SITES


class SitesRun:
    """One scan's hosts at its sites. `keep` stores a host's outcome, and says whether it is committed."""

    def __init__(
        self,
        remote: Remote,
        gate: Gate,
        *,
        clock: Clock,
        stop: StopRequest,
        remark: Callable[[str], None],
        keep: Callable[[Host, Outcome], Awaitable[bool]],
    ) -> None:
        self._remote = remote
        self._clock, self._stop, self._remark, self._keep = clock, stop, remark, keep
        self._accounts = SiteAccounts(gate, remote.account_of, remote.sites)
        self._hosts = {host.name: host for host in remote.hosts}
        self._sites = self._by_site(remote.hosts)
        self._done: set[str] = set()
        self._barred: dict[Account, list[str]] = {}
        self._changed = asyncio.Event()
        self._storing: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(STORING)
        self._linked = False  # the broker is reached, and what had waited there is taken in
        self._twice = self._refused = 0
        self._cancelled = False

    async def run(self) -> None:
        """Hand out and take in until each host has its end or its site is silent, or a stop has ended it."""
        unsubscribe = self._stop.listen(lambda _: self._changed.set())
        reading = asyncio.create_task(self._read())
        try:
            while not self._over():
                if reading.done():
                    reading.result()  # raises what nobody foresaw
                await self._step()
        finally:
            unsubscribe()
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
            if self._storing:
                await asyncio.wait(self._storing)
        if any(site.out for site in self._sites.values()) and not self._cancelled:
            await self._remote.dispatcher.cancel(self._remote.run, self._remote.epoch)

    def _by_site(self, hosts: Iterable[Host]) -> dict[str, Site]:
        sites: dict[str, list[Host]] = {}
        for host in hosts:
            sites.setdefault(host.site or "", []).append(host)
        now = self._clock.monotonic()
        return {name: Site(name, those, now) for name, those in sites.items()}

    def _over(self) -> bool:
        """Say whether nothing more is to come, or is waited for."""
        if self._stop.requested and not self._cancelled:
            return False
        waited = [site for site in self._sites.values() if not site.silent]
        if self._stop.requested:
            return not any(site.out for site in waited)
        return not any(site.left for site in waited)

    async def _step(self) -> None:
        """Do what is to be done now, then wait for news."""
        self._changed.clear()
        self._look_for_silence()
        if self._stop.requested:
            if not self._cancelled:
                self._cancelled = True
                await self._remote.dispatcher.cancel(self._remote.run, self._remote.epoch)
        elif self._linked:
            for site in self._sites.values():
                await self._hand_out(site)
        if not self._over():
            with suppress(TimeoutError):
                async with self._clock.timeout(TICK):
                    await self._changed.wait()

    def _look_for_silence(self) -> None:
        now = self._clock.monotonic()
        for site in self._sites.values():
            if site.left and not site.silent and now - site.heard > self._remote.patience:
                site.silent = True
                self._remark(f"site {site.name}: nothing heard for {self._remote.patience:.0f} s")
                for name in [name for hosts in site.out.values() for name in hosts]:
                    self._accounts.end(name, None)  # others need not wait for its answer

    # Handing out.

    async def _hand_out(self, site: Site) -> None:
        while site.room and not site.silent and (hosts := self._next(site)):
            now = self._clock.now()
            batch = Batch(
                id=uuid.uuid4().hex,
                site=site.name,
                run=self._remote.run,
                epoch=self._remote.epoch,
                hosts=tuple(hosts),
                options=self._remote.options,
                script=self._remote.script,
                sent=now,
                not_after=now + LIFE,
                generations=dict(self._accounts.generations),
            )
            site.send(batch.id, hosts)
            for host in hosts:
                self._accounts.start(host, site.name)
            await self._remote.dispatcher.submit(batch)

    def _next(self, site: Site) -> Sequence[Host]:
        """Choose the hosts of a site's next batch: those of one that came back, else some that may start."""
        while site.again:
            hosts = [host for host in site.again.popleft() if host.name not in self._done]
            if hosts:
                return hosts
        chosen: list[Host] = []
        aside: list[Host] = []
        while site.pending and len(chosen) < site.most and len(aside) < ASIDE:
            host = site.pending.popleft()
            if host.name in self._done:
                continue
            account = self._accounts.of(host)
            if account is None:
                chosen.append(host)
            elif self._accounts.given_up(account):
                self._barred.setdefault(account, []).append(host.name)
            elif not self._accounts.may_start(account, site.name):
                aside.append(host)
            elif not self._accounts.alone(account):
                chosen.append(host)
            elif not chosen:
                site.pending.extendleft(reversed(aside))
                return [host]
            else:
                aside.append(host)
        site.pending.extendleft(reversed(aside))
        return chosen

    # Taking in.

    async def _read(self) -> None:
        async for delivery in self._remote.dispatcher.events():
            match delivery.arrival:
                case Report():
                    await self._take_report(delivery.arrival, delivery)
                case Hello():
                    self._take_hello(delivery.arrival)
                case Lost():
                    await self._take_lost(delivery.arrival, delivery)
                case Refused():
                    await self._refuse(delivery.arrival, delivery)
                case Link(up=up, words=words):
                    self._linked = up
                    if words:
                        self._remark(words)
                    for site in self._sites.values():  # what could not come counts as no silence
                        site.heard = max(site.heard, self._clock.monotonic())
            self._changed.set()

    def _take_hello(self, hello: Hello) -> None:
        if (site := self._sites.get(hello.site)) is not None:
            site.hear(self._clock.monotonic(), hello)

    async def _refuse(self, refused: Refused, delivery: Delivery) -> None:
        self._refused += 1
        await self._remote.refused(refused)
        delivery.settle()

    async def _take_report(self, report: Report, delivery: Delivery) -> None:
        site = self._sites.get(report.site)
        if report.run != self._remote.run or site is None:
            why = f"a result of another run ({report.run})"
            await self._refuse(Refused(site=report.site, why=why), delivery)
            return
        site.hear(self._clock.monotonic())
        foreign = [unit.host for unit in report.units if not self._is_at(unit.host, report.site)]
        if foreign:
            why = f"a result for {foreign[0]}, which is not one of its hosts in this scan"
            await self._refuse(Refused(site=report.site, why=why), delivery)
            return
        keeping = []
        for unit in report.units:
            match unit:
                case UnitDone():
                    keeping += self._finish(site, unit.host, unit.outcome, unit.proof)
                case UnitHeld():
                    self._hold(site, report.batch, unit)
        if report.returned:
            site.halve(site.end_batch(report.batch).values())
        elif report.ended:
            site.pending.extend(site.end_batch(report.batch).values())
        await self._store(keeping, delivery)

    def _is_at(self, name: str, site: str) -> bool:
        """Say whether a host is this site's in this run."""
        host = self._hosts.get(name)
        return host is not None and host.site == site

    def _finish(
        self, site: Site, name: str, outcome: Outcome, proof: Proof | None
    ) -> list[tuple[Host, Outcome]]:
        """Take a host's result: the first one counts."""
        site.end_host(name)
        self._accounts.end(name, proof)
        if name in self._done:
            self._twice += 1
            return []
        self._done.add(name)
        return [(self._hosts[name], outcome)]

    def _hold(self, site: Site, batch: str, unit: UnitHeld) -> None:
        """Take back a host that was not begun; one that was only in a wrong moment has its turn again."""
        host = site.held(batch, unit.host)
        if host is None:
            return
        self._accounts.end(host.name, None)
        if unit.why in (Why.ACCOUNT, Why.STOPPED) and not self._stop.requested:
            site.pending.append(host)
        else:
            site.not_started.append(host.name)

    async def _take_lost(self, lost: Lost, delivery: Delivery) -> None:
        """Tell of hosts that no worker could finish; of a batch with several, each is tried alone."""
        site = self._sites.get(lost.site)
        if lost.run != self._remote.run or site is None:
            delivery.settle()
            return
        hosts = [self._hosts[name] for name in lost.hosts if self._is_at(name, lost.site)]
        left = [host for host in hosts if host.name not in self._done]
        site.end_batch(lost.batch)
        if len(hosts) > 1:
            site.halve(left)
            delivery.settle()
            return
        keeping = [found for host in left for found in self._finish(site, host.name, self._lost(host), None)]
        await self._store(keeping, delivery)

    def _lost(self, host: Host) -> Failed:
        now = self._clock.now()
        return Failed(
            host=host.name,
            phase=Phase.RUN,
            cause=Cause.LOST_BY_SITE,
            detail=f"the worker of site {host.site} ended each time that it was asked for this host",
            advice="look into the worker's log, at the site, for what ends it",
            trace=Trace(started=now, ended=now),
        )

    async def _store(self, keeping: Sequence[tuple[Host, Outcome]], delivery: Delivery) -> None:
        """Store results, and settle what brought them once all are committed; others go on meanwhile."""
        if not keeping:
            delivery.settle()
            return
        for _ in keeping:
            await self._room.acquire()

        async def store() -> None:
            try:
                kept = await asyncio.gather(*(self._keep(host, outcome) for host, outcome in keeping))
                if all(kept):
                    delivery.settle()
            finally:
                for _ in keeping:
                    self._room.release()
                self._changed.set()

        task = asyncio.create_task(store())
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)

    def end(self) -> RemoteEnd:
        """Say how it ended, or how far it came."""
        silent = {
            site.name: site.left + len(site.not_started)
            for site in self._sites.values()
            if site.silent and site.left
        }
        left = [
            host.name
            for site in self._sites.values()
            for host in (*site.pending, *(h for part in site.again for h in part))
        ]
        out = [name for site in self._sites.values() for hosts in site.out.values() for name in hosts]
        held = [name for site in self._sites.values() for name in site.not_started]
        return RemoteEnd(
            silent=silent,
            not_started=(*left, *out, *held),
            barred=self._barred,
            twice=self._twice,
            refused=self._refused,
        )
