"""HTTP/1.1 answers as a host sends them: bytes in, an `Answer` out, within limits. Pure: no socket anywhere.

Both transports read by it; what feeds it is a thread's socket or the event loop's.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

from orchestrator.remote.trouble import Garbled, Lost, SpeaksTls

MAX_ANSWER = 1_048_576  # bytes of one body
MAX_SESSION = 4 * MAX_ANSWER  # bytes of everything that one host says
MAX_HEAD = 65_536  # bytes of a status line with its headers
MAX_COMPLAINT = 65_536  # bytes of a body that comes with an error status; what follows is not read
_MAX_INTERIM = 8  # answers of the 100 family before the real one
_ERRORS_FROM = 300
_TLS_ALERT = b"\x15\x03"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer. Header names are in lower case, values of the same name joined with ", " in `headers`."""

    status: int
    headers: Mapping[str, str]
    challenges: tuple[str, ...]  # each WWW-Authenticate header by itself
    body: bytes


class Inbox:
    """What one host said over one connection, in the order it came."""

    __slots__ = ("_buffer", "_ended", "received", "usable")

    def __init__(self) -> None:
        self.received = 0
        self.usable = True  # False once an answer left the connection in a state that nothing can follow
        self._buffer = bytearray()
        self._ended = False

    def feed(self, data: bytes) -> None:
        """Take what came; b"" for the end of the connection. Raises Garbled where a host says too much."""
        if not data:
            self._ended = True
            return
        self.received += len(data)
        if self.received > MAX_SESSION:
            raise Garbled(f"the host said more than {MAX_SESSION} bytes")
        self._buffer += data

    def answer(self) -> Generator[None, None, Answer]:
        """Read the next answer; yields each time more bytes have to be fed first. Raises Lost, Garbled, SpeaksTls."""
        for _ in range(_MAX_INTERIM):
            status, pairs = yield from self._head()
            if status >= 200:  # noqa: PLR2004  # below: 100 Continue and its like, with no body
                break
        else:
            raise Garbled("one interim HTTP answer after the other")
        headers: dict[str, str] = {}
        for name, value in pairs:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        body = yield from self._body(status, headers)
        if headers.get("connection", "").lower() == "close":
            self.usable = False
        challenges = tuple(value for name, value in pairs if name == "www-authenticate")
        return Answer(status=status, headers=headers, challenges=challenges, body=body)

    def _more(self) -> Generator[None, None, bool]:
        """Wait for more. False at the end of the connection."""
        if not self._ended:
            yield
        return not self._ended

    def _head(self) -> Generator[None, None, tuple[int, list[tuple[str, str]]]]:
        buffer = self._buffer
        searched = 0  # bytes, so that a head that comes byte by byte is not searched from its start each time
        while (end := buffer.find(b"\r\n\r\n", searched)) < 0:
            searched = max(0, len(buffer) - 3)
            if len(buffer) > MAX_HEAD:
                raise Garbled(f"HTTP headers of more than {MAX_HEAD} bytes")
            if len(buffer) >= 5 and not buffer.startswith(b"HTTP/"):  # noqa: PLR2004  # length of it
                if buffer.startswith(_TLS_ALERT):
                    raise SpeaksTls
                raise Garbled(f"not HTTP: the answer begins with {bytes(buffer[:40])!r}")
            if not (yield from self._more()):
                if buffer:
                    raise Garbled(f"the connection ended within the HTTP headers: {bytes(buffer[:40])!r}")
                raise Lost("waiting for the answer")
        first, *lines = buffer[:end].decode("latin-1").split("\r\n")
        del buffer[: end + 4]
        return _status(first), [_header(line) for line in lines]

    def _body(self, status: int, headers: Mapping[str, str]) -> Generator[None, None, bytes]:
        limit = MAX_COMPLAINT if status >= _ERRORS_FROM else MAX_ANSWER
        if status in (204, 304):
            return b""
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return (yield from self._chunked(status, limit))
        length = headers.get("content-length")
        if length is None:
            return (yield from self._until_close(status, limit))
        if not (length.isascii() and length.isdigit()):
            raise Garbled(f"Content-Length is {length[:40]!r}")
        return (yield from self._exactly(int(length[:20]), status, limit))

    def _exactly(self, size: int, status: int, limit: int) -> Generator[None, None, bytes]:
        if size > limit:
            self._too_large(status, f"{size} bytes announced", limit)
            size = limit
        while len(self._buffer) < size:
            if not (yield from self._more()):
                raise Lost(f"reading an answer, {len(self._buffer)} of {size} bytes came")
        body = bytes(self._buffer[:size])
        del self._buffer[:size]
        return body

    def _until_close(self, status: int, limit: int) -> Generator[None, None, bytes]:
        self.usable = False
        while len(self._buffer) <= limit:
            if not (yield from self._more()):
                break
        else:
            self._too_large(status, "no end in sight", limit)
        body = bytes(self._buffer[:limit])
        self._buffer.clear()
        return body

    def _chunked(self, status: int, limit: int) -> Generator[None, None, bytes]:
        body = bytearray()
        while size := (yield from self._chunk_size()):
            if len(body) + size > limit:
                self._too_large(status, "chunk after chunk", limit)
                return bytes(body)
            body += yield from self._exactly(size, status, limit)
            yield from self._line()  # the line end after the chunk
        while (yield from self._line()):
            pass  # trailers
        return bytes(body)

    def _chunk_size(self) -> Generator[None, None, int]:
        line = yield from self._line()
        digits = line.split(b";", 1)[0].strip()
        if not digits or len(digits) > 8 or digits.strip(b"0123456789abcdefABCDEF"):  # noqa: PLR2004  # 4 GB is too much
            raise Garbled(f"a chunk's size is {bytes(digits[:40])!r}")
        return int(digits, 16)

    def _line(self) -> Generator[None, None, bytes]:
        searched = 0
        while (end := self._buffer.find(b"\r\n", searched)) < 0:
            searched = max(0, len(self._buffer) - 1)
            if len(self._buffer) > MAX_HEAD:
                raise Garbled("a line without an end between two chunks")
            if not (yield from self._more()):
                raise Lost("reading an answer in chunks")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _too_large(self, status: int, what: str, limit: int) -> None:
        """Refuse an answer; of an error status its first part is enough, and nothing can follow it."""
        self.usable = False
        if status < _ERRORS_FROM:
            raise Garbled(f"an answer too large: {what}, {limit} are the most")


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
