"""What a command costs with all the processes that it starts: CPU, time, memory. Linux."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PERIOD = 0.1  # seconds between two looks at the memory


@dataclass(frozen=True)
class Used:
    """What a run took: CPU and wall seconds, megabytes at most; and what it printed."""

    cpu: float
    seconds: float
    megabytes: float
    printed: str


@dataclass
class _Memory:
    """The most that a tree of processes was seen to hold; what they share counts once (PSS).

    `ru_maxrss` does not tell: it begins with what the process that forked them held, and knows the largest
    one alone.
    """

    root: int
    most: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        while not self.over.wait(_PERIOD):
            self.most = max(self.most, sum(map(_held, _tree(self.root))))


def run(command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], output: Path) -> Used:
    """Run a command to its end, its standard output in a file; raises CalledProcessError where it fails."""
    began = time.perf_counter()
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, cwd=cwd, env=dict(environment)
        )
    memory = _Memory(process.pid)
    watcher = threading.Thread(target=memory.watch)
    watcher.start()
    try:
        _, status, used = os.wait4(process.pid, 0)  # its own, and that of every process it has waited for
    finally:
        memory.over.set()
        watcher.join()
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    printed = output.read_text(errors="replace")
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, printed)
    return Used(used.ru_utime + used.ru_stime, seconds, memory.most, printed)


def _tree(root: int) -> list[int]:
    """Return a process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            parent = int((entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def _held(pid: int) -> float:
    """Return the megabytes that a process holds, of shared ones its share; 0 where it has ended."""
    try:
        size = re.search(
            r"^Pss: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text("ascii"), re.MULTILINE
        )
    except OSError:
        return 0.0
    return int(size[1]) / 1024 if size else 0.0
