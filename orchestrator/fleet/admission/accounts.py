"""Get an execution's logons, once, and report which accounts its lock-out breakers gave up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from inventory.model import Host
from orchestrator.domain.execution.breaker import Account, Breaker, account
from orchestrator.fleet.admission.gate import Gate
from orchestrator.fleet.admission.host_secrets import HostSecrets
from orchestrator.fleet.control.events import BreakerTripped
from orchestrator.fleet.summary import GivenUp
from orchestrator.remote.session import Logon


def account_of(host: Host, logon: Logon) -> Account | None:
    """Return whose password or key a logon on a host tries; None where there is none."""
    if logon.password is None and logon.keytab is None and logon.ask is None:
        return None
    return account(
        host.credential or "",
        logon.username,
        host=host.name,
        address=host.address,
        of_domain=host.auth == "kerberos" or logon.keytab is not None or logon.scope == "domain",
    )


class Accounts:
    """Hold the logons of an execution. Raise what `logons` raises; call `on_trip` for an account given up.

    `unproved`: rejections that give up an account which has worked nowhere yet; None: `rejections`.
    """

    def __init__(
        self,
        hosts: Iterable[Host],
        logons: Callable[[str | None], Logon],
        rejections: int,
        on_trip: Callable[[BreakerTripped], None],
        *,
        unproved: int | None = None,
    ) -> None:
        self.logon_of: Mapping[str | None, Logon] = {
            name: logons(name) for name in dict.fromkeys(host.credential for host in hosts)
        }
        self.secrets = HostSecrets(self.logon_of)
        self.gate = Gate(rejections, self._tripped, unproved=unproved)
        self._on_trip = on_trip
        self._given_up: list[Account] = []

    def of(self, host: Host) -> Account | None:
        """Return whose password or key a logon on this host tries;
        None where there is none (a ticket, a certificate).
        """
        return account_of(host, self.logon_of[host.credential])

    def given_up(self, barred: Mapping[Account, Sequence[str]]) -> tuple[GivenUp, ...]:
        """Return the accounts that were given up; `barred`: the hosts not started for each."""
        return tuple(
            GivenUp(
                credential=each.credential,
                username=each.name,
                rejected=self.gate.breaker(each).rejected,
                refused=self.gate.breaker(each).refused,
                barred=tuple(barred.get(each, ())),
                host=each.host,
            )
            for each in self._given_up
        )

    def _tripped(self, tripped: Account, breaker: Breaker) -> None:
        self._given_up.append(tripped)
        self._on_trip(
            BreakerTripped(
                credential=tripped.credential,
                username=tripped.name,
                rejected=breaker.rejected,
                refused=breaker.refused,
                host=tripped.host,
            )
        )
