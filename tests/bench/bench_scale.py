"""A whole fleet at once: what a host costs among 10,000 against one among 500, and what slow hosts do to the
others.

    python -m tests.bench.bench_scale [--hosts 10000] [--jobs 1000] [--ways https-basic http-ntlm]
    python -m tests.bench.bench_scale --delay 2 [--hosts 10000] [--jobs 1000]

Runs `fleetcheck scan` itself as a process, the hosts served lean by another one. Prints CPU a host, the most
memory, hosts a second; with --delay the rate with hosts that take so many seconds each, against instant ones
and against what jobs/delay allows.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from orchestrator.demo.lean.hosts import WAYS
from tests.bench.bench_scan import say
from tests.bench.lean import ROOT, serving

SMALL = 500  # hosts; what a large fleet is held against


@dataclass(frozen=True)
class Run:
    """What one run of the command took: CPU and wall seconds, megabytes at most."""

    cpu: float
    seconds: float
    megabytes: float


def scan_command(inventory: Path, jobs: int) -> list[str]:
    """Return the command that scans every host, as a user would start it; it ends with 0 where all are ok."""
    start = "from orchestrator.cli.main import main; main()"
    command = [sys.executable, "-c", start, "scan", "-i", str(inventory), "--jobs", str(jobs), "--pace", "0"]
    return [*command, "--quiet", "--db", str(inventory.parent / "bench.db")]


def run(inventory: Path, jobs: int, *options: str) -> Run:
    """Scan every host with the command; all of them must be ok, or `options` ask no host."""
    command = [*scan_command(inventory, jobs), *options]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Run(used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss / scale)


def scale(way: str, given: argparse.Namespace, folder: Path) -> None:
    """Print what a host costs in a small and in a large fleet, start and inventory taken off,
    and the ratio.
    """
    each = []
    for count, jobs in ((SMALL, given.small_jobs), (given.hosts, given.jobs)):
        with serving(way, count, folder / str(count)) as lean:
            asked = run(lean.inventory, jobs)
            began = run(lean.inventory, jobs, "--list-hosts")
        each.append((asked.cpu - began.cpu) / count * 1000)
        say(
            f"{way}, {count} hosts, {jobs} jobs: {asked.cpu / count * 1000:.2f} ms of CPU a host in all, "
            f"{each[-1]:.2f} without start and inventory; {asked.megabytes:.0f} MB at most; "
            f"{count / asked.seconds:.0f} hosts/s"
        )
    say(f"{way}: a host among {given.hosts} costs {each[1] / each[0]:.2f} times one among {SMALL}")


def slow(way: str, given: argparse.Namespace, folder: Path) -> None:
    """Print the rate with slow hosts against that with instant ones, as far as jobs and delay allow."""
    rates = []
    for delay in (0.0, given.delay):
        with serving(way, given.hosts, folder / str(delay), delay=delay) as lean:
            asked = run(lean.inventory, given.jobs)
            began = run(lean.inventory, given.jobs, "--list-hosts")
        rates.append(given.hosts / (asked.seconds - began.seconds))
    allowed = given.jobs / given.delay
    could = min(rates[0], allowed)
    say(
        f"{way}, {given.hosts} hosts, {given.jobs} jobs: {rates[0]:.0f} hosts/s where they answer at once, "
        f"{rates[1]:.0f} where each takes {given.delay:g} s; {rates[1] / could:.2f} of what {allowed:.0f} "
        "hosts/s and the first rate allow"
    )


def main() -> None:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--small-jobs", type=int, default=64)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["https-basic", "http-ntlm"])
    given = parser.parse_args()
    for way in given.ways:
        with tempfile.TemporaryDirectory() as folder:
            (slow if given.delay else scale)(way, given, Path(folder))


if __name__ == "__main__":
    main()
