"""Open what is a regular file and nothing else: a device, FIFO or socket is refused before it is touched."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_KINDS = (
    (stat.S_ISLNK, "a link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
# A FIFO without its other end would hold `open` for ever, and a terminal could become this process's own.
_SAFELY = sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"))
_NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)


class NotRegularError(Exception):
    """`path` is no regular file but `kind`: "a device", "a FIFO", "a link"."""

    def __init__(self, path: Path, kind: str) -> None:
        super().__init__(f"{path} is {kind}, where a regular file was expected")
        self.path, self.kind = path, kind


def kind(mode: int) -> str | None:
    """Name what a mode (`st_mode`) is the mode of; None for a regular file."""
    if stat.S_ISREG(mode):
        return None
    return next((words for matches, words in _KINDS if matches(mode)), "something else")


def open_regular(path: Path, flags: int = os.O_RDONLY, *, follow: bool = False) -> int:
    """Return a descriptor of the regular file that is at `path`; nothing is created or truncated.

    `follow`: a link is read through, to a regular file. Raises NotRegularError, and OSError as `os.open`.
    """
    _refuse(path, path.stat() if follow else path.lstat())
    descriptor = os.open(path, flags | _SAFELY | (0 if follow else _NO_LINK))
    try:
        _refuse(path, os.fstat(descriptor))  # another one may have taken its place since
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _refuse(path: Path, found: os.stat_result) -> None:
    if (other := kind(found.st_mode)) is not None:
        raise NotRegularError(path, other)
