"""HTTP/1.1 answers as a host sends them: bytes in, an `Answer` out, within limits. Pure: no socket anywhere.

Both transports read by it; what feeds it is a thread's socket or the event loop's.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from orchestrator.remote.faults.trouble import Garbled, Lost, OtherService, SpeaksTls
from orchestrator.remote.net.banners import service

MAX_ANSWER = 1_048_576  # bytes of one body
MAX_SESSION = 4 * MAX_ANSWER  # bytes of everything that one host says
MAX_HEAD = 65_536  # bytes of a status line with its headers
MAX_COMPLAINT = 65_536  # bytes that are kept of a body that comes with an error status
_MAX_INTERIM = 8  # answers of the 100 family before the real one
_ERRORS_FROM = 300
_TLS_ALERT = b"\x15\x03"
_SWITCHED = 101  # the answer that nothing of HTTP follows
_HTTP = b"HTTP/"
_SHORT_HEAD = 400  # bytes; longer ones carry a token, which is one host's alone
_BANNER = 200  # bytes of what is no HTTP that tell which service it is
_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")  # a line may end in LF alone (RFC 9112 2.2)
_STATUS = re.compile(r"HTTP/1\.(\d) ([1-9]\d\d)(?: .*)?", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer.

    Header names are in lower case, values of the same name joined with ", " in `headers`.
    """

    status: int
    headers: Mapping[str, str]
    challenges: tuple[str, ...]  # each WWW-Authenticate header by itself
    body: bytes
    last: bool = False  # nothing can follow it over this connection


class Fresh(bytes):
    """A request that has to go over a new connection, since an answer was the last one over the present."""

    __slots__ = ()


class Idle(bytes):
    """No request at all: it asks whether the host has ended the connection meanwhile.

    Its answer says so by `last`.
    """

    __slots__ = ()


def idle(*, ended: bool) -> Answer:
    """Answer an `Idle`."""
    return Answer(status=0, headers={}, challenges=(), body=b"", last=ended)


class Inbox:
    """What one host said, in the order it came: over one connection, and the next one after `renew`."""

    __slots__ = ("_buffer", "_ended", "_kept", "received", "spoke", "usable")

    def __init__(self) -> None:
        self.received = 0
        self.usable = True  # False once nobody knows what the host would make of another request
        self._buffer = bytearray()
        self._ended = False
        self._kept = True  # False once an answer was the last one over this connection
        self.spoke = False  # whether HTTP has been heard over this connection

    def renew(self) -> None:
        """Begin with a new connection."""
        self._buffer.clear()
        self._ended = self.spoke = False
        self._kept = True

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
        """Read the next answer; yields each time more bytes have to be fed first.

        Raises Lost, Garbled, SpeaksTls, OtherService.
        """
        for _ in range(_MAX_INTERIM):
            head = yield from self._head()
            if head.status >= 200 or head.status == _SWITCHED:  # noqa: PLR2004  # below: 100 Continue and its like, with no body
                break
        else:
            raise Garbled("one interim HTTP answer after the other")
        self._kept = head.kept
        body = yield from self._body(head.status, head.headers)
        return Answer(
            status=head.status,
            headers=head.headers,
            challenges=head.challenges,
            body=body,
            last=not self._kept,
        )

    def _more(self) -> Generator[None, None, bool]:
        """Wait for more. False at the end of the connection."""
        if not self._ended:
            yield
        return not self._ended

    def _head(self) -> Generator[None, None, _Head]:
        buffer = self._buffer
        searched = 0  # bytes, so that a head that comes byte by byte is not searched from its start each time
        while (end := _HEAD_ENDS.search(buffer, searched)) is None:
            searched = max(0, len(buffer) - 3)
            if len(buffer) > MAX_HEAD:
                raise Garbled(f"HTTP headers of more than {MAX_HEAD} bytes")
            if len(buffer) >= len(_HTTP):
                self._refuse_others()
            if not (yield from self._more()):
                if not buffer:
                    raise Lost("waiting for the answer")
                self._refuse_others()
                raise Garbled(f"the connection ended within the HTTP headers: {bytes(buffer[:40])!r}")
        self._refuse_others()
        said = bytes(buffer[: end.start()])
        del buffer[: end.end()]
        head = (_parsed_once if len(said) <= _SHORT_HEAD else _parsed)(said)
        self.spoke = True
        return head

    def _refuse_others(self) -> None:
        """Refuse what is no HTTP: where nothing else was heard before, another service listens there."""
        buffer = self._buffer
        if buffer.startswith(_HTTP) or (len(buffer) < len(_HTTP) and _HTTP.startswith(buffer)):
            return
        heard = bytes(buffer[:_BANNER])
        if heard.startswith(_TLS_ALERT):
            raise SpeaksTls
        if self.spoke or _HTTP.startswith(heard.lstrip(b"\r\n")[: len(_HTTP)]):
            raise Garbled(f"not HTTP: the answer begins with {heard[:40]!r}")
        raise OtherService(heard, service(heard))

    def _body(self, status: int, headers: Mapping[str, str]) -> Generator[None, None, bytes]:
        limit = MAX_COMPLAINT if status >= _ERRORS_FROM else MAX_ANSWER
        if status in (_SWITCHED, 204, 304):
            return b""
        if (coding := headers.get("transfer-encoding", "identity").strip().lower()) != "identity":
            if coding != "chunked":
                raise Garbled(f"Transfer-Encoding is {coding[:40]!r}, which nobody asked for")
            return (yield from self._chunked(status, limit))
        length = headers.get("content-length")
        if length is None:
            return (yield from self._until_close(status, limit))
        return (yield from self._exactly(_length(length), status, limit))

    def _exactly(self, size: int, status: int, limit: int) -> Generator[None, None, bytes]:
        if size > (MAX_ANSWER if status >= _ERRORS_FROM else limit):
            self._too_large(status, f"{size} bytes announced", limit)
            size = limit
        while len(self._buffer) < size:
            if not (yield from self._more()):
                raise Lost(f"reading an answer, {len(self._buffer)} of {size} bytes came")
        body = bytes(self._buffer[: min(size, limit)])
        del self._buffer[:size]
        return body

    def _until_close(self, status: int, limit: int) -> Generator[None, None, bytes]:
        self._kept = False
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
        most = MAX_ANSWER if status >= _ERRORS_FROM else limit
        while size := (yield from self._chunk_size()):
            if len(body) + size > most:
                self._too_large(status, "chunk after chunk", limit)
                return bytes(body[:limit])
            body += yield from self._exactly(size, status, most)
            yield from self._line()  # the line end after the chunk
        while (yield from self._line()):
            pass  # trailers
        return bytes(body[:limit])

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
        self._kept = False
        if status < _ERRORS_FROM:
            raise Garbled(f"an answer too large: {what}, {limit} are the most")


@dataclass(frozen=True, slots=True)
class _Head:
    """A status line with its headers, as `Answer` has them; `kept`: they let the connection go on."""

    status: int
    headers: Mapping[str, str]
    challenges: tuple[str, ...]
    kept: bool


def _parsed(said: bytes) -> _Head:
    """Read a head. Raises Garbled."""
    first, *lines = said.decode("latin-1").replace("\r\n", "\n").split("\n")
    version, status = _status(first)
    pairs = [_header(line) for line in _unfolded(lines)]
    headers: dict[str, str] = {}
    for name, value in pairs:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    challenges = tuple(value for name, value in pairs if name == "www-authenticate")
    return _Head(
        status, MappingProxyType(headers), challenges, status != _SWITCHED and _outlasts(version, headers)
    )


_parsed_once = functools.lru_cache(maxsize=256)(_parsed)
"""The hosts of a fleet say much alike, but for lengths and tokens."""


def _status(line: str) -> tuple[int, int]:
    """Read a status line: HTTP/1's minor version, and the status. A reason need not be there."""
    found = _STATUS.fullmatch(line)
    if found is None:
        raise Garbled(f"an HTTP status line that is none: {line[:60]!r}")
    return int(found[1]), int(found[2])


def _unfolded(lines: Sequence[str]) -> list[str]:
    """Put together the headers that go on in a line which begins with a blank (RFC 9112 5.2)."""
    whole: list[str] = []
    for line in lines:
        if whole and line[:1] in (" ", "\t"):
            whole[-1] += f" {line.strip()}"
        else:
            whole.append(line)
    return whole


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise Garbled(f"an HTTP header without a colon: {line[:60]!r}")
    return name.strip().lower(), value.strip()


def _outlasts(version: int, headers: Mapping[str, str]) -> bool:
    """Whether the connection goes on after an answer (RFC 9112 9.3): `close` wins, and HTTP/1.0 has to say
    so.

    `Proxy-Connection` counts for nothing: it is no header of HTTP.
    """
    said = {option.strip().lower() for option in headers.get("connection", "").split(",")}
    return "close" not in said and (version > 0 or "keep-alive" in said)


def _length(text: str) -> int:
    """Read Content-Length; one that is said twice alike is legal (RFC 9110 8.6)."""
    said = {part.strip() for part in text.split(",")}
    one = said.pop()
    if said or not (one.isascii() and one.isdigit()):
        raise Garbled(f"Content-Length is {text[:40]!r}")
    return int(one[:20])
