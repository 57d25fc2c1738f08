"""The secrets that each host has of its own, asked for when the host's turn comes, and kept for the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from inventory.errors import SecretError
from inventory.model import Host
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.domain.primitives.text import clean
from orchestrator.remote.ask import endpoint
from orchestrator.remote.auth.off_loop import OffLoop
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.faults.make import QUOTED, Seen, fault
from orchestrator.remote.session import Logon

AT_ONCE = 8  # helpers that run at a time: each may start a program, and asks one server
_REFUSED = "the host refused it, and its source gives no other"


@dataclass(slots=True)
class _Held:
    """A host's logon.

    `renewed`: asked for a second time; `spent`: refused, and nothing else is to be tried.
    """

    logon: Logon
    renewed: bool = False
    spent: bool = False


class HostSecrets:
    """The logons of a run's hosts.

    Secrets are asked for in threads, `at_once` at a time; all others are there already.
    """

    def __init__(self, logon_of: Mapping[str | None, Logon], at_once: int = AT_ONCE) -> None:
        self._logon_of = logon_of
        self._off_loop = OffLoop(at_once)
        self._held: dict[tuple[str | None, str], _Held] = {}

    def shared(self, host: Host) -> Logon:
        """Return the logon of a host's credential, without a secret that is the host's own."""
        return self._logon_of[host.credential]

    async def logon(self, host: Host) -> Logon:
        """Return a host's logon, its secret asked for once in the run.

        Raises Fault where none is to be had.
        """
        shared = self.shared(host)
        if shared.ask is None:
            return shared
        key = (host.credential, host.name)
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = _Held(await self._asked(shared, host))
        if held.spent:
            raise _fault(host, Cause.LOGON_FAILED, _REFUSED)
        return held.logon

    async def renew(self, host: Host) -> bool:
        """Ask anew for a secret that the host has refused, once in the run; True where another one came.

        The same one is not sent again, nor is a third: each refusal counts towards the account's lock-out.
        """
        shared, held = self.shared(host), self._held.get((host.credential, host.name))
        if shared.ask is None or held is None:
            return False
        if not held.renewed:
            held.renewed = True
            try:
                fresh = await self._asked(shared, host)
            except Fault:  # that it was refused says more
                fresh = held.logon
            if fresh.password != held.logon.password:
                held.logon = fresh
                return True
        held.spent = True
        return False

    async def _asked(self, shared: Logon, host: Host) -> Logon:
        ask = shared.ask
        if ask is None:
            return shared
        try:
            secret = await self._off_loop.run(lambda: ask(host.name, host.address), seconds=None)
        except SecretError as error:
            raise _fault(host, Cause.NO_SECRET, clean(str(error), limit=QUOTED)) from error
        return replace(shared, password=secret, ask=None)


def _fault(host: Host, cause: Cause, detail: str) -> Fault:
    return fault(Seen(endpoint=endpoint(host), phase=Phase.AUTH), cause, detail)
