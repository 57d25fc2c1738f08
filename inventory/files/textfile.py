"""A user's file as text, or the reason why not."""

from __future__ import annotations

import os
from pathlib import Path

from inventory.errors import InventoryError, Problem
from inventory.files.kinds import HEAD, other_kind
from inventory.files.regular import kind

LIMIT = 32 * 1024 * 1024  # bytes; 100,000 hosts of five keys are 12 MB


_OF_ANSIBLE = "; `fleetcheck inventory import` reads a folder of Ansible's"


def read_bytes(path: Path, *, what: str, advice: str = "", limit: int = LIMIT) -> bytes:
    """Read a file whole.

    Raises InventoryError when it is missing, unreadable, or larger than `limit` (bytes).
    """
    return read_file(path, what=what, advice=advice, limit=limit)[0]


def read_file(path: Path, *, what: str, advice: str = "", limit: int = LIMIT) -> tuple[bytes, os.stat_result]:
    """Read a file whole, and say whose it is, through one descriptor. Raises as `read_bytes`."""
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
            found = os.fstat(stream.fileno())
    except FileNotFoundError:
        raise InventoryError([Problem(str(path), 0, f"no such {what}{advice}")]) from None
    except IsADirectoryError:
        words = f"a folder, where a file was expected{_OF_ANSIBLE if what == 'inventory' else ''}"
        raise InventoryError([Problem(str(path), 0, words)]) from None
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the path
        reason = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise InventoryError([Problem(str(path), 0, f"cannot read this {what}: {reason}")]) from None
    if len(data) > limit:
        message = (
            f"larger than {limit // 1024 // 1024} MB: that is no {what} that people keep by hand; split it"
        )
        raise InventoryError([Problem(str(path), 0, message)])
    return data, found


def refuse_unlike_file(path: Path, *, what: str) -> None:
    """Raise InventoryError where a device, FIFO or socket is at `path`, which another file names."""
    try:
        other = kind(path.stat().st_mode)
    except (OSError, ValueError):
        return  # reading it tells more
    if other is not None:
        raise InventoryError([Problem(str(path), 0, f"{other}, where a {what} was expected")])


def decode(data: bytes, file: str) -> str:
    """Decode UTF-8, with or without a byte order mark.

    Raises InventoryError: the line, or what file it is.
    """
    if found := other_kind(data[:HEAD]):
        raise InventoryError([Problem(file, 0, f"this is {found}")])
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InventoryError([Problem(file, 1, "written as UTF-16; save it as UTF-8")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        message = f"byte 0x{data[exc.start]:02x} is not UTF-8; save the file as UTF-8"
        raise InventoryError([Problem(file, line, message)]) from None
