"""Run a program for its output, of which only so much is taken, within a time."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path


class TooMuchOutputError(Exception):
    """The program printed more than it may."""


class TooSlowError(Exception):
    """The program, or one that it started, had its output still open when the time was over."""


def output_of(
    argv: Sequence[str], *, most: int, seconds: float, environ: Mapping[str, str], folder: Path
) -> tuple[int, bytes]:
    """Run a program without a shell; return its exit status (negative: a signal) and its output.

    At most `most` bytes are taken. Its messages go to the user's own terminal, and it stays in this process's
    group, so that it can ask there. Raises OSError and ValueError where it cannot be run, TooMuchOutputError
    and TooSlowError, both after it was killed with what it had started.
    """
    end = time.monotonic() + seconds
    taken = bytearray()
    read_end, write_end = os.pipe()
    # The thread closes its end itself: a program that the killed one left behind may hold the other for long.
    reader = threading.Thread(target=_take, args=(read_end, most, taken), daemon=True)
    reader.start()
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own inventory names it, and no shell reads it
            argv, stdin=subprocess.DEVNULL, stdout=write_end, env=dict(environ), cwd=folder
        )
    finally:
        os.close(write_end)
    try:
        reader.join(seconds)
        if reader.is_alive():
            raise TooSlowError
        if len(taken) > most:
            raise TooMuchOutputError
        return process.wait(max(0.0, end - time.monotonic())), bytes(taken)
    except subprocess.TimeoutExpired:
        raise TooSlowError from None
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a program that still runs, and what it started; an orphan of its own making is left alone."""
    if process.poll() is None:
        started = _descendants(process.pid)
        process.kill()
        for pid in started:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
    process.wait()


def _descendants(pid: int) -> list[int]:
    """Return the processes that one started, and that these started; none where the system has no /proc."""
    children = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):  # one that has ended meanwhile
            # A name in brackets comes before, and may hold brackets and blanks: the parent is the second
            # word after the last of them.
            parent = stat.read_text("ascii", "replace").rpartition(")")[2].split()[1]
            children[int(parent)].append(int(stat.parent.name))
    found = list(children[pid])
    for child in found:
        found.extend(children[child])
    return found


def _take(descriptor: int, most: int, taken: bytearray) -> None:
    """Read to the end, or to one byte more than there may be; then close."""
    try:
        while len(taken) <= most and (part := os.read(descriptor, most + 1 - len(taken))):
            taken += part
    finally:
        os.close(descriptor)
