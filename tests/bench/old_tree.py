"""A commit's own source beside the present one: a benchmark runs both by turns, with the same libraries."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.lean import ROOT

FIRST = "c2745b5"  # what the figures of issue 14 are held against
_START = """
import sys
from pathlib import Path
from orchestrator.cli.main import main
try:
    main()
finally:  # getrusage's figure begins with what the process that forked this one held
    said = Path("/proc/self/status").read_text()
    sys.stderr.write("\\n" + said.partition("VmHWM:")[2].split()[0])
"""


@dataclass(frozen=True)
class Used:
    """What one run of a command took: CPU and wall seconds, megabytes at most."""

    cpu: float
    seconds: float
    megabytes: float


@contextlib.contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Yield a folder with the source of a commit, compile it and ours.

    Raises SystemExit where that commit is not to be had.
    """
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=False)
        if archive.returncode:
            raise SystemExit(f"{commit} is not to be had: {archive.stderr.decode().strip()}")
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        compiled(Path(folder), ROOT)
        yield Path(folder)


def compiled(*trees: Path) -> None:
    """Write the byte code of source trees, as an installation does.

    Where PYTHONDONTWRITEBYTECODE is set, each run would compile anew whatever it imports.
    """
    rooms = [str(tree / room) for tree in trees for room in ("inventory", "orchestrator")]
    subprocess.run([sys.executable, "-m", "compileall", "-q", *rooms], check=True)


def run(
    tree: Path, words: Sequence[str], *, settings: Mapping[str, str] | None = None, ends: int = 0
) -> Used:
    """Run `fleetcheck` of a source tree in a process of its own; it has to end with the exit code `ends`."""
    environment = {**os.environ, "PYTHONPATH": str(tree), **(settings or {})}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", _START, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=tree,
        env=environment,
    )
    assert process.stderr is not None
    with process.stderr:
        said = process.stderr.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != ends:
        raise SystemExit(
            f"fleetcheck {' '.join(words)} of {tree} has ended with {process.returncode}, not {ends}:\n{said}"
        )
    return Used(used.ru_utime + used.ru_stime, seconds, int(said.split()[-1]) / 1024)


def ratio(old: Sequence[float], new: Sequence[float]) -> float:
    """Return how many times less the new one took: the median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(old, new, strict=True))
