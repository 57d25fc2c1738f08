"""What a site's worker keeps over the batches of a run: logons, and the breaker of each account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from inventory.errors import SecretError
from inventory.model import Host
from orchestrator.domain.cause import Cause
from orchestrator.domain.execution.breaker import Account, Breaker
from orchestrator.domain.primitives.text import clean
from orchestrator.domain.sites.unit import Batch, Proof
from orchestrator.fleet.admission.accounts import account_of
from orchestrator.fleet.admission.gate import Gate
from orchestrator.fleet.admission.host_secrets import HostSecrets
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.remote.faults.make import QUOTED
from orchestrator.remote.session import Logon

_PROOFS: Mapping[Callable[[Breaker, str], Breaker], Proof] = {
    Breaker.accept: Proof.ACCEPTED,
    Breaker.reject: Proof.REJECTED,
    Breaker.refuse: Proof.REFUSED,
    Breaker.give_up: Proof.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a host is not asked at all, as the result that it gets."""

    cause: Cause
    detail: str
    advice: str


class SiteRules(Protocol):
    """What a site allows, by its own file."""

    def refusal(self, host: Host) -> Refusal | None:
        """Say why this host may not be asked so; None where it may."""

    def logon(self, credential: str | None) -> Logon:
        """Return a credential's logon. Raises SecretError."""


class SiteGate(Gate):
    """One logon of an account at a time, and none after a refused one, until the hub says so.

    `proofs` holds what became of each host's last proof, where its account is one over the fleet: a refused
    one of the host's own account says nothing of any other host.
    """

    def __init__(self) -> None:
        super().__init__(1, serial=True)
        self.proofs: dict[str, Proof] = {}

    def move(self, account: Account, host: str, move: Callable[[Breaker, str], Breaker]) -> None:
        """End a logon by one of the breaker's moves."""
        if (proof := _PROOFS.get(move)) is not None and account.host is None:
            self.proofs[host] = proof
        super().move(account, host, move)


@dataclass(slots=True)
class SiteRun:
    """What the batches of a run share."""

    gate: SiteGate = field(default_factory=SiteGate)
    stop: StopRequest = field(default_factory=StopRequest)
    logons: dict[str | None, Logon] = field(default_factory=dict)
    generations: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, set[Account]] = field(default_factory=dict)
    secrets: HostSecrets = field(init=False)

    def __post_init__(self) -> None:
        """Let the hosts' own secrets be asked for once in the run."""
        self.secrets = HostSecrets(self.logons)

    def renew(self, batch: Batch) -> None:
        """Let accounts be tried again whose refused logon the hub has cleared up."""
        for credential, generation in batch.generations.items():
            if generation > self.generations.get(credential, 0):
                self.generations[credential] = generation
                for account in self.accounts.get(credential, ()):
                    self.gate.renew(account)

    def refusal(self, rules: SiteRules, host: Host) -> Refusal | None:
        """Say why a host may not be asked; else its logon is there afterwards."""
        if (refusal := rules.refusal(host)) is not None or host.credential in self.logons:
            return refusal
        try:
            self.logons[host.credential] = rules.logon(host.credential)
        except SecretError as error:
            return Refusal(
                Cause.NO_SECRET,
                clean(str(error), limit=QUOTED),
                "nothing was sent: look at the credential in the file of the site's worker",
            )
        return None

    def proof(self, host: Host) -> Proof | None:
        """Take out what became of a host's last proof; None where nobody knows."""
        account = self.account(host)
        if account is None or account.host is not None:
            return Proof.OWN
        return self.gate.proofs.pop(host.name, None)

    def account(self, host: Host) -> Account | None:
        """Return whose password a host's logon tries."""
        account = account_of(host, self.logons[host.credential])
        if account is not None:
            self.accounts.setdefault(account.credential, set()).add(account)
        return account
