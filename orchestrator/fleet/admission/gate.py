"""Hold the lock-out breakers of an execution: who may log on now, who waits for another host's answer.

`orchestrator.domain.execution.breaker` decides; this module wakes those who wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from orchestrator.domain.execution.breaker import DEFAULT_LIMIT, Account, Breaker
from orchestrator.fleet.control.stop import StopRequest


class Permit:
    """The right to log on to one host once. The first of its methods that is called ends it."""

    def __init__(self, gate: Gate, account: Account, host: str) -> None:
        self._gate = gate
        self._account = account
        self._host = host
        self._ended = False

    @property
    def crowded(self) -> bool:
        """Others may have to wait for this logon's answer."""
        return not self._ended and not self._gate.may_start(self._account)

    def accepted(self) -> None:
        """Take note that the host accepted the logon."""
        self._end(Breaker.accept)

    def rejected(self) -> bool:
        """Take note that the host refused the logon; return whether the account had worked before."""
        worked = self._gate.breaker(self._account).worked
        self._end(Breaker.reject)
        return worked

    def refused(self) -> None:
        """Take note that a domain controller refused the account: it is given up."""
        self._end(Breaker.refuse)

    def dead(self) -> None:
        """Take note that no answer to the logon came and none will, or that the password was not tried."""
        self._end(Breaker.dead)

    def _end(self, move: Callable[[Breaker, str], Breaker]) -> None:
        if not self._ended:
            self._ended = True
            self._gate.move(self._account, self._host, move)


class Gate:
    """One breaker per account, in one event loop's thread. Call `on_trip` for an account that is given up."""

    def __init__(
        self,
        limit: int = DEFAULT_LIMIT,
        on_trip: Callable[[Account, Breaker], None] | None = None,
        *,
        unproved: int | None = None,
        serial: bool = False,
    ) -> None:
        self._new = Breaker(limit=limit, unproved=unproved, serial=serial)
        self._on_trip = on_trip
        self._breakers: dict[Account, Breaker] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self._spare: deque[asyncio.Future[None]] = deque()

    def renew(self, account: Account) -> None:
        """Forget what is known of an account, but for the logons that are under way."""
        self._breakers[account] = replace(self._new, under_way=self.breaker(account).under_way)
        self.wake()

    def breaker(self, account: Account) -> Breaker:
        """Return what is known of an account so far."""
        return self._breakers.get(account, self._new)

    def may_start(self, account: Account) -> bool:
        """Return whether one more logon may begin now."""
        return self.breaker(account).may_start

    def tripped(self, account: Account) -> bool:
        """Return whether the account is given up for this run."""
        return self.breaker(account).tripped

    def start(self, account: Account, host: str) -> Permit:
        """Begin a logon. Raise IllegalBreakerMoveError where `may_start` is False."""
        self._breakers[account] = self.breaker(account).start(host)
        return Permit(self, account, host)

    def late(self, account: Account, host: str) -> Permit:
        """Return the permit of a logon that had been taken for dead, whatever may start now."""
        before = self.breaker(account)
        self._breakers[account] = replace(before, under_way=before.under_way | {host})
        return Permit(self, account, host)

    async def enter(self, account: Account, host: str, stop: StopRequest) -> Permit | None:
        """Wait until a logon may begin, and begin it; return None on a stop, or if the account is given up.

        Who requests the stop calls `wake` (the queue does).
        """
        while not (stop.requested or self.tripped(account)):
            if self.may_start(account):
                return self.start(account, host)
            await self.changed()
        return None

    async def changed(self, *, spare: bool = False) -> None:
        """Wait until some account's next logon may begin or it is given up, or `wake` was called.

        `spare`: it does not matter which of those who wait so is woken, so `wake_one` may wake one alone.
        """
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._spare if spare else self._waiting).append(waiter)
        await waiter

    def wake(self) -> None:
        """Wake everybody who waits."""
        waiting, self._waiting = [*self._waiting, *self._spare], []
        self._spare.clear()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def wake_one(self) -> None:
        """Wake one of the spare."""
        while self._spare:
            waiter = self._spare.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def move(self, account: Account, host: str, move: Callable[[Breaker, str], Breaker]) -> None:
        """End a logon by one of the breaker's moves."""
        before = self.breaker(account)
        after = self._breakers[account] = move(before, host)
        if after.tripped and not before.tripped and self._on_trip is not None:
            self._on_trip(account, after)
        if (after.may_start and not before.may_start) or (after.tripped and not before.tripped):
            self.wake()
