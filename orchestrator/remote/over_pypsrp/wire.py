"""One TCP connection to one host for a thread: a request, its answer, the next request.

The socket is ours, so that it can be shut down from another thread, every byte is counted as it comes,
nothing is redirected, no environment is asked for a proxy, and a logon can rely on its connection: another
one takes its place only where a request asks for that.
"""

from __future__ import annotations

import contextlib
import math
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import Future

from orchestrator.remote.faults.trouble import Lost, Overdue
from orchestrator.remote.net.client_certificate import not_taken, unheard
from orchestrator.remote.net.connect import made_for, peer_of
from orchestrator.remote.net.handshake import AGAIN, Shown, refused_late, silent
from orchestrator.remote.net.http import Answer, Fresh, Idle, Inbox, idle
from orchestrator.remote.over_pypsrp.dialling import Again, waited
from orchestrator.remote.session import ClientCertificate

_CHUNK = 65_536


class BlockingConnection:
    """A connected socket. Used by one thread; `cut` alone may come from any other."""

    def __init__(
        self, sock: socket.socket, *, ends: float, clock: Callable[[], float], again: Again | None = None
    ) -> None:
        """Take a connected socket; `ends` is when the session's time is up, by `clock` (seconds).

        `again` connects with the same host; None: the peer is the host.
        """
        self.ends = ends
        self.inbox = Inbox()
        # Where TLS was spoken: what speaks it over a new connection, and what looks at what the host shows.
        # They are given this wire and do not hold it: a ring would keep its TLS until it is collected.
        self.secure_again: Callable[[BlockingConnection], None] | None = None
        self.look: Callable[[BlockingConnection], Shown] | None = None
        self.ours: ClientCertificate | None = None  # the certificate that the host was shown
        self.peer = peer_of(sock)
        self._again = again
        self._dialling: Future[socket.socket] | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._sock = sock
        self._is_cut = threading.Event()

    @property
    def sock(self) -> socket.socket:
        """The socket, for the TLS handshake and nothing else."""
        return self._sock

    def hold(self, sock: socket.socket) -> None:
        """Take another socket in the place of the present one, so that `cut` reaches it.

        Raises Lost once cut.
        """
        with self._lock:
            self._sock = sock
            if self._is_cut.is_set():
                sock.close()
                raise Lost("cut")

    def cut(self) -> None:
        """Shut the connection down; whatever waits for it wakes up. Never raises."""
        with self._lock:
            self._is_cut.set()
            if self._dialling is not None:
                self._dialling.cancel()
            # Not `self._sock.shutdown`: SSLSocket's forgets its TLS first, and what the other thread writes
            # in that moment would go out in clear.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the socket back. Never raises."""
        with self._lock, contextlib.suppress(OSError):
            self._sock.close()

    def dial(self, most: float = math.inf) -> socket.socket:
        """Connect with the same host in the place of the present connection, within `most` seconds.

        Raises OSError, Lost once cut, Overdue, ViaTrouble.
        """
        self.close()
        if self._again is None:
            sock = made_for(self.peer[0])
            self.hold(sock)
            self.allow(most)
            sock.connect(self.peer)
            return sock
        with self._lock:
            if self._is_cut.is_set():
                raise Lost("cut")
            self._dialling = dialling = self._again()
        sock = waited(dialling, min(self.ends - self._clock(), most))
        self.hold(sock)
        self.allow(most)
        return sock

    def allow(self, most: float = math.inf) -> None:
        """Allow the next socket call what is left of the time, `most` seconds of it.

        Raises Overdue when nothing is.
        """
        left = self.ends - self._clock()
        if left <= 0:
            raise Overdue
        self._sock.settimeout(min(left, most))

    def pause(self, seconds: float) -> None:
        """Wait, within what is left of the time. Raises Lost once cut."""
        if self._is_cut.wait(max(0.0, min(seconds, self.ends - self._clock()))):
            raise Lost("cut")

    def post(self, request: bytes) -> Answer:
        """Send one request and read the answer.

        Raises Lost, Overdue, Garbled, SpeaksTls, OtherService, Untrusted, NotKept.
        """
        if isinstance(request, Idle):
            return idle(ended=self._has_hung_up())
        if isinstance(request, Fresh):
            self._renew()
        unsent: Lost | None = None
        try:
            self.allow()
            self._sock.sendall(request)
        except TimeoutError:
            raise Overdue from None
        except OSError as error:
            # Who refuses a request early (413) may close before it is all sent; the reason is still on its
            # way.
            unsent = Lost("sending", error)
        try:
            return self._answer()
        except Lost:
            lost = unsent or Lost("waiting for the answer")
            if self.ours is not None and not self.inbox.spoke:
                raise unheard(self.ours) from None
            raise (lost if self.look is None or self.inbox.spoke else silent(self.look(self), lost)) from None

    def _has_hung_up(self) -> bool:
        """Whether the host has ended the connection without having said so.

        Never waits; what it said is kept.
        """
        try:
            self._sock.settimeout(0)
            data = self._sock.recv(_CHUNK)
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError):
            return False
        except (OSError, ValueError):
            return True
        self.inbox.feed(data)
        return not data

    def _renew(self) -> None:
        """Connect with the same host again, by TLS where it was.

        Raises Lost, Overdue, NotKept, Untrusted, ViaTrouble.
        """
        try:
            self.dial()
        except TimeoutError:
            raise Overdue from None
        except OSError as error:
            raise Lost(AGAIN, error) from error
        self.inbox.renew()
        if self.secure_again is not None:
            self.secure_again(self)

    def _answer(self) -> Answer:
        reading = self.inbox.answer()
        while True:
            try:
                next(reading)
            except StopIteration as end:
                answer: Answer = end.value
                return answer
            self.inbox.feed(self._read())

    def _read(self) -> bytes:
        """Read what is there; b"" at the end of the connection."""
        self.allow()
        try:
            return self._sock.recv(_CHUNK)
        except TimeoutError:
            raise Overdue from None
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError):
            return b""
        except ValueError as error:  # an SSLSocket that was closed meanwhile
            raise Lost("cut") from error
        except OSError as error:
            told = not_taken(error, self.ours) if self.ours else refused_late(error)
            raise told or Lost("reading an answer", error) from error
