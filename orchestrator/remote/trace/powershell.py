"""What PowerShell's fragments in a SOAP body say (MS-PSRP 2.2.4, 2.2.1): text in the place of Base64.

What is no fragment stays as it is: nothing here raises over what a host says.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Iterator

_BLOB = re.compile(r">([A-Za-z0-9+/]{28,}={0,2})<")
_FRAGMENT = struct.Struct(">QQBI")  # object, fragment, start and end bits, length
_START, _END = 1, 2
_MESSAGE = struct.Struct("<II16s16s")  # destination, type, the pool's and the pipeline's id
_LINE_END = re.compile(r"(?:_x000D_)?_x000A_")  # as CLIXML writes the ends of a script's lines
_KINDS = {
    0x00010002: "SESSION_CAPABILITY",
    0x00010004: "INIT_RUNSPACEPOOL",
    0x00021005: "RUNSPACEPOOL_STATE",
    0x00021006: "CREATE_PIPELINE",
    0x00021009: "APPLICATION_PRIVATE_DATA",
    0x00041002: "PIPELINE_INPUT",
    0x00041003: "END_OF_PIPELINE_INPUT",
    0x00041004: "PIPELINE_OUTPUT",
    0x00041005: "ERROR_RECORD",
    0x00041006: "PIPELINE_STATE",
    0x00041007: "DEBUG_RECORD",
    0x00041008: "VERBOSE_RECORD",
    0x00041009: "WARNING_RECORD",
    0x00041010: "PROGRESS_RECORD",
    0x00041011: "INFORMATION_RECORD",
    0x00041100: "PIPELINE_HOST_CALL",
}


def readable(body: str) -> str:
    """Return a body with what its fragments say in their place, each message under its name."""
    return _BLOB.sub(_said, body)


def _said(found: re.Match[str]) -> str:
    try:
        data = base64.b64decode(found[1], validate=True)
        return f">\n{''.join(_messages(data))}<"
    except (binascii.Error, struct.error, UnicodeDecodeError, ValueError):
        return found[0]


def _messages(data: bytes) -> Iterator[str]:
    """Yield the fragments of a blob as text. Raises ValueError where it is made of anything else."""
    at = 0
    while at < len(data):
        _, part, bits, length = _FRAGMENT.unpack_from(data, at)
        at += _FRAGMENT.size
        piece = data[at : at + length]
        at += length
        if len(piece) < length or bits > (_START | _END) or (part == 0) != bool(bits & _START):
            raise ValueError("no fragment")
        more = "" if bits & _END else ", to be continued"
        if bits & _START:
            _, kind, _, _ = _MESSAGE.unpack_from(piece)
            name, piece = _KINDS.get(kind, f"message 0x{kind:08x}"), piece[_MESSAGE.size :]
        else:
            name = "continued"
        text = piece.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
        yield f"-- {name}, {len(piece):,} bytes{more}\n{_LINE_END.sub(chr(10), text)}\n"
