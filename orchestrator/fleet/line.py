"""The hosts of a run, waiting to be started: those whose account must wait for an answer step aside for the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from inventory.model import Host
from orchestrator.domain.breaker import Account
from orchestrator.fleet.gate import Gate, Permit
from orchestrator.fleet.stop import Stop


@dataclass(slots=True)
class Turn:
    """A host that may start now. `permit` is its first logon's, None where no password is at stake.

    `patient`: it has been cut short once for the others' sake, and is not again.
    """

    host: Host
    account: Account | None
    permit: Permit | None
    patient: bool = False


class Line:
    """Gives hosts in their order, as far as their accounts allow; a `Source` for `fan_out`.

    A worker is never given a host that could only wait: however few workers, the host that the others wait for runs.
    `barred` counts, by account, the hosts that were not started because their account was given up.
    """

    def __init__(
        self, hosts: Iterable[Host], account_of: Callable[[Host], Account | None], gate: Gate, stop: Stop
    ) -> None:
        self._hosts = iter(hosts)
        self._account_of = account_of
        self._gate = gate
        self._stop = stop
        self._aside: dict[Account, deque[tuple[Host, bool]]] = {}
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
        """Let a host that was cut short wait for its account, behind the others, and take its time then."""
        if turn.account is not None:
            self._aside.setdefault(turn.account, deque()).append((turn.host, True))
            self._gate.wake()

    def _from_aside(self) -> Turn | None:
        for account, waiting in tuple(self._aside.items()):
            if self._gate.tripped(account):
                self.barred.setdefault(account, []).extend(host.name for host, _ in waiting)
                del self._aside[account]
            elif self._gate.may_start(account):
                host, patient = waiting.popleft()
                if not waiting:
                    del self._aside[account]
                return Turn(host, account, self._gate.start(account, host.name), patient)
        return None

    def _from_list(self) -> Turn | None:
        for host in self._hosts:
            account = self._account_of(host)
            if account is None:
                return Turn(host, None, None)
            if self._gate.tripped(account):
                self.barred.setdefault(account, []).append(host.name)
            elif account not in self._aside and self._gate.may_start(account):
                return Turn(host, account, self._gate.start(account, host.name))
            else:
                self._aside.setdefault(account, deque()).append((host, False))
        return None
