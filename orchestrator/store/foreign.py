"""What a file is that SQLite does not take for a database: another kind, or one of ours that was damaged."""

from __future__ import annotations

import os
from pathlib import Path

from inventory.kinds import HEAD, kind_of
from inventory.regular import NotRegularError, open_regular
from orchestrator.store.errors import DatabaseError, NotOursError, StoreError, Trouble
from orchestrator.store.schema import APPLICATION

_BEGIN = b"SQLite format 3\0"
_PLACE_OF_APPLICATION = slice(68, 72)  # https://www.sqlite.org/fileformat2.html#the_database_header


def refused(path: Path) -> StoreError:
    """Say what is wrong with the file at `path`; only its head is read, and nothing of it is shown."""
    head = _head(path)
    if head.startswith(_BEGIN):
        return _damaged(path, "its first page cannot be read")
    if head[_PLACE_OF_APPLICATION] == APPLICATION.to_bytes(4):
        return _damaged(path, "its first bytes were overwritten")
    if head and not head.strip(b"\0"):
        return _damaged(path, "it begins with zeros")
    return NotOursError(str(path), kind_of(head) or "a file that is no SQLite database")


def _damaged(path: Path, detail: str) -> DatabaseError:
    return DatabaseError(str(path), Trouble.DAMAGED, detail)


def _head(path: Path) -> bytes:
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            return file.read(HEAD)
    except (OSError, NotRegularError):
        return b""
