"""Files that a command writes: whole or not at all, and never over something that is not of the same kind."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from orchestrator.cli.errors import CommandError, UsageError

_HEAD = 4096


def write(path: Path, text: str, *, marker: str, what: str) -> None:
    """Write a text file; `-` is standard output. One that is there is replaced only where `marker` stands in its head.

    Raises UsageError where it is something else than `what`, CommandError where it cannot be written.
    """
    if str(path) == "-":
        sys.stdout.write(text)
        return
    try:
        _check(path, marker, what)
        if path.exists() and not path.is_file():  # a pipe, a terminal: written to, never replaced
            path.write_text(text, "utf-8")
        else:
            _replace(path, text)
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror or error}") from None


def _check(path: Path, marker: str, what: str) -> None:
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            if marker.encode("utf-8") not in file.read(_HEAD):
                raise UsageError(f"{path}: is there already and is no {what}: name another file")


def _replace(path: Path, text: str) -> None:
    """Write beside the place, and put it there in one step: a full disk leaves what was there."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
