"""Many lean hosts in this process: one listening port for each,
one certificate and one TLS context for all.
"""

from __future__ import annotations

import asyncio
import errno
import functools
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from orchestrator.demo.behaviour import Listener
from orchestrator.demo.engine import Clock, utc_now
from orchestrator.demo.fleet import raise_descriptor_limit
from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.inventory_file import write_inventory
from orchestrator.demo.lean.connection import LeanConnection
from orchestrator.demo.lean.host import LeanHost
from orchestrator.demo.wire.certificates import Authority
from orchestrator.demo.wire.httpd import GOODBYE, abort_all

_SPARE = 8192  # descriptors for connections, beside one for each listener
_FIRST_PORT, _LAST_PORT = 10_000, 65_535  # Linux gives clients theirs from 32768 on: 10,000 hosts stay below
_BACKLOG = 128


class LeanFleet:
    """Serves hosts while its context is open, as `SimulatedFleet` does. `delay` is how many seconds a script
    takes.

    The certificate is for `address` alone, whatever the number of hosts: one with 10,000 names would cost
    more than the logon. Raises ValueError where a host is to do what no recording can.
    """

    def __init__(
        self,
        hosts: Sequence[SimulatedHost],
        *,
        address: str = "127.0.0.1",
        defaults: Mapping[str, object] | None = None,
        delay: float = 0.0,
        clock: Clock = utc_now,
    ) -> None:
        for host in hosts:
            _check(host)
        self.address = address
        self.authority = Authority(["simulated-host"], [address])
        self._specs = tuple(hosts)
        self._defaults = dict(defaults or {})
        self._delay = delay
        self._clock = clock
        self._hosts: dict[str, LeanHost] = {}
        self._servers: list[asyncio.Server] = []
        self._connections: set[LeanConnection] = set()

    async def __aenter__(self) -> Self:
        """Start to listen everywhere; raises OSError where a port or a descriptor is not to be had."""
        raise_descriptor_limit(len(self._specs) + _SPARE)
        ports = iter(range(_FIRST_PORT, _LAST_PORT + 1))
        try:
            for spec in self._specs:
                await self._serve(spec, _bind(self.address, ports))
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every port and connection."""
        await self._stop()

    @property
    def hosts(self) -> Mapping[str, LeanHost]:
        """The hosts by name, in order; none before they are served."""
        return self._hosts

    def inventory(self, folder: Path) -> Path:
        """Write `fleet.yaml` and what it refers to (secrets, the CA) into a folder;
        return the inventory's path.
        """
        return write_inventory(
            folder, self._hosts.values(), self.authority.pem, defaults=self._defaults, waivers=()
        )

    async def _serve(self, spec: SimulatedHost, bound: socket.socket) -> None:
        context: ssl.SSLContext | None = None
        binding: bytes | None = None
        if spec.transport == "https":
            context, binding = self.authority.context(Listener.GOOD)
            context.num_tickets = (
                0  # a client meets each host once: a ticket is a tenth of the handshake for nothing
            )
        host = LeanHost(
            spec,
            self.address,
            port=bound.getsockname()[1],
            binding=binding,
            clock=self._clock,
            delay=self._delay,
        )
        connection = functools.partial(LeanConnection, host, self._connections)
        loop = asyncio.get_running_loop()
        patience = None if context is None else GOODBYE
        server = await loop.create_server(
            connection, sock=bound, ssl=context, ssl_shutdown_timeout=patience, backlog=_BACKLOG
        )
        self._servers.append(server)
        self._hosts[spec.name] = host

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        await abort_all(self._connections)


def _check(host: SimulatedHost) -> None:
    if host.behaviours or host.events or host.machine.agent is not None:
        raise ValueError(f"{host.name}: what changes or misbehaves cannot be replayed")
    if host.machine.language == "NoLanguage":
        raise ValueError(f"{host.name}: no script runs there, so nothing can be recorded")


def _bind(address: str, ports: Iterator[int]) -> socket.socket:
    """Bind the next port that is free; raises OSError where none is left."""
    for port in ports:
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((address, port))
            bound.listen(_BACKLOG)  # two fleets can both bind a port at once: one of them may listen
        except OSError as exc:
            bound.close()
            if exc.errno != errno.EADDRINUSE:
                raise
            continue
        return bound
    raise OSError(errno.EADDRINUSE, f"no free port is left on {address}")
