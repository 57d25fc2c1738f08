"""A scan where one host in twenty never answers: when it ends, and what it leaves behind.

    python -m tests.bench.bench_hang [--hosts 1000] [--jobs 128] [--timeout 10]

Passes when the run ends no later than the last deadline and two seconds, with threads and descriptors back to
base.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import threading
import time
from pathlib import Path

from inventory.load import load
from orchestrator.fleet.control.events import Event, HostStarted
from orchestrator.fleet.summary import ScanSummary
from tests.bench.bench_scan import say, scanned
from tests.bench.healthy import serving


def resources() -> tuple[int, int]:
    """Count descriptors and threads."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def measure(count: int, jobs: int, timeout: float, folder: Path) -> bool:
    """Print how a scan with hung hosts ended; True where it ended as it has to."""
    hung = count // 20
    deadlines: list[float] = []

    def watch(event: Event) -> None:
        if isinstance(event, HostStarted):
            deadlines.append(time.monotonic() + event.deadline)

    with serving(count, folder, hung=hung) as path:
        fleet = load(path)
        hosts = tuple(fleet.hosts.values())
        scanned(fleet, hosts[:8], folder, jobs)
        before = resources()
        summary: ScanSummary = scanned(fleet, hosts, folder, jobs, timeout=timeout, on_event=watch)
        late = time.monotonic() - max(deadlines)
        after = resources()
    good = late <= 2 and after == before and summary.counts.ok == count - hung
    say(
        f"{count} hosts, {hung} of them hung, {jobs} jobs, {timeout:g} s each: {summary.counts.ok} ok, "
        f"{dict(summary.causes)}; ended {late:+.2f} s from the last deadline; descriptors and threads "
        f"{before} before, {after} after: {'passed' if good else 'FAILED'}"
    )
    return good


def main() -> int:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=128)
    parser.add_argument("--timeout", type=float, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return not measure(given.hosts, given.jobs, given.timeout, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
