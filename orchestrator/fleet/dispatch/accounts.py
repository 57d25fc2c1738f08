"""The lock-out breaker over all sites: who may try an account's password now, here or anywhere.

The gate is the run's own, which the hosts that are asked from here go through as well. Until one logon was
accepted one host is under way with it, over all sites. From then on a site may spend one refused proof before
it stops and asks; so at most as many are spent at once as sites hold hosts of it, which `sites` limits.

What a credential means stands in the site's own file: whose account it is only the site knows. So each is
taken for one that counts over the fleet, unless that site says that it means no such account there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from inventory.model import Host
from orchestrator.domain.execution.breaker import Account, State
from orchestrator.domain.sites.unit import Proof
from orchestrator.fleet.admission.gate import Gate, Permit

SITES = 3  # that hold hosts of one account at a time: fewer refusals at once than most domains lock at (5)


@dataclass(frozen=True, slots=True)
class _Under:
    account: Account
    permit: Permit
    site: str
    order: int  # when it was handed out, among all


class SiteAccounts:
    """Who may be handed out, and what the results say of the accounts. `sites`: 0 for no limit."""

    def __init__(self, gate: Gate, account_of: Callable[[Host], Account | None], sites: int = SITES) -> None:
        self._gate = gate
        self._account_of = account_of
        self._sites = sites
        self._under: dict[str, _Under] = {}
        self._holding: dict[Account, Counter[str]] = {}
        self._order = 0
        self._refused_at: dict[Account, int] = {}
        self._own: set[tuple[Account, str | None]] = set()
        self.generations: dict[str, int] = {}

    def of(self, host: Host) -> Account | None:
        """Return the account over the fleet that a host's logon tries; None: none, or one of its own."""
        account = self._account_of(host)
        if account is None or account.host is not None or (account, host.site) in self._own:
            return None
        return account

    def under_way(self, name: str) -> bool:
        """Return whether a host's logon is waited for."""
        return name in self._under

    def may_go_again(self, host: Host) -> bool:
        """Return whether a host that came back needs no leave: its logon is counted, or need not be."""
        return host.name in self._under or self.of(host) is None

    def generation(self, host: Host) -> int:
        """Return how often a refused logon of a host's credential was told so far."""
        return self.generations.get(host.credential or "", 0)

    def given_up(self, account: Account) -> bool:
        """Return whether nothing more is tried with an account."""
        return self._gate.tripped(account)

    def may_start(self, account: Account, site: str) -> bool:
        """Return whether one more host of an account may go to a site now."""
        holding = self._holding.get(account, Counter())
        room = self._sites <= 0 or site in holding or len(holding) < self._sites
        return room and self._gate.may_start(account)

    def alone(self, account: Account) -> bool:
        """Return whether its next host has to go alone: nobody has accepted it since it was last doubted."""
        return self._gate.breaker(account).state is not State.OPEN

    def start(self, host: Host, site: str) -> None:
        """Take note that a host goes to a site."""
        account = self.of(host)
        self._order += 1
        if account is None or host.name in self._under:
            return
        permit = self._gate.start(account, host.name)
        self._under[host.name] = _Under(account, permit, site, self._order)
        self._holding.setdefault(account, Counter())[site] += 1

    def end(self, host: Host, proof: Proof | None) -> None:
        r"""Tell the breaker how a host's logon ended; None: nobody knows, or nothing was tried.

        An acceptance speaks of the time when the host was handed out: one from before the last refusal opens
        nothing. A refusal counts also where the host was no longer waited for. That a site
        calls an account its hosts' own holds until it says otherwise of one: `WEB1\name` is web1's alone.
        """
        self._believe(host, proof)
        under = self._under.pop(host.name, None)
        if under is not None:
            self._release(under)
        if proof in (Proof.REJECTED, Proof.REFUSED):
            self._refuse(host, under, proof)
        elif under is None:
            return
        elif proof is Proof.ACCEPTED and under.order > self._refused_at.get(under.account, 0):
            under.permit.accepted()
        else:
            under.permit.dead()

    def _believe(self, host: Host, proof: Proof | None) -> None:
        account = self._account_of(host)
        if account is None or proof is None:
            return
        if proof is Proof.OWN:
            self._own.add((account, host.site))
        else:
            self._own.discard((account, host.site))

    def _refuse(self, host: Host, under: _Under | None, proof: Proof) -> None:
        account = self._account_of(host)
        if account is None or account.host is not None:
            return
        permit = self._gate.late(account, host.name) if under is None else under.permit
        self._refused_at[account] = self._order
        self.generations[account.credential] = self.generations.get(account.credential, 0) + 1
        (permit.refused if proof is Proof.REFUSED else permit.rejected)()

    def _release(self, under: _Under) -> None:
        holding = self._holding[under.account]
        holding[under.site] -= 1
        if not holding[under.site]:
            del holding[under.site]
