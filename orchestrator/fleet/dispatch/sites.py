"""Hand a scan's hosts out to sites and take their results in: the hub's part, over any dispatcher."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from inventory.model import Host
from orchestrator.domain.execution.breaker import Account
from orchestrator.domain.outcome import Outcome
from orchestrator.domain.sites.unit import Batch, Hello, Report
from orchestrator.fleet.admission.gate import Gate
from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.dispatch.accounts import SiteAccounts
from orchestrator.fleet.dispatch.port import Link, Lost, Refused
from orchestrator.fleet.dispatch.remote import Remote
from orchestrator.fleet.dispatch.results import Intake
from orchestrator.fleet.dispatch.sending import Sending
from orchestrator.fleet.dispatch.shares import Shares, shares_of
from orchestrator.fleet.dispatch.site import Site
from orchestrator.fleet.summary import RemoteEnd

UNREACHED = 600.0  # seconds without the broker after which nothing more is waited for
TICK = 0.5  # seconds after which it is looked again who may go on
ASIDE = 256  # hosts that are looked at for one that may start
LIFE = timedelta(hours=4)  # a batch that a site begins later than this is not begun


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
        shares: Mapping[str, Shares],
    ) -> None:
        self._remote, self._shares = remote, shares
        self._clock, self._stop, self._remark = clock, stop, remark
        self._accounts = SiteAccounts(gate, remote.account_of, remote.sites)
        self._sites = self._by_site(remote.hosts)
        self._barred: dict[Account, list[str]] = {}
        self._changed = asyncio.Event()
        self._intake = Intake(
            remote,
            self._sites,
            self._accounts,
            clock=clock,
            stop=stop,
            keep=keep,
            changed=self._changed,
        )
        self._unlinked = clock.monotonic()  # since when it is not
        self._linked = False  # the broker is reached, and what had waited there is taken in
        self._cancelled = False
        self._cancelled_at = 0.0
        self._unconfirmed: Mapping[str, frozenset[str]] = {}  # by site, at the end: the broker may have them
        self._sending = Sending(remote.dispatcher, self._send_broke)
        self._broke: BaseException | None = None

    async def run(self) -> None:
        """Hand out and take in until each host has its end or its site is silent, or a stop has ended it."""
        unsubscribe = self._stop.listen(lambda _: self._changed.set())
        reading = asyncio.create_task(self._read())
        try:
            while not self._over():
                if reading.done():
                    reading.result()  # raises what nobody foresaw
                if self._broke is not None:
                    raise self._broke
                await self._step()
        finally:
            unsubscribe()
            reading.cancel()
            self._withdraw()
            self._unconfirmed = {name: self._sending.unconfirmed(site) for name, site in self._sites.items()}
            self._sending.leave()
            with suppress(asyncio.CancelledError):
                await reading
            await self._intake.stored()
        if any(site.out for site in self._sites.values()) and not self._cancelled:
            await self._remote.dispatcher.cancel(self._remote.run, self._remote.epoch)

    def _by_site(self, hosts: Iterable[Host]) -> dict[str, Site]:
        sites: dict[str, list[Host]] = {}
        for host in hosts:
            sites.setdefault(host.site or "", []).append(host)
        now = self._clock.monotonic()
        return {name: Site(name, those, now, self._remote.script) for name, those in sites.items()}

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
                self._cancelled, self._cancelled_at = True, self._clock.monotonic()
                self._withdraw()
                await self._remote.dispatcher.cancel(self._remote.run, self._remote.epoch)
        elif self._linked:
            for site in self._sites.values():
                self._hand_out(site)
        if not self._over():
            with suppress(TimeoutError):
                async with self._clock.timeout(TICK):
                    await self._changed.wait()

    def _look_for_silence(self) -> None:
        now = self._clock.monotonic()
        if not self._linked:  # nobody can be heard
            patience = self._remote.patience if self._stop.requested else UNREACHED
            if now - self._unlinked > patience:
                self._give_up_all(f"the broker was not reached for {patience:.0f} s")
            return
        for site in self._sites.values():
            if not site.left or site.silent:
                continue
            words = site.silence(now, patience=self._remote.patience, answer=self._remote.answer)
            words = words or self._unsent(site, now)
            if words is not None:
                site.silent = True
                self._remark(f"site {site.name}: {words}")
                for host in [host for hosts in site.out.values() for host in hosts.values()]:
                    self._accounts.end(host, None)  # others need not wait for its answer

    def _unsent(self, site: Site, now: float) -> str | None:
        """Say in words that a stop waits no more for batches that the broker may have, or may not have."""
        patience = self._remote.patience
        if not self._cancelled or now - self._cancelled_at <= patience:
            return None
        if not set(site.out) <= self._sending.unconfirmed(site):
            return None
        return f"the broker has not confirmed its last batches for {patience:.0f} s"

    def _give_up_all(self, words: str) -> None:
        """Wait for no site any more, and say why once."""
        waited = [site for site in self._sites.values() if site.left and not site.silent]
        if waited:
            self._remark(words)
        for site in waited:
            site.silent = True

    # Handing out.

    def _hand_out(self, site: Site) -> None:
        while site.room and not site.silent and (hosts := self._next(site)):
            now = self._clock.now()
            batch = Batch(
                id=uuid.uuid4().hex,
                site=site.name,
                run=self._remote.run,
                epoch=self._remote.epoch,
                hosts=tuple(hosts),
                options=replace(
                    self._remote.options, shares=shares_of(hosts, self._shares.get(site.name, {}))
                ),
                script=self._remote.script,
                sent=now,
                not_after=now + LIFE,
                generations=dict(self._accounts.generations),
            )
            site.send(batch.id, hosts, self._clock.monotonic())
            for host in hosts:
                self._accounts.start(host, site.name)
            self._sending.send(site, batch)

    def _send_broke(self, error: BaseException) -> None:
        self._broke = error
        self._changed.set()

    def _withdraw(self) -> None:
        """Take back the batches that the broker cannot have: their hosts are not begun."""
        for site, batch in self._sending.take_back():
            for host in site.end_batch(batch).values():
                self._accounts.end(host, None)
                site.not_started.append(host.name)

    def _next(self, site: Site) -> Sequence[Host]:
        """Choose the hosts of a site's next batch: those of one that came back, else some that may start."""
        while site.again:
            hosts = [host for host in site.again.popleft() if host.name not in self._intake.done]
            ready = [host for host in hosts if self._accounts.may_go_again(host)]
            names = {host.name for host in ready}
            site.pending.extendleft(host for host in reversed(hosts) if host.name not in names)
            if ready:
                return ready
        chosen: list[Host] = []
        aside: list[Host] = []
        while site.pending and len(chosen) < site.most and len(aside) < ASIDE:
            host = site.pending.popleft()
            if host.name in self._intake.done:
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

    async def _read(self) -> None:
        """Take in what arrives, to the end."""
        async for delivery in self._remote.dispatcher.events():
            match delivery.arrival:
                case Report():
                    await self._intake.report(delivery.arrival, delivery)
                case Lost():
                    await self._intake.lost(delivery.arrival, delivery)
                case Refused():
                    await self._intake.refuse(delivery.arrival, delivery)
                case Hello():
                    self._hear(delivery.arrival)
                case Link():
                    self._link(delivery.arrival)
            self._changed.set()

    def _hear(self, hello: Hello) -> None:
        site = self._sites.get(hello.site)
        if site is None:
            return
        first, before = site.hello is None, site.worker
        site.hear(self._clock.monotonic(), hello)
        if (words := site.remark(hello, self._clock.now())) and (first or before != hello.worker):
            self._remark(f"site {site.name}: {words}")

    def _link(self, link: Link) -> None:
        if self._linked and not link.up:
            self._unlinked = self._clock.monotonic()
        self._linked = link.up
        if link.words:
            self._remark(link.words)
        for site in self._sites.values():  # what could not come counts as no silence
            site.heard = max(site.heard, self._clock.monotonic())
            site.answered = max(site.answered, self._clock.monotonic())

    def end(self) -> RemoteEnd:
        """Say how it ended, or how far it came."""
        left = {site.name: self._left(site) for site in self._sites.values()}
        return RemoteEnd(
            silent={name: len(hosts) for name, hosts in left.items() if hosts and self._sites[name].silent},
            not_started=tuple(host for hosts in left.values() for host in hosts),
            handed=sum(map(self._handed, self._sites.values())),
            barred=self._barred,
            twice=self._intake.twice,
            refused=self._intake.refusals,
        )

    def _handed(self, site: Site) -> int:
        """Count the hosts that a site may still ask: those that it was given, or may have been."""
        batches = self._unconfirmed.get(site.name, frozenset()) if site.silent else frozenset(site.out)
        out = {name for batch in batches & site.out.keys() for name in site.out[batch]}
        return len(out - self._intake.done)

    def _left(self, site: Site) -> Sequence[str]:
        """Name a site's hosts that have no result, and were not kept back for their account."""
        return [name for name in site.unfinished() if name not in self._intake.done]
