"""CPU and memory of the reports on a big database: 10,000 hosts, 400 scans, attempts for the last ones only.

    python -m tests.bench.bench_reports [--hosts 10000] [--scans 400] [--keep FILE]

Three scans are stored as a fleet stores them, every host saying something of its own each time; the older ones repeat
the first by SQL, day by day into the past. Each command is a process of its own. Passes at under 1.5 s and 250 MB each.
"""

from __future__ import annotations

import argparse
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from orchestrator.domain.judgement import Belief, Verdict
from orchestrator.domain.record import HostRecord
from orchestrator.store.place import database_url
from orchestrator.store.writer import Writer
from tests.bench.bench_store import record, store

CPU, MEMORY = 1.5, 250  # seconds, MB
STORED = 3
_MAIN = "from orchestrator.cli.main import main; main()"
COMMANDS = (
    ("report", "--table"),
    ("report", "--json"),
    ("report", "--html", "-"),
    ("diff", "2", "3", "--table"),
    ("unblock", "--table"),
    ("firewall", "--format", "csv"),
    ("show", "server7", "--history", "--table"),
)


def said(number: int, day: int) -> HostRecord:
    """Make a result that no other host shares: one host in ten is blocked, one in a hundred changes from day to day."""
    made = record(number, day, 32, 12)
    unwell = number % 10 == 0 or (number + day) % 100 == 1
    verdict = Verdict.BLOCKED if unwell else Verdict.OK
    roles = tuple(
        replace(
            role,
            verdict=verdict,
            beliefs={**role.beliefs, 2147: Belief.CLOSED if unwell else Belief.OPEN},
            evidence=(f"{role.role} 2147: connects in {number * 7 + day} ms",),
        )
        for role in made.judgement.roles
    )
    judgement = replace(made.judgement, verdict=verdict, roles=roles, any_live=not unwell)
    return replace(made, judgement=judgement, site=f"site{number % 40}")


def older(path: Path, scans: int) -> None:
    """Repeat the first scan's results as so many older scans."""
    with closing(sqlite3.connect(path)) as using:
        using.execute("PRAGMA synchronous = OFF")
        (step,) = using.execute("SELECT max(id) FROM host_result").fetchone()
        for day in range(1, scans + 1):
            for table in ("scan", "host_result"):
                columns = [row[1] for row in using.execute(f"PRAGMA table_info({table})")]
                cells = ", ".join(_cell(table, column, day, step) for column in columns)
                where = "id = 1" if table == "scan" else "scan_id = 1"
                using.execute(f"INSERT INTO {table} SELECT {cells} FROM {table} WHERE {where}")  # noqa: S608  # names from above
            using.commit()


def _cell(table: str, column: str, day: int, step: int) -> str:
    if column in {"started", "ended"}:
        return f"strftime('%Y-%m-%d %H:%M:%f000', {column}, '-{day} days')"
    if (table, column) in {("scan", "id"), ("host_result", "scan_id")}:
        return str(STORED + day)
    return f"id + {day * step}" if column == "id" else f'"{column}"'


def measured(words: Sequence[str], path: Path) -> tuple[float, float]:
    """Run a command; return its CPU in seconds and the most memory that any of them took so far, in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(
        [sys.executable, "-c", _MAIN, *words, "--db", str(path)], stdout=subprocess.DEVNULL, check=False
    )
    if ended.returncode not in {0, 3}:
        raise SystemExit(f"{' '.join(words)} ended with {ended.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, after.ru_maxrss / 1024


def figures(path: Path) -> Iterator[bool]:
    """Print a line per command; yield whether it stayed within its limits."""
    for words in COMMANDS:
        cpu, memory = measured(words, path)
        good = cpu < CPU and memory < MEMORY
        sys.stdout.write(
            f"  {' '.join(words):36}{cpu:6.2f} s CPU {memory:6.0f} MB at most  {'' if good else 'TOO MUCH'}\n"
        )
        sys.stdout.flush()
        yield good


def build(path: Path, hosts: int, scans: int) -> None:
    """Make the database."""
    for day in range(1, STORED + 1):
        with Writer.open(database_url(str(path), os.environ), command="bench", user="bench") as writer:
            store(writer, [said(number, day) for number in range(hosts)])
    older(path, scans - STORED)


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
