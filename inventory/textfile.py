"""A user's file as text, or the reason why not."""

from __future__ import annotations

from pathlib import Path

from inventory.errors import InventoryError, Problem

LIMIT = 32 * 1024 * 1024  # bytes; 100,000 hosts of five keys are 12 MB


def read_bytes(path: Path, *, what: str, advice: str = "", limit: int = LIMIT) -> bytes:
    """Read a file whole. Raises InventoryError when it is missing, unreadable, or larger than `limit` (bytes)."""
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except FileNotFoundError:
        raise InventoryError([Problem(str(path), 0, f"no such {what}{advice}")]) from None
    except IsADirectoryError:
        raise InventoryError([Problem(str(path), 0, "a folder, where a file was expected")]) from None
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the path
        reason = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise InventoryError([Problem(str(path), 0, f"cannot read this {what}: {reason}")]) from None
    if len(data) > limit:
        raise InventoryError(
            [
                Problem(
                    str(path),
                    0,
                    f"larger than {limit // 1024 // 1024} MB: that is no {what} that people keep by hand; split it",
                )
            ]
        )
    return data


def decode(data: bytes, file: str) -> str:
    """Decode UTF-8, with or without a byte order mark. Raises InventoryError that names the line."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InventoryError([Problem(file, 1, "written as UTF-16; save it as UTF-8")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        message = f"byte 0x{data[exc.start]:02x} is not UTF-8; save the file as UTF-8"
        raise InventoryError([Problem(file, line, message)]) from None
