"""One TCP connection to one host, and HTTP/1.1 over it: a POST, its answer, the next POST.

The socket is ours, so that it can be shut down from another thread, every byte is counted as it comes, nothing is
redirected, no environment is asked for a proxy, and a logon can rely on its connection: there is only this one.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.remote.trouble import Garbled, Lost, Overdue, SpeaksTls

MAX_ANSWER = 1_048_576  # bytes of one body
MAX_SESSION = 4 * MAX_ANSWER  # bytes of everything that one host says
MAX_HEAD = 65_536  # bytes of a status line with its headers
MAX_COMPLAINT = 65_536  # bytes of a body that comes with an error status; what follows is not read
_MAX_INTERIM = 8  # answers of the 100 family before the real one
_CHUNK = 65_536
_ERRORS_FROM = 300
_TLS_ALERT = b"\x15\x03"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer. Header names are in lower case, values of the same name joined with ", " in `headers`."""

    status: int
    headers: Mapping[str, str]
    challenges: tuple[str, ...]  # each WWW-Authenticate header by itself
    body: bytes


class Wire:
    """A connected socket. Used by one thread; `cut` alone may come from any other."""

    def __init__(self, sock: socket.socket, *, ends: float, clock: Callable[[], float]) -> None:
        """Take a connected socket; `ends` is when the session's time is up, by `clock` (seconds)."""
        self.ends = ends
        self.received = 0
        self.usable = True  # False once an answer left the connection in a state that nothing can follow
        self._clock = clock
        self._buffer = bytearray()
        self._lock = threading.Lock()
        self._sock = sock
        self._is_cut = False

    @property
    def sock(self) -> socket.socket:
        """The socket, for the TLS handshake and nothing else."""
        return self._sock

    def hold(self, sock: socket.socket) -> None:
        """Take another socket in the place of the present one, so that `cut` reaches it. Raises Lost once cut."""
        with self._lock:
            self._sock = sock
            if self._is_cut:
                sock.close()
                raise Lost("cut")

    def cut(self) -> None:
        """Shut the connection down; whatever waits for it wakes up. Never raises."""
        with self._lock:
            self._is_cut = True
            # Not `self._sock.shutdown`: SSLSocket's forgets its TLS first, and what the other thread writes in that
            # moment would go out in clear.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the socket back. Never raises."""
        with self._lock, contextlib.suppress(OSError):
            self._sock.close()

    def allow(self) -> None:
        """Give the next socket call what is left of the time. Raises Overdue when nothing is."""
        left = self.ends - self._clock()
        if left <= 0:
            raise Overdue
        self._sock.settimeout(left)

    def post(self, head: Sequence[str], body: bytes) -> Answer:
        """Send one request (`head`: its lines without line ends) and read the answer.

        Raises Lost, Overdue, Garbled.
        """
        lines = "\r\n".join((*head, f"Content-Length: {len(body)}", "", ""))
        unsent: Lost | None = None
        try:
            self.allow()
            self._sock.sendall(lines.encode("latin-1", "replace") + body)
        except TimeoutError:
            raise Overdue from None
        except OSError as error:
            # Who refuses a request early (413) may close before it is all sent; the reason is still on its way.
            unsent = Lost("sending", error)
        try:
            return self._answer()
        except Lost:
            raise unsent or Lost("waiting for the answer") from None

    def _answer(self) -> Answer:
        for _ in range(_MAX_INTERIM):
            status, pairs = self._head()
            if status >= 200:  # noqa: PLR2004  # below: 100 Continue and its like, with no body
                break
        else:
            raise Garbled("one interim HTTP answer after the other")
        headers: dict[str, str] = {}
        for name, value in pairs:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        body = self._body(status, headers)
        if headers.get("connection", "").lower() == "close":
            self.usable = False
        challenges = tuple(value for name, value in pairs if name == "www-authenticate")
        return Answer(status=status, headers=headers, challenges=challenges, body=body)

    def _head(self) -> tuple[int, list[tuple[str, str]]]:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > MAX_HEAD:
                raise Garbled(f"HTTP headers of more than {MAX_HEAD} bytes")
            if len(self._buffer) >= 5 and not self._buffer.startswith(b"HTTP/"):  # noqa: PLR2004  # length of it
                if self._buffer.startswith(_TLS_ALERT):
                    raise SpeaksTls
                raise Garbled(f"not HTTP: the answer begins with {bytes(self._buffer[:40])!r}")
            if not self._fill():
                if self._buffer:
                    raise Garbled(
                        f"the connection ended within the HTTP headers: {bytes(self._buffer[:40])!r}"
                    )
                raise Lost("waiting for the answer")
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        return _status(first), [_header(line) for line in lines]

    def _body(self, status: int, headers: Mapping[str, str]) -> bytes:
        limit = MAX_COMPLAINT if status >= _ERRORS_FROM else MAX_ANSWER
        if status in (204, 304):
            return b""
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunked(status, limit)
        length = headers.get("content-length")
        if length is None:
            return self._until_close(status, limit)
        if not (length.isascii() and length.isdigit()):
            raise Garbled(f"Content-Length is {length[:40]!r}")
        return self._exactly(int(length[:20]), status, limit)

    def _exactly(self, size: int, status: int, limit: int) -> bytes:
        if size > limit:
            self._too_large(status, f"{size} bytes announced", limit)
            size = limit
        while len(self._buffer) < size:
            if not self._fill():
                raise Lost(f"reading an answer, {len(self._buffer)} of {size} bytes came")
        body = bytes(self._buffer[:size])
        del self._buffer[:size]
        return body

    def _until_close(self, status: int, limit: int) -> bytes:
        self.usable = False
        while len(self._buffer) <= limit:
            if not self._fill():
                break
        else:
            self._too_large(status, "no end in sight", limit)
        body = bytes(self._buffer[:limit])
        self._buffer.clear()
        return body

    def _chunked(self, status: int, limit: int) -> bytes:
        body = bytearray()
        while size := self._chunk_size():
            if len(body) + size > limit:
                self._too_large(status, "chunk after chunk", limit)
                return bytes(body)
            body += self._exactly(size, status, limit)
            self._line()  # the line end after the chunk
        while self._line():
            pass  # trailers
        return bytes(body)

    def _chunk_size(self) -> int:
        digits = self._line().split(b";", 1)[0].strip()
        if not digits or len(digits) > 8 or digits.strip(b"0123456789abcdefABCDEF"):  # noqa: PLR2004  # 4 GB is too much
            raise Garbled(f"a chunk's size is {bytes(digits[:40])!r}")
        return int(digits, 16)

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > MAX_HEAD:
                raise Garbled("a line without an end between two chunks")
            if not self._fill():
                raise Lost("reading an answer in chunks")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _too_large(self, status: int, what: str, limit: int) -> None:
        """Refuse an answer; of an error status its first part is enough, and nothing can follow it."""
        self.usable = False
        if status < _ERRORS_FROM:
            raise Garbled(f"an answer too large: {what}, {limit} are the most")

    def _fill(self) -> bool:
        """Read what is there. False at the end of the connection."""
        self.allow()
        try:
            data = self._sock.recv(_CHUNK)
        except TimeoutError:
            raise Overdue from None
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError):
            return False
        except ValueError as error:  # an SSLSocket that was closed meanwhile
            raise Lost("cut") from error
        except OSError as error:
            raise Lost("reading an answer", error) from error
        self.received += len(data)
        if self.received > MAX_SESSION:
            raise Garbled(f"the host said more than {MAX_SESSION} bytes")
        self._buffer += data
        return bool(data)


def _status(line: str) -> int:
    version, _, rest = line.partition(" ")
    code = rest[:3]
    if version not in ("HTTP/1.1", "HTTP/1.0") or not (code.isascii() and code.isdigit() and code >= "100"):
        raise Garbled(f"an HTTP status line that is none: {line[:60]!r}")
    return int(code)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise Garbled(f"an HTTP header without a colon: {line[:60]!r}")
    return name.strip().lower(), value.strip()
