"""CPU and memory of the commands around a scan against those of an earlier commit, in one run.

    python -m tests.bench.bench_commands [--against c2745b5] [--hosts 10000] [--scans 3] [--rounds 5]
        [--only plan-a,show] [--server postgresql://postgres@127.0.0.1/postgres] [--folder DIR]

Each command is a process of its own, the old and the new program in turns. CPU is user and system, memory
the most that the process itself held; the ratio is of the medians. How both get the same fleet:
`tests/bench/earlier.py`, and which fleets: `tests/bench/plan_fleets.py`. `--folder` keeps what was made,
and uses it again.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import earlier
from tests.bench.old_tree import compiled
from tests.bench.plan_fleets import FLEETS, inventory

_MAIN = "from orchestrator.cli.main import main\ntry:\n    main()\nfinally:\n    held()"
_LOAD = """
import time
from pathlib import Path
from inventory.load import load
load(Path(sys.argv[1]).with_name("small.yaml"))  # imports, and what is made at the first time
before = time.process_time()
fleet = load(Path(sys.argv[1]))
took = time.process_time() - before
held()
"""
_HELD = """
import re, sys
_told = sys.argv.pop(1)
took = None
def held():
    with open("/proc/self/status") as status, open(_told, "w") as told:
        told.write(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1] + f" {took or 0}")
"""
_PLAN = ("repin", "plan", "-i", "INVENTORY", "--db", "DB", "-o", "PLAN")
_FROM = ("scan", "-i", "INVENTORY", "--db", "DB", "--from", "SCANS", "--only", "attention", "--list-hosts")
COMMANDS = {
    "plan-a": ("a", _PLAN),
    "plan-b": ("b", _PLAN),
    "show": ("a", ("show", "--db", "DB")),
    "from": ("a", _FROM),
    "csv": ("a", ("export", "--format", "csv", "--db", "DB")),
    "jsonl": ("a", ("export", "--format", "jsonl", "--db", "DB")),
    "load": ("a", ("INVENTORY",)),
    "firewall": ("a", ("firewall", "--format", "csv", "-i", "INVENTORY", "--db", "DB")),
}
"""A command's name to the fleet that it is asked about, and what is typed."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two programs, and its database of each fleet, a path or a URL."""

    name: str
    program: Path
    databases: dict[str, str]


@dataclass(frozen=True, slots=True)
class Used:
    """What one run of a command took: seconds of CPU, and megabytes at most."""

    cpu: float
    memory: float


def once(side: Side, name: str, folder: Path, scans: int) -> Used:
    """Run a command to its end; its output goes into a file of the folder."""
    fleet, words = COMMANDS[name]
    known = {
        "INVENTORY": str(folder / f"{fleet}.yaml"),
        "DB": side.databases[fleet],
        "PLAN": str(folder / f"{side.name}-{name}.json"),
        "SCANS": str(scans),
    }
    told = folder / "held"
    code = _HELD + (_LOAD if name == "load" else _MAIN)
    typed = [sys.executable, "-c", code, str(told), *(known.get(word, word) for word in words)]
    with (folder / f"{side.name}-{name}.out").open("wb") as output:
        process = subprocess.Popen(
            typed, cwd=folder, stdout=output, stderr=subprocess.PIPE, env=earlier.environment(side.program)
        )
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{side.name} {name} ended with {process.returncode}: {said.decode()[-2000:]}")
    memory, took = told.read_text("ascii").split()
    return Used(float(took) or used.ru_utime + used.ru_stime, int(memory) / 1024)


def figures(
    sides: tuple[Side, Side], names: Iterable[str], folder: Path, *, rounds: int, scans: int
) -> Iterator[str]:
    """Yield a line for each command, from the medians of its rounds."""
    for name in names:
        runs = [[once(side, name, folder, scans) for side in sides] for _ in range(rounds)]
        old, new = (
            Used(statistics.median(run.cpu for run in each), statistics.median(run.memory for run in each))
            for each in zip(*runs, strict=True)
        )
        yield (
            f"{name:9} CPU {old.cpu:6.2f} s -> {new.cpu:5.2f} s, {old.cpu / new.cpu:4.1f} x less; "
            f"memory {old.memory:5.0f} MB -> {new.memory:4.0f} MB, {new.memory / old.memory:.2f} x"
        )


def sides(options: argparse.Namespace, fleets: Iterable[str], folder: Path) -> tuple[Side, Side]:
    """Make what is not there yet: the earlier program, the fleets, the databases of both."""
    old, new = folder / "program", earlier.ROOT
    (folder / "small.yaml").write_text("\n".join(inventory("a", 20)), encoding="utf-8")
    if not old.exists():
        earlier.program(options.against, old)
    compiled(old, new)
    databases: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for fleet in fleets:
        made = _databases(options, fleet, old, folder)
        for side, url in zip(databases, made, strict=True):
            side[fleet] = url
    return Side("old", old, databases[0]), Side("new", new, databases[1])


def _databases(options: argparse.Namespace, fleet: str, program: Path, folder: Path) -> tuple[str, str]:
    source, old, new = (folder / f"{fleet}{word}.db" for word in ("", "-old", "-new"))
    if not source.exists():  # in a process of its own: this one stays small
        size = ("--hosts", str(options.hosts), "--scans", str(options.scans))
        words = (fleet, str(source), str(folder / f"{fleet}.yaml"), *size)
        subprocess.run(
            [sys.executable, "-m", "tests.bench.plan_fleets", *words],
            cwd=earlier.ROOT,
            env=earlier.environment(earlier.ROOT),
            check=True,
        )
    if options.server:
        names = (f"fc_bench_{fleet}_old", f"fc_bench_{fleet}_new")
        return earlier.both_on_server(source, program, options.server, *names)
    if not new.exists():
        earlier.both(source, program, old, new)
    return str(old), str(new)


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--against", default="c2745b5", metavar="COMMIT")
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--scans", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(COMMANDS), metavar="NAME,...")
    parser.add_argument("--server", metavar="URL", help="on a PostgreSQL server: two databases a fleet")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    names = options.only.split(",")
    wanted = [fleet for fleet in FLEETS if any(COMMANDS[name][0] == fleet for name in names)]
    with tempfile.TemporaryDirectory() as temporary:
        folder: Path = options.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        pair = sides(options, wanted, folder.resolve())
        sys.stdout.write(f"{options.hosts:,} hosts, {options.scans} scans, against {options.against}\n")
        for line in figures(pair, names, folder.resolve(), rounds=options.rounds, scans=options.scans):
            sys.stdout.write(f"  {line}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
