"""CPU of the lean fleet's process per session, against the simulated fleet's on the same hosts, driven by
`scan`.

    python -m tests.bench.bench_lean [--hosts 500] [--jobs 32] [--rounds 3] [--ways https-basic http-ntlm]
    python -m tests.bench.bench_lean --no-baseline --hosts 10000 --rounds 1

The first session with a host has its answer worked out, the later ones replay it: the first round is told
apart. The least of the later rounds counts.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from orchestrator.demo.fleet import SimulatedFleet
from orchestrator.demo.lean.hosts import DEFAULTS, WAYS, healthy_hosts
from tests.bench.lean import ROOT, serving

LIMIT = 5.0  # milliseconds of CPU a session


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def scan(inventory: Path, jobs: int) -> None:
    """Scan every host with the command; all of them must be ok."""
    options = ("--jobs", str(jobs), "--pace", "0", "--quiet", "--db", str(inventory.parent / "bench.db"))
    start = "from orchestrator.cli.main import main; main()"
    command = [sys.executable, "-c", start, "scan", "-i", str(inventory), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)


@contextlib.contextmanager
def simulated(way: str, count: int, folder: Path) -> Iterator[tuple[Path, int]]:
    """Serve the same hosts from a process of the simulated fleet; yield its inventory and its process id."""
    command = [sys.executable, "-m", "tests.bench.bench_lean", "--serve", way, "--hosts", str(count)]
    with subprocess.Popen(
        [*command, "--folder", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield folder / "fleet.yaml", process.pid
        finally:
            process.stdin.close()


async def serve(way: str, count: int, folder: Path) -> None:
    """Be the process that `simulated` starts."""
    import asyncio

    hosts = healthy_hosts(count, (way,))  # type: ignore[arg-type]  # one of WAYS
    async with SimulatedFleet(hosts, defaults=DEFAULTS) as fleet:
        fleet.inventory(folder)
        say("ready")
        await asyncio.to_thread(sys.stdin.read)


def cpu(pid: int) -> float:
    """Return the seconds of CPU that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(rounds: int, drive: Callable[[], float]) -> tuple[float, float]:
    """Return the first round's milliseconds a session,
    and the least of the later ones (the first where it is alone).
    """
    took = [drive() for _ in range(rounds)]
    return took[0], min(took[1:] or took)


def compare(way: str, given: argparse.Namespace, folder: Path) -> None:
    """Print a line: both fleets' milliseconds of CPU a session, and the ratio."""
    count, jobs = given.hosts, given.jobs
    with serving(way, count, folder / "lean") as lean:

        def drive() -> float:
            scan(lean.inventory, jobs)
            cost = lean.cost()
            assert cost["sessions"] == count
            return float(cost["cpu_ms_per_session"])

        first, least = measured(given.rounds, drive)
        held = lean.cost()["memory_mb"]
    line = (
        f"{way}, {count} hosts, {jobs} jobs: {least:.2f} ms of CPU a session (first round {first:.2f} ms), "
        f"{held} MB"
    )
    if not given.no_baseline:
        with simulated(way, count, folder / "simulated") as (inventory, pid):

            def drive_simulated() -> float:
                before = cpu(pid)
                scan(inventory, jobs)
                return (cpu(pid) - before) / count * 1000

            whole = measured(given.rounds, drive_simulated)[1]
        line += f"; the simulated fleet {whole:.2f} ms; ratio {least / whole:.2f}"
    say(f"{line}; {'within' if max(first, least) <= LIMIT else 'OVER'} the limit of {LIMIT:.0f} ms")


def main() -> None:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["https-basic", "http-ntlm"])
    parser.add_argument("--no-baseline", action="store_true", help="leave the simulated fleet out")
    parser.add_argument("--serve", metavar="WAY", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        import asyncio

        asyncio.run(serve(given.serve, given.hosts, given.folder))
        return
    for way in given.ways:
        with tempfile.TemporaryDirectory() as folder:
            compare(way, given, Path(folder))


if __name__ == "__main__":
    main()
