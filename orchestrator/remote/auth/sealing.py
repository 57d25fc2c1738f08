"""Messages encrypted inside plain HTTP, as MS-WSMV 2.2.9.1 frames them: a MIME part that names the scheme,
one that holds the seal.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Generator
from typing import Any

from orchestrator.remote.faults.trouble import Garbled

SEALED = ("multipart/encrypted", "multipart/x-multi-encrypted")
_BOUNDARY = "Encrypted Boundary"
_LONGEST_BOUNDARY = 70  # RFC 2046 5.1.1
_LENGTH = struct.Struct("<I")
_NAMED = re.compile(rb";\s*Length\s*=\s*(\d{1,9})\s*\r\n", re.IGNORECASE)
_OCTETS = re.compile(rb"\s*Content-Type:\s*application/octet-stream\r\n", re.IGNORECASE)


class Sealing:
    """Wraps and unwraps by the logon's context, which counts: each message once, in order."""

    def __init__(self, context: Any, scheme: str) -> None:
        """`context` is pyspnego's, complete; `scheme` is "Negotiate" or "Kerberos"."""
        word = "Kerberos" if scheme == "Kerberos" else "SPNEGO"
        protocol = f"application/HTTP-{word}-session-encrypted"
        self.content_type = f'multipart/encrypted;protocol="{protocol}";boundary="{_BOUNDARY}"'
        self._context = context
        self._start = (
            f"--{_BOUNDARY}\r\n\tContent-Type: {protocol}\r\n"
            "\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length="
        ).encode("ascii")
        self._middle = f"\r\n--{_BOUNDARY}\r\n\tContent-Type: application/octet-stream\r\n".encode("ascii")
        self._end = f"--{_BOUNDARY}--\r\n".encode("ascii")

    def wrap(self, message: bytes) -> bytes:
        """Encrypt a message into an HTTP body."""
        header, sealed, padding = self._context.wrap_winrm(message)
        length = str(len(message) + padding).encode("ascii")
        return b"".join(
            (self._start, length, self._middle, _LENGTH.pack(len(header)), header, sealed, self._end)
        )

    def unwrap(self, body: bytes, content_type: str) -> bytes:
        """Decrypt an HTTP body. Raises Garbled for whatever does not fit, a seal that is broken included."""
        try:
            return b"".join(self._opened(body, _boundary(content_type)))
        except Garbled:
            raise
        except Exception as error:  # struct.error, IndexError, a MIC that is wrong: nonsense or tampering
            said = f"an encrypted answer that does not open: {type(error).__name__}: {error}"
            raise Garbled(said) from error

    def _opened(self, body: bytes, boundary: bytes) -> Generator[bytes, None, None]:
        """Yield the parts of a body one by one: a description, then what it describes."""
        # Exchange writes a space between the dashes and the boundary. No `\s*`: with a boundary of a host's
        # choosing, a megabyte of white space took the whole process minutes.
        first, *parts = re.split(rb"-- ?" + re.escape(boundary) + rb"(?=--\r\n|\r\n)", body)
        if first.strip() or len(parts) < 3 or not parts.pop().startswith(b"--") or len(parts) % 2:  # noqa: PLR2004  # two parts and the end
            raise Garbled("an encrypted answer in parts that do not pair")
        for description, part in zip(parts[::2], parts[1::2], strict=True):
            length, octets = _NAMED.search(description), _OCTETS.match(part)
            if length is None or octets is None:
                raise Garbled("an encrypted answer without its length")
            at = octets.end()
            (size,) = _LENGTH.unpack_from(part, at)
            seal = at + _LENGTH.size + size
            opened: bytes = self._context.unwrap_winrm(part[at + _LENGTH.size : seal], part[seal:])
            if len(opened) != int(length[1]):
                raise Garbled(f"an encrypted answer of {len(opened)} bytes, announced as {int(length[1])}")
            yield opened


def _boundary(content_type: str) -> bytes:
    if _BOUNDARY in content_type:
        return _BOUNDARY.encode("ascii")
    boundary = content_type.rpartition("boundary=")[2].strip("\"' ").encode("latin-1", "replace")
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise Garbled(f"an encrypted answer whose parts are divided by {boundary[:40]!r}")
    return boundary
