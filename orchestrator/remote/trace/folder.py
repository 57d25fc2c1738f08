"""The folder that transcripts lie in: a numbered file for each host, an index; the user's alone, and bounded.

A disk that is full, or whatever else keeps a line from being written, ends the trace and never the run.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from pathlib import Path
from typing import Self

from inventory.errors import EXIT_USAGE, FleetcheckError
from inventory.words import plural
from orchestrator.domain.primitives.text import clean

INDEX = "index.tsv"
A_HOST = 1_048_576  # bytes
IN_ALL = 1_073_741_824  # bytes
_CUT = "== the rest is left out: {most:,} bytes are the most for a host\n"
_FULL = "{most:,} bytes are the most for all hosts"


class TraceError(FleetcheckError):
    """The folder of a trace cannot be used; the message says what was found and what to do."""

    exit_code = EXIT_USAGE


def check(path: Path) -> None:
    """Find out before the work what `TraceFolder.open` would refuse. Raises TraceError."""
    if not path.parent.is_dir():
        raise TraceError(f"--trace {path}: there is no folder {path.parent}")
    try:
        descriptor = _opened(path)
    except FileNotFoundError:
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise TraceError(f"--trace {path}: no folder can be made in {path.parent}") from None
        return
    os.close(descriptor)


class TraceFolder:
    """Takes the transcripts of a run. May be used by several threads; nothing but `open` raises."""

    def __init__(self, path: Path, descriptor: int, *, a_host: int, in_all: int) -> None:
        """Use `TraceFolder.open`."""
        self._path = path
        self._descriptor = descriptor
        self._a_host = a_host - len(_CUT.format(most=a_host))
        self._most = a_host
        self._full = _FULL.format(most=in_all)
        self._left = in_all - len(_last_line(self._full))
        self._sizes: dict[str, int] = {}  # bytes of each host's file
        self._names: dict[str, str] = {}
        self._cut: set[str] = set()
        self._closed = False
        self.ended = ""  # why nothing more is written
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path, *, a_host: int = A_HOST, in_all: int = IN_ALL) -> Self:
        """Make the folder, or take one of the user's own that is empty. Raises TraceError."""
        try:
            with contextlib.suppress(FileExistsError):
                path.mkdir(mode=0o700)
            descriptor = _opened(path)
        except OSError as error:
            raise TraceError(f"--trace {path}: cannot be made: {error.strerror or error}") from None
        folder = cls(path, descriptor, a_host=a_host, in_all=in_all)
        os.fchmod(descriptor, 0o700)
        folder._append(INDEX, "file\thost\taddress\n", new=True)
        if folder.ended:  # another run took it meanwhile, or the disk is full already
            folder.close()
            raise TraceError(f"--trace {path}: cannot be written to: {folder.ended}")
        return folder

    def put(self, host: str, address: str, text: str) -> None:
        """Append to a host's transcript, as far as there is room for it."""
        with self._lock:
            if self._closed or self.ended or host in self._cut:
                return
            if host not in self._names:
                self._begin(host, address)
            data = text.encode("utf-8", "backslashreplace")
            if self._sizes[host] + len(data) > self._a_host:
                data = _whole_lines(data[: self._a_host - self._sizes[host]])
                data += _CUT.format(most=self._most).encode()
                self._cut.add(host)
            self._sizes[host] += len(data)
            self._append(self._names[host], data)

    def close(self) -> tuple[str, ...]:
        """Release the folder; return words on what is in it, and what is not."""
        with self._lock:
            os.close(self._descriptor)
            self._closed = True
        words = [
            f"trace: {plural(len(self._names), 'host')} in {self._path}; {INDEX} says which file is whose"
        ]
        if self._cut:
            words.append(
                f"trace: {plural(len(self._cut), 'of them is', 'of them are')} cut at {self._most:,} bytes"
            )
        return tuple(words)

    def _begin(self, host: str, address: str) -> None:
        name = f"{len(self._names) + 1:05}.txt"
        self._names[host], self._sizes[host] = name, 0
        self._append(INDEX, f"{name}\t{clean(host)}\t{clean(address)}\n")
        self._append(name, b"", new=True)

    def _append(self, name: str, text: str | bytes, *, new: bool = False) -> None:
        """Write to the end of a file, which is open no longer than that; the first trouble ends the trace."""
        data = text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")
        if self.ended:
            return
        if len(data) > self._left:
            self._end(self._full)
            return
        self._left -= len(data)
        try:
            self._write(name, data, new=new)
        except OSError as error:
            self._end(f"{self._path / name}: {error.strerror or error}")

    def _end(self, words: str) -> None:
        """Write nothing more; the index says so, where it can be written: no transcript's end tells."""
        self.ended = words
        with contextlib.suppress(OSError):
            self._write(INDEX, _last_line(words).encode("utf-8", "backslashreplace"), new=False)

    def _write(self, name: str, data: bytes, *, new: bool) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        flags |= os.O_CREAT | os.O_EXCL if new else 0
        descriptor = os.open(name, flags, 0o600, dir_fd=self._descriptor)
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)


def _last_line(words: str) -> str:
    return f"==\tthe rest is left out, of every host\t{clean(words)}\n"


def _whole_lines(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1]


def _opened(path: Path) -> int:
    """Open an empty folder of the user's own. Raises TraceError, FileNotFoundError where there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        found = "a link" if path.is_symlink() else "no folder" if path.exists() else error.strerror
        raise TraceError(f"--trace {path}: is {found}; {_NAME_ANOTHER}") from None
    try:
        _check(path, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check(path: Path, descriptor: int) -> None:
    found = os.fstat(descriptor)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise TraceError(f"--trace {path}: is another user's folder; {_NAME_ANOTHER}")
    there = sorted(os.listdir(descriptor))
    if there:
        raise TraceError(f"--trace {path}: is not empty, there is {clean(there[0])}; {_NAME_ANOTHER}")


_NAME_ANOTHER = "name a folder that is not there yet, or an empty one of yours"
