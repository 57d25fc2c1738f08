"""Kerberos for the hosts of a run, in the event loop: tickets before the connection, the first token over it.

All that may ask a domain controller runs off the loop and in bounded time; what follows (answers, seals) is CPU alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.remote.auth.kdc_breaker import SLOWEST, KdcBreaker
from orchestrator.remote.auth.kerberos import asks_domain, can_ask_kdc, kerberos_trouble
from orchestrator.remote.auth.logon import Started
from orchestrator.remote.auth.off_loop import OffLoop
from orchestrator.remote.auth.tickets import TicketCache, obtain
from orchestrator.remote.faults.trouble import KerberosTrouble

if TYPE_CHECKING:
    from orchestrator.remote.session import Endpoint, Logon

RENEW = 300.0  # seconds before a ticket's end at which a new one is asked for


def may_use(endpoint: Endpoint, logon: Logon) -> bool:
    """Whether a host's logon is to be tried by Kerberos: asked for, or Negotiate with a host's name and a domain's user."""
    if endpoint.auth == "kerberos":
        return True
    if endpoint.auth != "negotiate":
        return False
    return logon.password is None or (can_ask_kdc() and asks_domain(endpoint, logon))


class Kerberos:
    """The tickets of a run's credentials, shared by its hosts. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._off_loop = OffLoop()
        self._breaker = KdcBreaker(clock)
        self._tickets: dict[Logon, asyncio.Task[TicketCache]] = {}

    async def logon(self, endpoint: Endpoint, logon: Logon) -> KerberosLogon:
        """Return one host's logon, its tickets fetched. Raises KerberosTrouble."""
        tickets = await self._of(logon)
        made = KerberosLogon(self, endpoint, tickets.name())
        await made.fetch()
        return made

    async def begin(self, endpoint: Endpoint, cache: str, binding: bytes | None) -> Started:
        """Return a host's context with its first token. Raises KerberosTrouble."""

        def blocking() -> Started:
            return _started(endpoint, cache, binding)

        realm = endpoint.address.rstrip(".").partition(".")[2] or "the default realm"
        return await self._breaker.ask(realm, lambda: self._off_loop.run(blocking, seconds=SLOWEST))

    def close(self) -> None:
        """Forget every ticket."""
        for task in self._tickets.values():
            if task.done() and not task.cancelled() and task.exception() is None:
                task.result().destroy()
            task.cancel()
        self._tickets.clear()

    async def _of(self, logon: Logon) -> TicketCache:
        """Return a credential's tickets: asked for once, whoever asks first; what was refused stays refused."""
        task = self._tickets.get(logon)
        if task is not None and _stale(task):
            task = None
        if task is None:
            task = self._tickets[logon] = asyncio.ensure_future(self._exchange(logon))
        return await asyncio.shield(task)

    async def _exchange(self, logon: Logon) -> TicketCache:
        realm = f"the realm of {logon.username}" if logon.username else "the ticket cache"
        return await self._breaker.ask(
            realm, lambda: self._off_loop.run(lambda: obtain(logon), seconds=SLOWEST)
        )


class KerberosLogon:
    """One host's logon by Kerberos. Over plain http the first token is made with the tickets: nothing binds it to TLS."""

    def __init__(self, kerberos: Kerberos, endpoint: Endpoint, cache: str) -> None:
        self._kerberos = kerberos
        self._endpoint = endpoint
        self._cache = cache
        self._started: Started | None = None

    async def fetch(self) -> None:
        """Have the host's service ticket in the cache. Raises KerberosTrouble."""
        started = await self._kerberos.begin(self._endpoint, self._cache, None)
        if self._endpoint.transport == "http":
            self._started = started

    async def begin(self, binding: bytes | None) -> Started:
        """Return the context with its first token, bound to the TLS connection. Raises KerberosTrouble."""
        started, self._started = self._started, None
        return started or await self._kerberos.begin(self._endpoint, self._cache, binding)


def _stale(task: asyncio.Task[TicketCache]) -> bool:
    """Whether tickets have to be asked for anew: they end soon, or no domain controller answered (the breaker says when)."""
    if not task.done():
        return False
    if task.cancelled():
        return True
    error = task.exception()
    if error is not None:
        return isinstance(error, KerberosTrouble) and _no_answer(error)
    return task.result().ends - time.time() < RENEW


def _no_answer(trouble: KerberosTrouble) -> bool:
    from orchestrator.remote.auth.kdc_breaker import KDC_UNREACHABLE

    return trouble.minor == KDC_UNREACHABLE


def _started(endpoint: Endpoint, cache: str, binding: bytes | None) -> Started:
    """Make a context and its first token. Blocks where the service ticket is not in the cache yet."""

    def context() -> Any:
        return _context(endpoint, cache, binding)

    try:
        made = context()
        token = made.step()
    except Exception as error:
        raise kerberos_trouble(error) from error
    return Started(made, token or b"", context)


def _context(endpoint: Endpoint, cache: str, binding: bytes | None) -> Any:
    import spnego
    from spnego.channel_bindings import GssChannelBindings

    options = spnego.NegotiateOptions
    return spnego.client(
        spnego.KerberosCCache(cache),
        hostname=endpoint.address.rstrip("."),
        service="HTTP",
        channel_bindings=GssChannelBindings(application_data=binding) if binding else None,
        protocol=endpoint.auth,
        options=options.wrapping_winrm if endpoint.transport == "http" else options.none,
    )
