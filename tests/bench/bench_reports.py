"""CPU and memory of the reports on a big database (`tests.bench.big_database`): 10,000 hosts, 400 scans.

    python -m tests.bench.bench_reports [--hosts 10000] [--scans 400] [--keep FILE]

Each command is a process of its own. `--help` and a bare import of SQLAlchemy stand beside them: what any
command costs. Passes where `report`, `diff` and `unblock` stay under 1.5 s and 250 MB each.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.big_database import build

CPU, MEMORY = 1.5, 250  # seconds, MB
RUNS = 5  # the median counts
_MAIN = "from orchestrator.cli.main import main; main()"
LIMITED = (
    ("report", "--table"),
    ("report", "--json"),
    ("report",),
    ("diff", "--table"),
    ("unblock", "--table"),
)
OTHERS = (
    ("report", "--html", "-"),
    ("firewall", "--table"),
    ("firewall", "--format", "csv"),
    ("export", "--format", "csv"),
    ("show", "server7", "--history", "--table"),
    ("scans",),
)


def measured(code: str, words: Sequence[str] = ()) -> tuple[float, float]:
    """Run Python as processes; return the median of their CPU in seconds,
    and the most memory of them in MB.
    """
    found = sorted(_once(code, words) for _ in range(RUNS))
    return found[RUNS // 2][0], max(memory for _, memory in found)


def _once(code: str, words: Sequence[str]) -> tuple[float, float]:
    process = subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 3}:
        raise SystemExit(f"{' '.join(words)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def figures(path: Path) -> Iterator[bool]:
    """Print a line per command; yield whether it stayed within its limits, where it has some."""
    baseline, memory = measured("import sqlalchemy")
    _say("(import sqlalchemy)", baseline, memory, baseline)
    _say("--help", *measured(_MAIN, ("--help",)), baseline)
    for words in (*LIMITED, *OTHERS):
        cpu, memory = measured(_MAIN, (*words, "--db", str(path)))
        good = words not in LIMITED or (cpu < CPU and memory < MEMORY)
        _say(" ".join(words), cpu, memory, baseline, "" if good else "TOO MUCH")
        yield good


def _say(name: str, cpu: float, memory: float, baseline: float, more: str = "") -> None:
    sys.stdout.write(
        f"  {name:34}{cpu:6.2f} s CPU{memory:6.0f} MB{cpu / baseline:6.1f} x import  {more}".rstrip() + "\n"
    )
    sys.stdout.flush()


def main() -> None:
    """Build, measure, print; exit code 1 where a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--scans", type=int, default=400)
    parser.add_argument("--keep", type=Path, metavar="FILE", help="build it there once, and use it again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path: Path = options.keep or Path(folder) / "big.db"
        if not path.exists():
            build(path, options.hosts, options.scans)
        sys.stdout.write(
            f"{options.hosts:,} hosts, {options.scans} scans, {path.stat().st_size >> 20:,} MB\n"
        )
        if not all(list(figures(path))):
            raise SystemExit(1)


if __name__ == "__main__":
    main()
