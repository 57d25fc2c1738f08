"""A small HTTP/1.1 server protocol: keep-alive, one request at a time, and every way to reply badly."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Protocol

from orchestrator.demo.wire.auth import Headers

_LAST_TURNS = 100  # of the event loop, for connections to end in
GOODBYE = 1.0  # seconds that a client gets to end TLS as it should
MAX_HEAD = 16 * 1024
MAX_BODY = 4 * 1024 * 1024
SOAP = "application/soap+xml;charset=UTF-8"
_REASONS = {
    200: "OK", 301: "Moved Permanently", 302: "Found", 307: "Temporary Redirect", 400: "Bad Request",
    401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed", 407: "Proxy Authentication Required",
    411: "Length Required", 413: "Request Entity Too Large", 500: "Internal Server Error",
    502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip


@dataclass(slots=True)
class Request:
    """A request, its header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Delivery = Callable[["HttpConnection", bytes], Awaitable[None]]
"""Writes an encoded reply in a way of its own: in drops, half, never."""


@dataclass(slots=True)
class Response:
    """A reply. `deliver` None writes it at once; `close` ends the connection after it."""

    status: int = 200
    body: bytes = b""
    headers: Headers = field(default_factory=list)
    content_type: str = SOAP
    close: bool = False
    deliver: Delivery | None = None

    def encode(self) -> bytes:
        """Write head and body as they go over the wire."""
        lines = [f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Unknown')}"]
        if self.body:
            lines.append(f"Content-Type: {self.content_type}")
        lines.extend(f"{name}: {value}" for name, value in self.headers)
        if not any(name == "Server" for name, _ in self.headers):
            lines.append("Server: Microsoft-HTTPAPI/2.0")
        lines.append(f"Date: {formatdate(usegmt=True)}")
        if self.close:
            lines.append("Connection: close")
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode("latin-1") + self.body


def take_request(buffer: bytearray) -> Request | None:
    """Take the first request out of what has come; None while it is not whole.

    Raises ValueError where it is none.
    """
    end = buffer.find(b"\r\n\r\n")
    if buffer and not buffer[:1].isalpha():
        raise ValueError("no HTTP: a TLS hello, most likely")
    if end < 0:
        if len(buffer) > MAX_HEAD:
            raise ValueError("the head is too large")
        return None
    first, *lines = buffer[:end].decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    stop = end + 4 + int(headers.get("content-length") or 0)
    if stop > MAX_BODY or "transfer-encoding" in headers:
        raise ValueError("the body is too large, or chunked, which no WinRM client sends")
    if len(buffer) < stop:
        return None
    with memoryview(buffer) as whole:
        body = bytes(whole[end + 4 : stop])
    del buffer[:stop]
    return Request(method, target, headers, body)


Handler = Callable[["HttpConnection", Request], Awaitable[Response]]


class HttpConnection(asyncio.Protocol):
    """One TCP connection. `on_open` may refuse it by returning False."""

    def __init__(
        self,
        handler: Handler,
        on_open: Callable[[HttpConnection], bool],
        on_close: Callable[[HttpConnection], None],
    ) -> None:
        self.state: object = None  # the host's: who is logged on here
        self.tls = False
        self.closed = False
        self._handler = handler
        self._on_open = on_open
        self._on_close = on_close
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._writable: asyncio.Event | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # what a stream server hands out
        self._transport = transport
        self.tls = isinstance(transport.get_extra_info("ssl_object"), ssl.SSLObject)
        if not self._on_open(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Stop whatever is still being answered."""
        self.closed = True
        if self._task is not None:
            self._task.cancel()
        if self._writable is not None:
            self._writable.set()
        self._on_close(self)

    def data_received(self, data: bytes) -> None:
        """Collect, and answer when a request is whole."""
        self._buffer += data
        if self._task is None:
            self._next()

    def pause_writing(self) -> None:
        """Note that the client reads slower than we write."""
        self._writable = asyncio.Event()

    def resume_writing(self) -> None:
        """Note that it has caught up."""
        if self._writable is not None:
            self._writable.set()
            self._writable = None

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        if self._transport is not None and not self.closed:
            self._transport.write(data)

    async def drain(self) -> None:
        """Wait until the client has read most of it."""
        if self._writable is not None:
            await self._writable.wait()

    def abort(self) -> None:
        """Reset the connection: a RST, where closing alone would be an ordinary end."""
        if self._transport is not None and not self.closed:
            sock = self._transport.get_extra_info("socket")
            if sock is not None:  # TLS that the client has just ended has none any more
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _next(self) -> None:
        try:
            request = take_request(self._buffer)
        except ValueError:
            self.write(Response(400, close=True).encode())
            self._close()
            return
        if request is not None:
            self._task = asyncio.get_running_loop().create_task(self._serve(request))

    async def _serve(self, request: Request) -> None:
        response = await self._handler(self, request)
        if response.deliver is None:
            self.write(response.encode())
        else:
            await response.deliver(self, response.encode())
        self._task = None
        if response.close or request.headers.get("connection", "").lower() == "close":
            self._close()
        elif self._buffer and not self.closed:
            self._next()


class Silent(HttpConnection):
    """Takes a connection and says nothing, not even to a TLS hello."""

    def data_received(self, data: bytes) -> None:
        """Ignore it."""


class OldTls(HttpConnection):
    """Answers any TLS hello with one of TLS 1.0, as Windows Server 2008 R2 does out of the box,
    and says no more.
    """

    _HELLO = (
        b"\x03\x01" + bytes(32) + b"\x00\x00\x2f\x00"
    )  # version, random, no session, RSA-AES128-SHA, plain

    def data_received(self, data: bytes) -> None:  # noqa: ARG002  # whatever it is
        """Say hello in the one version there is."""
        message = b"\x02" + len(self._HELLO).to_bytes(3, "big") + self._HELLO
        self.write(b"\x16\x03\x01" + len(message).to_bytes(2, "big") + message)


async def never(connection: HttpConnection, data: bytes) -> None:  # noqa: ARG001  # a Delivery
    """Keep silent until the client gives up."""
    await asyncio.get_running_loop().create_future()


async def cut(connection: HttpConnection, data: bytes) -> None:  # noqa: ARG001  # a Delivery
    """Reset instead of replying."""
    connection.abort()


async def half(connection: HttpConnection, data: bytes) -> None:
    """Reset in the middle of the reply."""
    connection.write(data[: len(data) // 2])
    await asyncio.sleep(0.01)  # the first half is on its way before the reset overtakes it
    connection.abort()


def dripping(interval: float) -> Delivery:
    """Make a delivery of one byte every `interval` seconds."""

    async def drip(connection: HttpConnection, data: bytes) -> None:
        for byte in data:
            connection.write(bytes([byte]))
            await asyncio.sleep(interval)

    return drip


def flooding(size: int) -> Delivery:
    """Make a delivery of `size` bytes that look like the beginning of a reply, whatever the reply is."""

    async def flood(connection: HttpConnection, data: bytes) -> None:  # noqa: ARG001  # a Delivery
        start = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><x>'
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {SOAP}\r\nContent-Length: {size}\r\n\r\n"
        connection.write(head.encode() + start)
        left = size - len(start)
        block = b"A" * 65536
        while left > 0 and not connection.closed:
            connection.write(block[:left])
            left -= len(block)
            await connection.drain()
            await asyncio.sleep(0)

    return flood


class Abortable(Protocol):
    """A connection that can be ended at once."""

    def abort(self) -> None:
        """End it."""


async def abort_all(connections: Collection[Abortable]) -> None:
    """End what is open, and what was being accepted just now: an accepted socket takes two turns of the event
    loop to become a connection.
    """
    for turn in range(_LAST_TURNS):
        for connection in list(connections):
            connection.abort()
        await asyncio.sleep(0)
        if not connections and turn > 1:
            break
