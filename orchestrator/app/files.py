"""Files that are written: whole or not at all, and never over something that is not of the same kind."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from inventory.files.regular import kind
from orchestrator.app.errors import CommandError, UsageError

_HEAD = 4096


def write(path: Path, text: str | Iterable[str], *, marker: str, what: str, regular: bool = False) -> None:
    """Write a text file. One that is there is replaced only where `marker` stands in its head.

    `text` may come in pieces: what is raised while they are made leaves the file as it was. `regular`: the
    name is ours and not the user's, so a pipe or a link that has it is refused and not opened.

    Raises UsageError where it is something else than `what`, CommandError where it cannot be written.
    """
    try:
        if regular:
            _refuse_others(path, what)
        _check(path, marker, what)
        if path.exists() and not path.is_file():  # a pipe, a terminal: written to, never replaced
            with path.open("w", encoding="utf-8", newline="") as file:
                file.writelines(_pieces(text))
        else:
            _replace(path, text)
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {_why(path, error)}") from None


def _why(path: Path, error: OSError) -> str:
    if path.is_dir():
        return "it is a folder, expected the name of a file"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    return error.strerror or str(error)


def read(path: Path, most: int, *, what: str, next_: str) -> bytes:
    """Read a file, and a byte more than it may have. Raises CommandError where it is not there, cannot be
    read, is a folder or empty; `what` was expected, `next_` ends the words and says what to do then.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except IsADirectoryError:
        raise CommandError(f"{path}: is a folder, expected {what}{next_}") from None
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}{next_}") from None
    if not data:
        raise CommandError(f"{path}: is empty, expected {what}{next_}")
    return data


def check(path: Path, *, marker: str, what: str) -> None:
    """Find out before the work what `write` would refuse after it.

    Raises as `write`, and UsageError for no folder.
    """
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}")
    if path.is_dir():
        raise UsageError(f"{path}: is a folder, expected the name of a file")
    try:
        _check(path, marker, what)
    except OSError as error:
        raise CommandError(f"{path}: cannot be read: {error.strerror or error}") from None
    if path.is_file() or not path.exists():
        _try_folder(path)


def _try_folder(path: Path) -> None:
    """Make a file where `write` will, and take it away.

    Asking for rights alone is told nothing of a read-only disk.
    """
    beside = _beside(path)
    try:
        beside.open("xb").close()
        beside.unlink()
    except OSError as error:
        reason = error.strerror or error
        raise CommandError(
            f"{path}: cannot be written: no file can be made in {path.parent}: {reason}"
        ) from None


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _pieces(text: str | Iterable[str]) -> Iterable[str]:
    return (text,) if isinstance(text, str) else text


def _check(path: Path, marker: str, what: str) -> None:
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            if marker.encode("utf-8") not in file.read(_HEAD):
                raise UsageError(f"{path}: is there already and is no {what}: name another file")


def _refuse_others(path: Path, what: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        if (other := kind(path.lstat().st_mode)) is not None:
            raise UsageError(
                f"{path}: is {other}, expected a {what} or nothing; nothing was written: take it away first"
            )


def _replace(path: Path, text: str | Iterable[str]) -> None:
    """Write beside the place, and put it there in one step: a full disk leaves what was there."""
    beside = _beside(path)
    try:
        with beside.open("x", encoding="utf-8", newline="") as file:
            file.writelines(_pieces(text))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
