"""PSRP fragments (MS-PSRP 2.2.4): messages cut for the wire,
and what a host sends put together again within limits. Pure.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from orchestrator.remote.faults.trouble import Garbled
from orchestrator.remote.net.http import MAX_ANSWER

_HEADER = struct.Struct(">QQBI")  # object, fragment, start and end bits, length
_START, _END = 1, 2
MAX_OBJECTS = 16  # messages under way at once


def fragments(number: int, message: bytes, *, size: int) -> Iterator[bytes]:
    """Cut message `number` into fragments of `size` bytes at most, headers included."""
    room = size - _HEADER.size
    for part, at in enumerate(range(0, len(message), room)):
        data = message[at : at + room]
        bits = (_START if at == 0 else 0) | (_END if at + room >= len(message) else 0)
        yield _HEADER.pack(number, part, bits, len(data)) + data


class Defragmenter:
    """Puts a host's messages together."""

    def __init__(self) -> None:
        self._parts: dict[int, bytearray] = {}
        self._next: dict[int, int] = {}

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the messages that are complete now. Raises Garbled."""
        at = 0
        while at < len(data):
            if at + _HEADER.size > len(data):
                raise Garbled("a PSRP fragment that ends within its header")
            number, part, bits, length = _HEADER.unpack_from(data, at)
            at += _HEADER.size
            if at + length > len(data):
                raise Garbled(f"a PSRP fragment of {length} bytes, {len(data) - at} came")
            whole = self._add(number, part, bits, data[at : at + length])
            at += length
            if whole is not None:
                yield whole

    def _add(self, number: int, part: int, bits: int, data: bytes) -> bytes | None:
        """Add a fragment to its message; return the message where this was the last one."""
        if (part == 0) != bool(bits & _START) or part != self._next.get(number, 0):
            raise Garbled(f"PSRP fragment {part} where {self._next.get(number, 0)} was due")
        if part == 0 and bits & _END:
            return data
        parts = self._parts.setdefault(number, bytearray())
        if len(self._parts) > MAX_OBJECTS or len(parts) + len(data) > MAX_ANSWER:
            raise Garbled("PSRP messages too many or too large")
        parts += data
        self._next[number] = part + 1
        if not bits & _END:
            return None
        del self._parts[number], self._next[number]
        return bytes(parts)
