"""HTTP/1.1 for a lean host: requests are answered in `data_received` itself, without a task."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from orchestrator.demo.lean.later import Envelope, Later
from orchestrator.demo.wire.auth import ConnectionAuth
from orchestrator.demo.wire.httpd import MAX_BODY, MAX_HEAD, Request, Response, take_request


@dataclass(frozen=True, slots=True)
class Pending:
    """A reply that is due later, and what makes HTTP of it then."""

    later: Later
    finish: Callable[[Envelope], Response]


class Server(Protocol):
    """Who answers. `opened` gives None where the connection is one too many."""

    def opened(self) -> ConnectionAuth | None:
        """Begin a connection: nobody is logged on."""

    def closed(self) -> None:
        """End one."""

    def answer(self, guard: ConnectionAuth, request: Request, *, tls: bool) -> Response | Pending:
        """Answer a request; never raises."""


class LeanConnection(asyncio.Protocol):
    """One TCP connection: keep-alive, one answer after the other, however the requests came.

    In `alive` as long as it is.
    """

    def __init__(self, server: Server, alive: set[LeanConnection]) -> None:
        self._server = server
        self._alive = alive
        self._buffer = bytearray()
        self._guard: ConnectionAuth | None = None
        self._transport: asyncio.Transport | None = None
        self._tls = False
        self._waiting: Later | None = None
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # what a stream server hands out
        self._transport = transport
        self._tls = isinstance(transport.get_extra_info("ssl_object"), ssl.SSLObject)
        self._alive.add(self)
        self._guard = self._server.opened()
        if self._guard is None:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Forget the answer that nobody is left to hear."""
        self._transport = None
        self._alive.discard(self)
        if self._waiting is not None:
            self._waiting.cancel()
        if self._guard is not None:
            self._server.closed()

    def data_received(self, data: bytes) -> None:
        """Answer what is whole; keep the rest, within limits."""
        self._buffer += data
        if len(self._buffer) > MAX_HEAD + MAX_BODY and self._transport is not None:
            self._transport.abort()
            return
        self._go_on()

    def abort(self) -> None:
        """End it at once."""
        if self._transport is not None:
            self._transport.abort()

    def pause_writing(self) -> None:
        """Answer nothing more to a client that does not read."""
        self._full = True

    def resume_writing(self) -> None:
        """Go on where it has caught up."""
        self._full = False
        self._go_on()

    def _go_on(self) -> None:
        while self._buffer and self._waiting is None and not self._full and self._guard is not None:
            if self._transport is None or self._transport.is_closing():
                return
            try:
                request = take_request(self._buffer)
            except ValueError:
                self._write(Response(400, close=True))
                return
            if request is None:
                return
            self._answer(self._guard, request)

    def _answer(self, guard: ConnectionAuth, request: Request) -> None:
        response = self._server.answer(guard, request, tls=self._tls)
        last = request.headers.get("connection", "").lower() == "close"
        if isinstance(response, Response):
            response.close = response.close or last
            self._write(response)
            return
        finish = response.finish

        def deliver(made: Envelope) -> None:
            self._waiting = None
            response = finish(made)
            response.close = response.close or last
            self._write(response)
            self._go_on()

        self._waiting = response.later
        self._waiting.start(deliver)

    def _write(self, response: Response) -> None:
        if self._transport is not None:
            self._transport.write(response.encode())
            if response.close:
                self._transport.close()
