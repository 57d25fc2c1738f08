"""Kerberos for the hosts of a run, in the event loop: tickets before the connection, the first token over it.

All that may ask a domain controller runs off the loop and in bounded time; what follows (answers, seals) is
CPU alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.remote.auth.kdc_breaker import KDC_UNREACHABLE, RETRY, SLOWEST, KdcBreaker, no_answer
from orchestrator.remote.auth.kerberos import kerberos_trouble
from orchestrator.remote.auth.logon import Started
from orchestrator.remote.auth.off_loop import OffLoop
from orchestrator.remote.auth.tickets import TicketCache, obtain
from orchestrator.remote.faults.trouble import KerberosTrouble

if TYPE_CHECKING:
    from orchestrator.remote.session import Endpoint, Logon

_DEFAULT = "the default realm"
RENEW = 300.0  # seconds before a ticket's end at which a new one is asked for


@dataclass(frozen=True, slots=True)
class _Asked:
    """A credential's tickets, asked for or there; `at` is when (seconds since 1970)."""

    at: float
    task: asyncio.Task[TicketCache]


class Kerberos:
    """The tickets of a run's credentials, shared by its hosts.

    `clock` gives seconds, `wall` those since 1970.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        self._wall = wall
        self._off_loop = OffLoop()
        self._breaker = KdcBreaker(clock)
        self._asked: dict[Logon, _Asked] = {}
        self._caches: list[TicketCache] = []

    async def logon(self, endpoint: Endpoint, logon: Logon) -> KerberosLogon:
        """Return one host's logon, its tickets fetched. Raises KerberosTrouble."""
        tickets = await self._of(logon)
        made = KerberosLogon(self, endpoint, tickets.name())
        await made.fetch()
        return made

    async def fetch(self, endpoint: Endpoint, cache: str) -> Started:
        """Fetch the host's service ticket into the cache; return a context that nothing binds.

        Raises KerberosTrouble.
        """
        realm = endpoint.address.rstrip(".").partition(".")[2].upper() or _DEFAULT
        return await self._breaker.ask(realm, lambda: self.begin(endpoint, cache, None))

    async def begin(self, endpoint: Endpoint, cache: str, binding: bytes | None) -> Started:
        """Return a host's context with its first token.

        Raises KerberosTrouble, and TimeoutError after SLOWEST s.
        """
        return await self._off_loop.run(lambda: _started(endpoint, cache, binding), seconds=SLOWEST)

    def close(self) -> None:
        """Forget every ticket."""
        for asked in self._asked.values():
            asked.task.cancel()
        for cache in self._caches:
            cache.destroy()
        self._asked.clear()
        self._caches.clear()

    async def _of(self, logon: Logon) -> TicketCache:
        """Return a credential's tickets: asked for once, whoever asks first;
        what was refused stays refused.
        """
        now = self._wall()
        asked = self._asked.get(logon)
        if asked is None or _stale(asked, now):
            asked = self._asked[logon] = _Asked(now, asyncio.ensure_future(self._exchange(logon)))
            asked.task.add_done_callback(_seen)
        return await asyncio.shield(asked.task)

    async def _exchange(self, logon: Logon) -> TicketCache:
        made = await self._breaker.ask(
            _realm(logon), lambda: self._off_loop.run(lambda: obtain(logon), seconds=SLOWEST)
        )
        self._caches.append(made)
        return made


class KerberosLogon:
    """One host's logon by Kerberos.

    Over plain http the first token is made with the tickets: nothing binds it to TLS.
    """

    def __init__(self, kerberos: Kerberos, endpoint: Endpoint, cache: str) -> None:
        self._kerberos = kerberos
        self._endpoint = endpoint
        self._cache = cache
        self._started: Started | None = None

    async def fetch(self) -> None:
        """Fetch the host's service ticket into the cache. Raises KerberosTrouble."""
        started = await self._kerberos.fetch(self._endpoint, self._cache)
        if self._endpoint.transport == "http":
            self._started = started

    async def begin(self, binding: bytes | None) -> Started:
        """Return the context with its first token, bound to the TLS connection. Raises KerberosTrouble."""
        started, self._started = self._started, None
        try:
            return started or await self._kerberos.begin(self._endpoint, self._cache, binding)
        except TimeoutError:
            said = f"the token was not made in {SLOWEST:.0f} s"
            raise KerberosTrouble(KDC_UNREACHABLE, said) from None


def _realm(logon: Logon) -> str:
    domain, backslash, user = logon.username.rpartition("\\")
    return (domain if backslash else user.rpartition("@")[2] if "@" in user else "") or _DEFAULT


def _seen(task: asyncio.Task[TicketCache]) -> None:
    """Look at how an exchange ended: where every host that waited for it has gone, nobody else does."""
    if not task.cancelled():
        task.exception()


def _stale(asked: _Asked, now: float) -> bool:
    """Whether tickets have to be asked for anew: they end soon, or it was no refusal that kept us from having
    them.

    A ticket that was short from the start is renewed at half of its time, so that not every host asks for
    one.
    """
    task = asked.task
    if not task.done():
        return False
    if task.cancelled():
        return True
    if (error := task.exception()) is None:
        ends = task.result().ends
        return ends - now < min(RENEW, (ends - asked.at) / 2)
    if not isinstance(error, KerberosTrouble) or error.refused:
        return False
    return (
        no_answer(error) or now - asked.at > RETRY
    )  # the breaker says when to ask; else somebody may have mended it


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
