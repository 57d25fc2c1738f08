"""Take in what sites say: the first result of each host is stored, and settled once it is on the disk."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from inventory.model import Host
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Failed, Outcome, Phase, Trace
from orchestrator.domain.primitives.text import clean
from orchestrator.domain.record import HostRecord
from orchestrator.domain.sites.unit import MOST, Proof, Report, UnitDone, UnitHeld, Why
from orchestrator.domain.waiver import Waived
from orchestrator.fleet import words
from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.dispatch.accounts import SiteAccounts
from orchestrator.fleet.dispatch.port import Delivery, Lost, Refused
from orchestrator.fleet.dispatch.remote import Remote
from orchestrator.fleet.dispatch.site import Site
from orchestrator.fleet.results import host_record

TOLD = 100  # refusals of a site that the audit is told of; all are counted
WHY = 200  # characters of what the audit is told of a refusal
STORING = 256  # results on their way to the disk
BACK = 10  # times that a host may come back without a result: a batch of 50 in halves, and some restarts

_Result = tuple[Host, Outcome]


def judged(host: Host, outcome: Outcome, waived: Waived) -> HostRecord:
    """Judge what a site says of a host; what nobody foresaw in it is this host's result."""
    try:
        return host_record(host, outcome, waived)
    except Exception as error:  # noqa: BLE001  # a site may say anything
        return broke(host, outcome, error, waived)


def broke(host: Host, outcome: Outcome, error: Exception, waived: Waived) -> HostRecord:
    """Return what stands for a result that nobody foresaw, or that no table can hold."""
    failed = Failed(
        host=host.name,
        phase=Phase.DECODE,
        cause=Cause.BUG,
        detail=words.place(error),
        advice=words.BUG_ADVICE,
        trace=Trace(started=outcome.trace.started, ended=outcome.trace.ended),
    )
    return host_record(host, failed, waived)


class Intake:
    """One scan's results. `keep` stores a host's outcome, and says whether it is committed.

    `done` holds the hosts that have their result; `twice` counts results that came again, `refusals` messages
    that are not believed. `changed` is set when something was stored.
    """

    def __init__(
        self,
        remote: Remote,
        sites: Mapping[str, Site],
        accounts: SiteAccounts,
        *,
        clock: Clock,
        stop: StopRequest,
        keep: Callable[[Host, Outcome], Awaitable[bool]],
        changed: asyncio.Event,
    ) -> None:
        self._remote, self._sites, self._accounts = remote, sites, accounts
        self._clock, self._stop, self._keep, self._changed = clock, stop, keep, changed
        self._hosts = {host.name: host for host in remote.hosts}
        self._storing: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(STORING)
        self._told: Counter[str] = Counter()
        self._back: Counter[str] = Counter()
        self._held_at: dict[str, int] = {}
        self.done: set[str] = set()
        self.twice = self.refusals = 0

    async def stored(self) -> None:
        """Wait for what is on its way to the disk; once the scan is abandoned, who stores it has an end."""
        if self._storing and not self._stop.abandoned:
            await asyncio.wait(self._storing)

    async def refuse(self, refused: Refused, delivery: Delivery) -> None:
        """Count what is not believed, and tell the audit."""
        self.refusals += 1
        self._told[refused.site] += 1
        if (site := self._sites.get(refused.site)) is not None:
            site.disbelieved = site.disbelieved or clean(refused.why, limit=WHY)
        if self._told[refused.site] <= TOLD:  # a site that was taken over must not fill the database
            await self._remote.refused(replace(refused, why=clean(refused.why, limit=WHY)))
        delivery.settle()

    async def report(self, report: Report, delivery: Delivery) -> None:
        """Take in what a site says of a batch."""
        site = self._sites.get(report.site)
        if report.run != self._remote.run or site is None:
            why = f"a result of another run ({report.run})"
            await self.refuse(Refused(site=report.site, why=why), delivery)
            return
        if len(report.units) > MOST:  # more than there is room for would wait for itself
            why = f"a result for {len(report.units):,} hosts; no batch has more than {MOST}"
            await self.refuse(Refused(site=report.site, why=why), delivery)
            return
        site.hear(self._clock.monotonic())
        foreign = [unit.host for unit in report.units if not self._is_at(unit.host, report.site)]
        if foreign:
            why = f"a result for {foreign[0]}, which is not one of its hosts in this scan"
            await self.refuse(Refused(site=report.site, why=why), delivery)
            return
        keeping: list[_Result] = []
        for unit in report.units:
            match unit:
                case UnitDone():
                    keeping += self._finish(site, unit.host, unit.outcome, unit.proof)
                case UnitHeld():
                    keeping += self._hold(site, report.batch, unit)
        if report.returned or report.ended:
            keeping += self._end_batch(site, report)
        await self._store(keeping, delivery)

    def _end_batch(self, site: Site, report: Report) -> list[_Result]:
        """Queue the hosts of a batch that is over and has no result of them."""
        left = site.end_batch(report.batch).values()
        again = [host for host in left if self._may_come_back(host)]
        if report.returned:
            site.halve(again)
        else:
            for host in again:
                self._accounts.end(host, None)
            site.pending.extend(again)
        names = {host.name for host in again}
        return [found for host in left if host.name not in names for found in self._never_asked(site, host)]

    def _may_come_back(self, host: Host) -> bool:
        """Count that a host came back without a result; return whether it is to be handed out once more."""
        self._back[host.name] += 1
        return self._back[host.name] < BACK

    def _never_asked(self, site: Site, host: Host) -> list[_Result]:
        times = f"handed this host back {BACK} times, without a result"
        return self._finish(site, host.name, self._lost_host(host, times), None)

    def _is_at(self, name: str, site: str) -> bool:
        """Say whether a host is this site's in this run."""
        host = self._hosts.get(name)
        return host is not None and host.site == site

    def _finish(self, site: Site, name: str, outcome: Outcome, proof: Proof | None) -> list[_Result]:
        """Take a host's result: the first one counts."""
        site.end_host(name)
        host, again = self._hosts[name], name in self.done
        if not again or self._accounts.under_way(name):  # one that only came twice counts once
            self._accounts.end(host, proof)
        if again:
            self.twice += 1
            return []
        self.done.add(name)
        return [(host, outcome)]

    def _hold(self, site: Site, batch: str, unit: UnitHeld) -> list[_Result]:
        """Take back a host that was not begun; one that was only in a wrong moment has its turn again."""
        host = site.held(batch, unit.host)
        if host is None:
            return []
        self._accounts.end(host, None)
        if unit.why not in (Why.ACCOUNT, Why.STOPPED) or self._stop.requested:
            site.not_started.append(host.name)
        elif (unit.why is Why.ACCOUNT and self._is_explained(host)) or self._may_come_back(host):
            site.pending.append(host)
        else:
            return self._never_asked(site, host)
        return []

    def _is_explained(self, host: Host) -> bool:
        """Say whether a logon of its account was refused since the host was last held for that."""
        generation = self._accounts.generation(host)
        before, self._held_at[host.name] = self._held_at.get(host.name), generation
        return before != generation

    async def lost(self, lost: Lost, delivery: Delivery) -> None:
        """Tell of hosts that no worker could finish; of a batch with several, each is tried alone."""
        site = self._sites.get(lost.site)
        if lost.run != self._remote.run or site is None:
            delivery.settle()
            return
        hosts = [self._hosts[name] for name in lost.hosts if self._is_at(name, lost.site)]
        left = [host for host in hosts if host.name not in self.done]
        site.end_batch(lost.batch)
        if len(hosts) > 1:
            site.halve(left)
            delivery.settle()
            return
        words = "ended each time that it was asked for this host"
        ends = [self._finish(site, host.name, self._lost_host(host, words), None) for host in left]
        keeping = [found for end in ends for found in end]
        await self._store(keeping, delivery)

    def _lost_host(self, host: Host, what: str) -> Failed:
        now = self._clock.now()
        return Failed(
            host=host.name,
            phase=Phase.RUN,
            cause=Cause.LOST_BY_SITE,
            detail=f"the worker of site {host.site} {what}",
            advice="look into the worker's log, at the site, for why",
            trace=Trace(started=now, ended=now),
        )

    async def _store(self, keeping: Sequence[_Result], delivery: Delivery) -> None:
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
