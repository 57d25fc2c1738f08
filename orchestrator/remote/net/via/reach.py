"""How a run reaches its hosts: directly, or by what stands in between;
what ended there is remembered for the others.
"""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from inventory.schema.shapes import is_ip
from inventory.schema.via import parse_via
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.classify import classify
from orchestrator.remote.faults.make import Seen
from orchestrator.remote.faults.trouble import ViaTrouble
from orchestrator.remote.net.connect import connect, connect_to, peer_of, resolve
from orchestrator.remote.session import Endpoint, Logon, Resolver

AGAIN = 30.0  # seconds after which one host looks again whether a proxy or jump host answers
_SHARE = 0.8  # of a host's time for the way to it, so that some is left for another try

_FOR_ALL = {  # seconds for which every host behind it gets the same answer
    Cause.VIA_UNREACHABLE: AGAIN,
    Cause.VIA_KEY_UNKNOWN: math.inf,
    Cause.VIA_KEY_CHANGED: math.inf,
    Cause.VIA_LOGON_REFUSED: math.inf,
}

Logons = Callable[[str], Logon]
"""A credential's logon by its name."""

Dial = Callable[[], Awaitable[socket.socket]]
"""Connects with the same host once more. Raises OSError or ViaTrouble."""


class Hops(Protocol):
    """A proxy or a jump host."""

    async def connect(self, endpoint: Endpoint, seconds: float) -> socket.socket:
        """Return a socket that leads to the host. Raises ViaTrouble."""

    async def close(self) -> None:
        """Give back what it holds. Never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A connected socket, what connects with the same host again, and the IP address that was dialled,
    where one is known.
    """

    sock: socket.socket
    again: Dial
    dialled: str | None


def nobody(name: str) -> Logon:
    """Stand in for the logons of a run that names none. Raises KeyError."""
    raise KeyError(name)


class Reach:
    """The ways of one run. `logons` are those of proxies and jump hosts."""

    def __init__(self, resolver: Resolver, logons: Logons = nobody) -> None:
        self._resolver = resolver
        self._logons = logons
        self._hops: dict[tuple[str, str | None], Hops] = {}
        self._down: dict[tuple[str, str | None], tuple[float, ViaTrouble]] = {}

    async def connect(
        self, endpoint: Endpoint, *, connecting: Callable[[], None], left: Callable[[], float]
    ) -> Reached:
        """Connect with a host; `connecting` is called when its name is known, `left` gives the seconds left.

        Raises Fault; cancelling leaves nothing. The name of a host behind `via` is not looked up here.
        """
        if endpoint.via is None:
            addresses = await resolve(endpoint, self._resolver)
            connecting()
            sock = await connect(endpoint, addresses, seconds=left())
            peer = peer_of(sock)
            return Reached(sock=sock, again=partial(connect_to, *peer), dialled=peer[0] or None)
        connecting()
        try:
            sock = await self._by_via(endpoint, left() * _SHARE)
        except ViaTrouble as trouble:
            raise classify(trouble, Seen(endpoint=endpoint, phase=Phase.CONNECT)) from trouble
        dialled = endpoint.address if is_ip(endpoint.address) else None
        return Reached(sock=sock, again=lambda: self._by_via(endpoint, left() * _SHARE), dialled=dialled)

    async def close(self) -> None:
        """End what is open. Never raises."""
        for each in self._hops.values():
            await each.close()

    async def _by_via(self, endpoint: Endpoint, seconds: float) -> socket.socket:
        key = endpoint.via or "", endpoint.via_credential
        clock = asyncio.get_running_loop().time
        until, known = self._down.get(key, (0.0, None))
        if known is not None and clock() < until:
            raise known.again()
        try:
            return await self._hop(key).connect(endpoint, max(0.0, seconds))
        except ViaTrouble as trouble:
            if trouble.kind in _FOR_ALL:
                self._down[key] = clock() + _FOR_ALL[trouble.kind], trouble.again()
            raise

    def _hop(self, key: tuple[str, str | None]) -> Hops:
        found = self._hops.get(key)
        if found is None:
            found = self._hops[key] = self._made(*key)
        return found

    def _made(self, text: str, credential: str | None) -> Hops:
        from orchestrator.remote.net.via.socks import SocksProxy
        from orchestrator.remote.net.via.ssh import JumpHost

        via, logon = parse_via(text), None if credential is None else self._logons(credential)
        return (JumpHost if via.scheme == "ssh" else SocksProxy)(via, logon, self._resolver)
