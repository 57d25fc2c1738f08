"""Queue the hosts of an execution: those that have to wait step aside for the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from inventory.model import Host
from orchestrator.domain.execution.breaker import Account
from orchestrator.fleet.admission.gate import Gate
from orchestrator.fleet.admission.ramp import Ramp
from orchestrator.fleet.admission.sites import Sites
from orchestrator.fleet.control.stop import StopRequest


@dataclass(frozen=True, slots=True)
class QueuedHost:
    """A host that may be started now. `account`: whose password its logon tries, None where none is at stake.

    `patient`: it has been cut short once for the others' sake, and is not again.
    """

    host: Host
    account: Account | None
    patient: bool = False


class HostQueue:
    """Give hosts in their order, as far as accounts, sites and the ramp allow; a `Source` for `fan_out`.

    While a logon is under way that others have to wait for, their hosts step aside, and so do hosts whose
    site has no room: workers are free for all others, and the execution goes on however few workers there
    are. `barred` holds, by account, the hosts that were not started because their account was given up.
    Whoever has taken a host calls `leave` at its end.
    """

    def __init__(
        self,
        hosts: Iterable[Host],
        account_of: Callable[[Host], Account | None],
        gate: Gate,
        stop: StopRequest,
        *,
        per_site: int,
        ramp: Ramp,
    ) -> None:
        self._hosts = iter(hosts)
        self._account_of = account_of
        self._gate = gate
        self._stop = stop
        self._ramp = ramp
        self._sites: Sites[QueuedHost] = Sites(per_site)
        self._aside: dict[Account, deque[QueuedHost]] = {}
        self._in_flight = 0
        self._widening = False
        self.barred: dict[Account, list[str]] = {}
        stop.listen(lambda _: gate.wake())

    async def take(self) -> QueuedHost | None:
        """Return the next host that may start; None where there is none left, or a stop was requested."""
        while not self._stop.requested:
            if not self._ramp.room(self._in_flight):
                await self._widen()
                continue
            queued = self._from_aside() or self._from_sites() or self._from_list()
            if queued is not None:
                return self._begin(queued)
            if not self._aside and not self._sites.waited_for:
                self._gate.wake()  # there is nothing left for those who wait for the ramp either
                return None
            self._ramp.narrow(self._in_flight)
            await self._gate.changed(spare=True)
        return None

    def leave(self, queued: QueuedHost) -> None:
        """Take note that a host which was taken is not in work any more."""
        self._in_flight -= 1
        self._sites.leave(queued.host.site)
        self._gate.wake_one()

    def waits_for(self, account: Account) -> bool:
        """Return whether some host waits until one more logon of this account may begin."""
        return account in self._aside

    def put_back(self, queued: QueuedHost) -> None:
        """Queue a host whose logon was not begun behind the others; bar it if its account was given up."""
        if queued.account is not None:
            self._put_aside(queued.account, queued)
            self._gate.wake()

    async def _widen(self) -> None:
        """Wait until there is more room: one worker by the clock, the others until woken, one by one."""
        if self._widening:
            await self._gate.changed(spare=True)
            return
        self._widening = True
        try:
            await self._ramp.widen(self._stop)
        finally:
            self._widening = False

    def _begin(self, queued: QueuedHost) -> QueuedHost:
        self._in_flight += 1
        self._sites.enter(queued.host.site)
        self._gate.wake_one()
        return queued

    def _from_aside(self) -> QueuedHost | None:
        for account, waiting in tuple(self._aside.items()):
            if self._gate.tripped(account):
                self._bar(account, *(queued.host.name for queued in waiting))
                del self._aside[account]
                continue
            while waiting and self._gate.may_start(account):
                queued = waiting.popleft()
                if not waiting:
                    del self._aside[account]
                if self._has_room(queued):
                    return queued
        return None

    def _from_sites(self) -> QueuedHost | None:
        while (queued := self._sites.next()) is not None:
            if self._may_log_on(queued):
                return queued
        return None

    def _from_list(self) -> QueuedHost | None:
        for host in self._hosts:
            queued = QueuedHost(host, self._account_of(host))
            if self._has_room(queued) and self._may_log_on(queued):
                return queued
        return None

    def _has_room(self, queued: QueuedHost) -> bool:
        """Return whether the host's site has room; where it has none, the host waits for it."""
        room = self._sites.room(queued.host.site)
        if not room:
            self._sites.wait(queued.host.site, queued)
        return room

    def _may_log_on(self, queued: QueuedHost) -> bool:
        """Return whether the host's account may be tried now; else the host steps aside, or is barred."""
        account = queued.account
        if account is None:
            return True
        if self._gate.tripped(account):
            self._bar(account, queued.host.name)
            return False
        if account not in self._aside and self._gate.may_start(account):
            return True
        self._put_aside(account, queued)
        return False

    def _put_aside(self, account: Account, queued: QueuedHost) -> None:
        self._aside.setdefault(account, deque()).append(queued)

    def _bar(self, account: Account, *names: str) -> None:
        self.barred.setdefault(account, []).extend(names)
