"""The hosts of a run, waiting to be started: those whose account is being tried elsewhere step aside for the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from inventory.model import Host
from orchestrator.domain.breaker import Account
from orchestrator.fleet.gate import Gate
from orchestrator.fleet.stop import Stop


@dataclass(frozen=True, slots=True)
class Turn:
    """A host that may be started now. `account` is whose password its logon tries, None where none is at stake.

    `patient`: it has been cut short once for the others' sake, and is not again.
    """

    host: Host
    account: Account | None
    patient: bool = False


class Line:
    """Gives hosts in their order, as far as their accounts allow; a `Source` for `fan_out`.

    While a logon is under way that others have to wait for, their hosts step aside, so that workers are free for the
    hosts of other accounts, and the run goes on however few workers there are. `barred` holds, by account, the hosts
    that were not started because their account was given up.
    """

    def __init__(
        self, hosts: Iterable[Host], account_of: Callable[[Host], Account | None], gate: Gate, stop: Stop
    ) -> None:
        self._hosts = iter(hosts)
        self._account_of = account_of
        self._gate = gate
        self._stop = stop
        self._aside: dict[Account, deque[Turn]] = {}
        self.barred: dict[Account, list[str]] = {}
        stop.listen(lambda _: gate.wake())

    async def take(self) -> Turn | None:
        """Give the next host that may start; None where there is none left, or the run's end was asked for."""
        while not self._stop.requested:
            turn = self._from_aside() or self._from_list()
            if turn is not None:
                return turn
            if not self._aside:
                return None
            await self._gate.changed()
        return None

    def waits_for(self, account: Account) -> bool:
        """Say whether some host waits until one more logon of this account may begin."""
        return account in self._aside

    def put_back(self, turn: Turn) -> None:
        """Let a host that was started, and whose logon was not, wait behind the others; barred if it was given up."""
        if turn.account is not None:
            self._put_aside(turn.account, turn)
            self._gate.wake()

    def _from_aside(self) -> Turn | None:
        for account, waiting in tuple(self._aside.items()):
            if self._gate.tripped(account):
                self._bar(account, *(turn.host.name for turn in waiting))
                del self._aside[account]
            elif self._gate.may_start(account):
                turn = waiting.popleft()
                if not waiting:
                    del self._aside[account]
                return turn
        return None

    def _from_list(self) -> Turn | None:
        for host in self._hosts:
            account = self._account_of(host)
            turn = Turn(host, account)
            if account is None:
                return turn
            if self._gate.tripped(account):
                self._bar(account, host.name)
            elif account not in self._aside and self._gate.may_start(account):
                return turn
            else:
                self._put_aside(account, turn)
        return None

    def _put_aside(self, account: Account, turn: Turn) -> None:
        self._aside.setdefault(account, deque()).append(turn)

    def _bar(self, account: Account, *names: str) -> None:
        self.barred.setdefault(account, []).extend(names)
