"""One TCP connection to one host in the event loop: TLS over it, a request, its answer, the next request.

Linear code over `loop.sock_*`: what a host says is read only while somebody waits for it, a write that fails leaves what
the host said before it readable, and cancelling (a deadline) ends at the very call that waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import TypeVar

from orchestrator.remote.connect import connect_to
from orchestrator.remote.http import MAX_SESSION, Answer, Inbox
from orchestrator.remote.session import Endpoint
from orchestrator.remote.speaker import Exchange, Pause
from orchestrator.remote.trouble import Garbled, Lost
from orchestrator.remote.trust import (
    HANDSHAKE,
    LOOK,
    Secured,
    Shown,
    Trust,
    hung_up,
    not_tls,
    secured,
    untrusted,
)

_Result = TypeVar("_Result")
_CHUNK = 16_384  # bytes read at once: what one TLS record holds at most
_MAX_ENCRYPTED = 2 * MAX_SESSION  # bytes of TLS in all; its records add a hundredth to what they carry
_PIECE = 4096  # bytes encrypted at once: a MemoryBIO keeps for good the room that it once needed


class Stream:
    """A connected socket, with TLS over it once `secure` has ended. Used by one task; `cut` and `close` by any."""

    __slots__ = ("_encrypted", "_incoming", "_loop", "_outgoing", "_sock", "_tls", "inbox")

    def __init__(self, sock: socket.socket) -> None:
        """Take over a connected, non-blocking socket."""
        self.inbox = Inbox()
        self._loop = asyncio.get_running_loop()
        self._sock = sock
        self._tls: ssl.SSLObject | None = None
        self._encrypted = 0
        self._incoming = self._outgoing = ssl.MemoryBIO()

    def cut(self) -> None:
        """Shut the connection down; whoever waits for it finds it ended. Never raises."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the socket back. Never raises."""
        with contextlib.suppress(OSError):
            self._sock.close()

    async def drive(self, exchange: Exchange[_Result]) -> _Result:
        """Carry an exchange over this connection to its end. Raises what the exchange raises, and Lost."""
        try:
            step = next(exchange)
            while True:
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                    step = next(exchange)
                    continue
                posting = self.post(step)
                step = b""  # a script's is large, and its answer may take long
                step = exchange.send(await posting)
        except StopIteration as end:
            result: _Result = end.value
            return result

    async def post(self, request: bytes) -> Answer:
        """Send one request and read the answer. Raises Lost, Garbled, SpeaksTls."""
        unsent: Lost | None = None
        try:
            await self._send(request)
        except OSError as error:
            # Who refuses a request early (413) may close before it is all sent; the reason is still on its way.
            unsent = Lost("sending", error)
        request = b""  # 60 KB that need not wait with a thousand hosts for their answers
        reading = self.inbox.answer()
        try:
            while True:
                next(reading)
                self.inbox.feed(await self._receive())
        except StopIteration as end:
            answer: Answer = end.value
            return answer
        except Lost:
            raise unsent or Lost("waiting for the answer") from None

    async def secure(self, endpoint: Endpoint, trust: Trust) -> Secured:
        """Speak TLS from here on. Raises Untrusted, Lost, Garbled; no secret and no user name has been sent then."""
        context = trust.context(endpoint)
        peer = self._peer()
        try:
            tls = await self._handshake(context, endpoint.address.rstrip("."))
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError) as error:
            raise hung_up(error, await _look(peer, trust)) from error
        except ssl.SSLError as error:
            raise not_tls(error, endpoint) or untrusted(error, await _look(peer, trust)) from error
        except (OSError, ValueError) as error:  # ValueError: no certificate can have such a name
            raise Lost(HANDSHAKE, error if isinstance(error, OSError) else None) from error
        self._tls = tls
        return secured(tls.getpeercert(binary_form=True) or b"", endpoint)

    def _peer(self) -> tuple[str, int]:
        try:
            address, port, *_ = self._sock.getpeername()
        except OSError as error:  # it is closed already
            raise Lost("beginning TLS", error) from error
        return address, port

    async def show(self, context: ssl.SSLContext) -> Shown:
        """Shake hands and say what the host showed. Raises OSError, ValueError, Garbled."""
        tls = await self._handshake(context, None)
        return Shown(tls.getpeercert(binary_form=True) or b"", tls.version() or "")

    async def _handshake(self, context: ssl.SSLContext, name: str | None) -> ssl.SSLObject:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                self._take(await self._recv())
            except ssl.SSLError:
                with contextlib.suppress(OSError):
                    await self._flush()  # the alert that tells the host why
                raise
            else:
                await self._flush()
                return tls

    async def _send(self, data: bytes) -> None:
        if self._tls is None:
            await self._loop.sock_sendall(self._sock, data)
            return
        for at in range(0, len(data), _PIECE):
            self._tls.write(data[at : at + _PIECE])
            await self._flush()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._loop.sock_sendall(self._sock, self._outgoing.read())

    async def _receive(self) -> bytes:
        """Read what is there; b"" at the end of the connection. Raises Lost."""
        try:
            if self._tls is None:
                return await self._recv()
            while True:
                with contextlib.suppress(ssl.SSLWantReadError):
                    return self._tls.read(_CHUNK)
                await self._flush()
                self._take(await self._recv())
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError):
            return b""
        except OSError as error:
            raise Lost("reading an answer", error) from error

    async def _recv(self) -> bytes:
        """Read from the socket. What is there already does not wait, and still lets the other hosts go first.

        asyncio's own call would not: a host that talks without a pause would hold the loop, deadlines included.
        """
        try:
            data = self._sock.recv(_CHUNK)
        except (BlockingIOError, InterruptedError):
            return await self._loop.sock_recv(self._sock, _CHUNK)
        await asyncio.sleep(0)
        return data

    def _take(self, data: bytes) -> None:
        """Hand over what came to TLS, which counts no message of its own, such as a new key or ticket: we do."""
        self._encrypted += len(data)
        if self._encrypted > _MAX_ENCRYPTED:
            raise Garbled(f"the host sent more than {_MAX_ENCRYPTED} bytes of TLS")
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()


async def _look(peer: tuple[str, int], trust: Trust) -> Shown:
    """Look once more, trusting nothing, at what a host shows. A connection of its own; nothing is sent over it."""
    try:
        sock = await connect_to(*peer)
    except OSError:
        return Shown()
    stream = Stream(sock)
    try:
        async with asyncio.timeout(LOOK):
            return await stream.show(trust.curious())
    except (OSError, ValueError, Garbled):  # TimeoutError is an OSError
        return Shown()
    finally:
        stream.close()
