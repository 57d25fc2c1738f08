"""From a host's address to a connected socket, in the event loop: a host that is down holds no thread."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Sequence

from inventory.schema.shapes import is_ip
from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.classify import unreachable, unresolved
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.faults.make import Seen
from orchestrator.remote.session import Endpoint, Resolver

LONGEST = 10.0  # seconds for one address; a lost SYN is sent again after 1, 3 and 7


async def system_resolver(name: str) -> Sequence[str]:
    """Ask this machine's resolver. Raises OSError (socket.gaierror) where the name is unknown.

    In a thread of its own that nobody waits for: a lookup cannot be cancelled, and asyncio's own threads are
    few and are waited for at the end, so that one dead name server would hold up every other name, and the
    end of the program.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[Sequence[str]] = loop.create_future()

    def tell(addresses: Sequence[str] | None, error: Exception | None) -> None:
        if found.done():  # cancelled: the host's deadline has passed
            return
        if error is None:
            found.set_result(addresses or [])
        else:
            found.set_exception(error)

    def look() -> None:
        addresses, trouble = None, None
        try:
            entries = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
        except Exception as error:  # noqa: BLE001  # it goes to who waits
            trouble = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell, addresses, trouble)

    try:
        threading.Thread(target=look, name="resolve", daemon=True).start()
    except RuntimeError as error:
        raise OSError("no thread is left to ask in") from error
    return await found


async def resolve(endpoint: Endpoint, resolver: Resolver) -> Sequence[str]:
    """Return the addresses of an endpoint; an IP address is its own. Raises Fault."""
    seen = Seen(endpoint=endpoint, phase=Phase.RESOLVE)
    if is_ip(endpoint.address):
        return [endpoint.address]
    try:
        addresses = await resolver(endpoint.address)
    except UnicodeError as error:  # a name that no DNS can hold
        raise unresolved(OSError(str(error)), seen) from error
    except OSError as error:
        raise unresolved(error, seen) from error
    if not addresses:
        raise unresolved(OSError("no address"), seen)
    return addresses


async def connect(endpoint: Endpoint, addresses: Sequence[str], *, seconds: float) -> socket.socket:
    """Connect with the first address that lets us, within `seconds` in all.

    Raises Fault; cancelling leaves nothing.
    """
    last: Fault | None = None
    share = min(LONGEST, seconds * 0.8 / (len(addresses) + 1))  # so that time is left for another try
    for address in addresses:
        try:
            return await connect_to(address, endpoint.port, share)
        except OSError as error:  # TimeoutError is one
            last = unreachable(error, Seen(endpoint=endpoint, phase=Phase.CONNECT))
    if last is None:
        raise ValueError("no address to connect with")
    raise last


def made_for(address: str) -> socket.socket:
    """Make a socket for an address; the caller connects and closes it. Raises OSError."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return sock


def peer_of(sock: socket.socket) -> tuple[str, int]:
    """Return the address and port that a socket is connected with; ("", 0) where it is not any more."""
    with contextlib.suppress(OSError, ValueError):
        address, port, *_ = sock.getpeername()
        return str(address), int(port)
    return "", 0


async def connect_to(address: str, port: int, seconds: float = LONGEST) -> socket.socket:
    """Connect with one address within `seconds`.

    Raises OSError, which TimeoutError is; cancelling leaves nothing.
    """
    sock = made_for(address)
    try:
        sock.setblocking(False)
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_connect(sock, (address, port))
    except BaseException:
        sock.close()
        raise
    return sock
