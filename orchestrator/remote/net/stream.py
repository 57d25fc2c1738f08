"""One TCP connection to one host in the event loop: TLS over it, a request, its answer, the next request.

Linear code over `LoopSocket`: a host is read only while somebody waits for it, a write that fails leaves
what it said before readable, and cancelling (a deadline) ends at the very call that waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from orchestrator.remote.faults.trouble import Garbled, Lost, Untrusted, ViaTrouble
from orchestrator.remote.net.client_certificate import not_taken, unheard
from orchestrator.remote.net.connect import connect_to, peer_of
from orchestrator.remote.net.drive import drive
from orchestrator.remote.net.exchange import Exchange
from orchestrator.remote.net.handshake import (
    AGAIN,
    HANDSHAKE,
    HEARD,
    LOOK,
    Look,
    Shown,
    hung_up,
    may_be_no_tls,
    not_tls,
    refused_late,
    shown_by,
    silent,
    untrusted,
)
from orchestrator.remote.net.http import MAX_SESSION, Answer, Fresh, Idle, Inbox, idle
from orchestrator.remote.net.loop_socket import CHUNK, LoopSocket
from orchestrator.remote.net.trust import Secured, Trust, same_again, secured
from orchestrator.remote.session import ClientCertificate, Endpoint

_Result = TypeVar("_Result")
_MAX_ENCRYPTED = 2 * MAX_SESSION  # bytes of TLS in all; its records add a hundredth to what they carry
_PIECE = 4096  # bytes encrypted at once: a MemoryBIO keeps for good the room that it once needed
_BURST = 16_384  # bytes sent at once, of many such pieces


class Stream:
    """A connected socket, with TLS over it after `secure`. Used by one task; any may `cut` and `close`.

    Where a request needs a new connection, another socket with the same host takes its place.
    """

    __slots__ = (
        "_again",
        "_encrypted",
        "_heard",
        "_incoming",
        "_outgoing",
        "_sock",
        "_tls",
        "_trusted",
        "inbox",
    )

    def __init__(
        self, sock: socket.socket, again: Callable[[], Awaitable[socket.socket]] | None = None
    ) -> None:
        """Take over a connected, non-blocking socket; `again` makes another one, None: with the same peer."""
        self.inbox = Inbox()
        self._sock = LoopSocket(sock)
        self._again = again or partial(connect_to, *peer_of(sock))
        self._tls: ssl.SSLObject | None = None
        self._trusted: tuple[Endpoint, Trust, ClientCertificate | None, Secured] | None = None  # TLS's terms
        self._heard = b""  # the first that came in a handshake, in case it is no TLS
        self._encrypted = 0
        self._incoming = self._outgoing = ssl.MemoryBIO()

    def cut(self) -> None:
        """Shut the connection down; whoever waits for it finds it ended. Never raises."""
        self._sock.cut()

    def close(self) -> None:
        """Give the socket back. Never raises."""
        self._sock.close()

    @property
    def heard(self) -> bool:
        """Whether the host has said anything over this connection, be it TLS."""
        return bool(self._heard or self.inbox.received)

    @property
    def shown(self) -> Shown:
        """What TLS showed: certificates, version, cipher. Empty without TLS."""
        return Shown() if self._tls is None else shown_by(self._tls)

    async def drive(self, exchange: Exchange[_Result]) -> _Result:
        """Carry an exchange over this connection to its end. Raises what the exchange raises, and Lost."""
        return await drive(exchange, self.post)

    async def post(self, request: bytes) -> Answer:
        """Send and read. Raises Lost, Garbled, SpeaksTls, OtherService, Untrusted, NotKept."""
        if isinstance(request, Idle):
            return idle(ended=await self._has_hung_up())
        if isinstance(request, Fresh):
            await self._renew()
        unsent: Lost | None = None
        try:
            await self._send(request)
        except OSError as error:
            # Who refuses a request early (413) may close before it is all sent; the reason is still on its
            # way.
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
            raise await self._why(unsent or Lost("waiting for the answer")) from None

    async def _why(self, lost: Lost) -> Lost | Untrusted:
        """Tell why the connection is gone: TLS 1.3 ends so where a certificate was demanded."""
        if self._trusted is None or self.inbox.spoke:
            return lost
        ours = self._trusted[2]
        return silent(await _look(self._again), lost) if ours is None else unheard(ours)

    async def _has_hung_up(self) -> bool:
        """Whether the host has ended the connection unannounced. Never waits; what it said is kept."""
        try:
            data = await self._read_now()
        except (BlockingIOError, InterruptedError):
            return False
        except (OSError, ValueError):
            return True
        self.inbox.feed(data)
        return not data

    async def _read_now(self) -> bytes:
        """Read what is there. Raises BlockingIOError where nothing is, another OSError at the end."""
        data = self._sock.read_now()
        if self._tls is None:
            return data
        while True:
            self._take(data)
            with contextlib.suppress(ssl.SSLWantReadError):  # a ticket, or half of a record
                return self._tls.read(CHUNK)
            await asyncio.sleep(0)  # a host that talks without a pause does not hold the loop
            data = self._sock.read_now()

    async def secure(
        self, endpoint: Endpoint, trust: Trust, ours: ClientCertificate | None = None
    ) -> Secured:
        """Speak TLS from here on, with a certificate of `ours`. No secret and no user name was sent before.

        Raises Untrusted, Lost, Garbled, OtherService.
        """
        context = trust.context(endpoint, ours)
        try:
            tls = await self._handshake(context, endpoint.address.rstrip("."))
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError) as error:
            shown = await _look(self._again)
            raise (unheard(ours) if ours and shown.chain else hung_up(error, shown)) from error
        except ssl.SSLError as error:
            if ours is not None and (told := not_taken(error, ours)):
                raise told from error
            if may_be_no_tls(error) and (other := not_tls(error, endpoint, self._heard)):
                raise other from error
            raise untrusted(error, await _look(self._again), trust.held(endpoint), endpoint) from error
        except (OSError, ValueError) as error:  # ValueError: no certificate can have such a name
            raise Lost(HANDSHAKE, error if isinstance(error, OSError) else None) from error
        found = secured(tls.getpeercert(binary_form=True) or b"", endpoint)
        self._trusted = endpoint, trust, ours, found
        return found

    async def _renew(self) -> None:
        """Connect again, by TLS where it was. Raises Lost, NotKept, Untrusted, Garbled, ViaTrouble."""
        self.close()
        try:
            self._sock = LoopSocket(await self._again())
        except OSError as error:
            raise Lost(AGAIN, error) from error
        self.inbox.renew()
        self._tls = None
        if self._trusted is not None:
            endpoint, trust, ours, before = self._trusted
            same_again(before, await self.secure(endpoint, trust, ours))

    async def show(self, look: Look) -> Shown:
        """Shake hands and say what the host showed. Raises OSError, ValueError, Garbled."""
        try:
            tls = await self._handshake(look.context, None)
        except (ssl.SSLError, ConnectionError):
            return Shown(demands=look.asked)
        shown = shown_by(tls)  # before its end is waited for: it tells nothing any more then
        return replace(shown, demands=look.asked and await self._has_ended())

    async def _has_ended(self) -> bool:
        """Whether the host ends the connection though nothing was asked of it yet."""
        try:
            async with asyncio.timeout(LOOK / 2):
                return not await self._receive()
        except TimeoutError:
            return False
        except (Lost, Untrusted):
            return True

    async def _handshake(self, context: ssl.SSLContext, name: str | None) -> ssl.SSLObject:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._heard = b""
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._sock.read()
                self._heard = self._heard or data[:HEARD]
                self._take(data)
            except ssl.SSLError:
                with contextlib.suppress(OSError):
                    await self._flush()  # the alert that tells the host why
                raise
            else:
                await self._flush()
                return tls

    async def _send(self, data: bytes) -> None:
        if self._tls is None:
            await self._sock.write(data)
            return
        for start in range(0, len(data), _BURST):
            burst = []
            for at in range(start, min(start + _BURST, len(data)), _PIECE):
                self._tls.write(data[at : at + _PIECE])
                burst.append(self._outgoing.read())
            await self._sock.write(b"".join(burst))

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._sock.write(self._outgoing.read())

    async def _receive(self) -> bytes:
        """Read what is there; b"" at the end of the connection. Raises Lost."""
        try:
            if self._tls is None:
                return await self._sock.read()
            while True:
                if self._incoming.pending or self._incoming.eof or self._tls.pending():
                    with contextlib.suppress(ssl.SSLWantReadError):
                        return self._tls.read(CHUNK)
                await self._flush()
                self._take(await self._sock.read())
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError):
            return b""
        except OSError as error:
            ours = self._trusted[2] if self._trusted else None
            told = not_taken(error, ours) if ours else refused_late(error)
            raise told or Lost("reading an answer", error) from error

    def _take(self, data: bytes) -> None:
        """Hand over what came to TLS, which counts no message of its own (new keys, tickets): we do."""
        self._encrypted += len(data)
        if self._encrypted > _MAX_ENCRYPTED:
            raise Garbled(f"the host sent more than {_MAX_ENCRYPTED} bytes of TLS")
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()


async def _look(again: Callable[[], Awaitable[socket.socket]]) -> Shown:
    """Look once more, trusting nothing, at what a host shows, over a connection that sends nothing."""
    try:
        async with asyncio.timeout(LOOK):
            sock = await again()
    except (OSError, ViaTrouble):
        return Shown()
    try:
        async with asyncio.timeout(LOOK):
            with contextlib.closing(Stream(sock)) as stream:
                return await stream.show(Look())
    except (OSError, ValueError, Garbled):  # TimeoutError is an OSError
        return Shown()
