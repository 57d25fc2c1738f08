"""Probing a simulated host through the real transport, for the tests of this folder."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from inventory.model import Host, ListedPort, Profile, RoleValues
from orchestrator.demo.behaviour import Behaviour
from orchestrator.demo.fleet import SimulatedFleet
from orchestrator.demo.host import OPS, RunningHost, SimulatedHost
from orchestrator.demo.machine.model import Machine
from orchestrator.domain.reading import Reading
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.probe import endpoint, probe
from orchestrator.remote.session import Endpoint, Logon, Reply, Resolver, Script, Transport
from orchestrator.remote.transport_name import TransportName
from orchestrator.remote.transports import transport as made_by

LOGON = Logon(username=OPS.username, password=OPS.password)
PROFILE = Profile(
    name="livevault",
    title="LiveVault",
    key=r"SOFTWARE\LiveVault Corporation\LiveVault.net\LVRT\Static Route",
    roles=(
        RoleValues(role="primary", port_value="PrimaryTunnelPort"),
        RoleValues(role="backup", port_value="BackupTunnelPort"),
    ),
    ports=tuple(ListedPort(number=port) for port in (2147, 554, 443)),
)


async def no_dns(name: str) -> Sequence[str]:
    """Resolve names without asking anybody: `*.test` is this machine, nothing else is known."""
    if name.endswith(".test"):
        return ["127.0.0.1"]
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def simulated(name: str = "web1", *behaviours: Behaviour, **more: Any) -> SimulatedHost:
    """Describe a simulated host that misbehaves so."""
    machine = Machine(computer=name.upper()[:15], machine_id=str(uuid.uuid5(uuid.NAMESPACE_DNS, name)))
    return SimulatedHost(name=name, machine=machine, behaviours=behaviours, **more)


def host_of(running: RunningHost, folder: Path) -> Host:
    """Return the inventory's view of a simulated host; the CA lies in `folder`."""
    spec = running.spec
    more: dict[str, Any] = {}
    for behaviour in spec.behaviours:
        more |= {key: value for key, value in behaviour.inventory.items() if key in ("address", "tls_pin")}
    more.setdefault("address", running.address)
    return Host(
        name=spec.name,
        port=running.port,
        profile=PROFILE,
        transport=spec.transport,
        auth=spec.auth,
        ca=folder / "ca.pem" if spec.transport == "https" else None,
        gateways={"primary": "203.0.113.10", "backup": "203.0.113.20"},
        **more,
    )


@contextlib.asynccontextmanager
async def fleet_of(folder: Path, *hosts: SimulatedHost) -> AsyncIterator[tuple[SimulatedFleet, list[Host]]]:
    """Serve simulated hosts; their CA is written into `folder`."""
    async with SimulatedFleet(hosts) as fleet:
        (folder / "ca.pem").write_bytes(_bytes(fleet.authority.pem))
        yield fleet, [host_of(running, folder) for running in fleet.hosts.values()]


def _bytes(pem: str | bytes) -> bytes:
    return pem.encode() if isinstance(pem, str) else pem


async def ask(transport: Transport, host: Host, *, deadline: float = 20.0) -> tuple[Reading, Reply] | Fault:
    """Probe a host once; a fault comes back as a value."""
    session = transport.session(endpoint(host), LOGON, deadline=deadline)
    try:
        return await probe(session, host, mode="auto", canaries=False, deadline_ms=10_000, width=32)
    except Fault as fault:
        return fault
    finally:
        await session.close()


WIRE = ContextVar("WIRE", default=TransportName.NATIVE)
"""The transport that `transport` makes: a module that says `BOTH_WIRES = True` is run with each."""


@contextlib.asynccontextmanager
async def transport(jobs: int = 4, resolver: Resolver = no_dns) -> AsyncIterator[Transport]:
    """Make a transport that asks no DNS, and close it."""
    made = made_by(WIRE.get(), jobs=jobs, resolver=resolver)
    try:
        yield made
    finally:
        await made.aclose()


@contextlib.contextmanager
def raw_server(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve connections on 127.0.0.1 with `behave`, one thread each, until the block ends; yield the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    taken: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            taken.append(sock)
            thread = threading.Thread(target=_quietly, args=(behave, sock), daemon=True)
            threads.append(thread)
            thread.start()

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        server.join()
        for sock in taken:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        for sock in taken:
            sock.close()


@contextlib.contextmanager
def silent_server() -> Iterator[tuple[int, threading.Event]]:
    """Serve connections that are read once and never answered; yield the port, and what is set once somebody
    has asked.

    The host ends no connection before the block ends: whatever ends sooner was ended by the client.
    """
    asked, over = threading.Event(), threading.Event()

    def behave(sock: socket.socket) -> None:
        if sock.recv(65536):
            asked.set()
        over.wait()

    with raw_server(behave) as port:
        try:
            yield port, asked
        finally:
            over.set()


def _quietly(behave: Callable[[socket.socket], None], sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        behave(sock)


def read_request(sock: socket.socket) -> bytes:
    """Read one HTTP request from a client; b"" at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body


def script(text: str = "'hello'") -> Script:
    """Make a script for hosts that run anything."""
    return Script(name="test", text=text, sha256="00" * 32)


def plain(port: int, **more: Any) -> Endpoint:
    """Return an endpoint on 127.0.0.1, http and NTLM unless told otherwise."""
    return Endpoint(
        **{"host": "web1", "address": "127.0.0.1", "port": port, "transport": "http", "auth": "ntlm"} | more
    )


async def fault_of(endpoint: Endpoint, *, deadline: float = 5.0, logon: Logon = LOGON) -> Fault | Reply:
    """Run a script at an endpoint by a transport of its own; a fault comes back as a value."""
    async with transport() as made:
        session = made.session(endpoint, logon, deadline=deadline)
        try:
            return await session.run(script(), {})
        except Fault as fault:
            return fault
        finally:
            await session.close()


def run(coroutine: Any) -> Any:
    """Run a coroutine to its end in a loop of its own."""
    return asyncio.run(coroutine)
