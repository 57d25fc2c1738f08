"""Client CPU of `scan` against a bare pypsrp loop on the same hosts with the same number of threads, and its memory.

    python -m tests.bench.bench_scan [--hosts 200] [--jobs 16] [--rounds 3]
    python -m tests.bench.bench_scan --memory [--hosts 2000] [--jobs 256]

The hosts are served from another process, over NTLM and sealed http. Rounds alternate; the least of each counts.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from inventory.load import load
from inventory.model import Fleet, Host
from orchestrator.fleet.clock import SystemClock
from orchestrator.fleet.events import Listener
from orchestrator.fleet.options import ScanOptions
from orchestrator.fleet.run import Means
from orchestrator.fleet.scan import scan
from orchestrator.fleet.summary import ScanSummary
from orchestrator.remote.contract import probe_parameters
from orchestrator.remote.probe import probe_script
from orchestrator.remote.transports import Wire, transport
from orchestrator.store.writer import Writer
from tests.bench.healthy import ROOT, serving
from tests.fleet.fakes import record_of
from tests.fleet.wire import logons_of


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def scanned(
    fleet: Fleet,
    hosts: Sequence[Host],
    folder: Path,
    jobs: int,
    *,
    timeout: float | None = None,
    on_event: Listener | None = None,
) -> ScanSummary:
    """Scan hosts as the command does."""

    async def main() -> ScanSummary:
        made = transport(Wire.NATIVE, jobs=jobs)
        try:
            return await scan(
                record_of(hosts),
                hosts,
                options=ScanOptions(jobs=jobs, pace=0, timeout=timeout),
                means=Means(
                    transport=made,
                    writer=writer,
                    logons=logons_of(fleet),
                    clock=SystemClock(),
                    chance=random.Random(1),  # noqa: S311  # jitter
                ),
                on_event=on_event,
            )
        finally:
            await made.aclose()

    with Writer.open(f"sqlite:///{folder / 'bench.db'}", command="bench", user="bench") as writer:
        return asyncio.run(main())


def bare(fleet: Fleet, hosts: Sequence[Host], jobs: int) -> int:
    """Run the probe on hosts by pypsrp and nothing else; give the number of answers."""
    script, logon = probe_script(), logons_of(fleet)("ops")

    def one(host: Host) -> int:
        parameters = probe_parameters(host, mode="auto", canaries=True, deadline_ms=30_000, width=60)
        wsman = WSMan(
            host.address,
            port=host.port,
            ssl=False,
            auth="ntlm",
            username=logon.username,
            password=logon.password,
            encryption="always",
        )
        with wsman, RunspacePool(wsman) as pool:
            shell = PowerShell(pool)
            shell.add_script(script.text)
            shell.add_parameters(dict(parameters))
            return len(shell.invoke())

    with ThreadPoolExecutor(jobs) as threads:
        return sum(threads.map(one, hosts))


def compare(count: int, jobs: int, rounds: int, folder: Path) -> None:
    """Print milliseconds of CPU per host of both, and the ratio."""
    with serving(count, folder) as path:
        fleet = load(path)
        hosts = tuple(fleet.hosts.values())
        scanned(fleet, hosts[:8], folder, jobs)  # imports, schema, caches
        bare(fleet, hosts[:8], jobs)
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(rounds):
            began, cpu = time.perf_counter(), time.process_time()
            assert scanned(fleet, hosts, folder, jobs).counts.ok == count
            ours.append((time.process_time() - cpu) / count * 1000)
            middle, cpu = time.perf_counter(), time.process_time()
            assert bare(fleet, hosts, jobs) == count
            theirs.append((time.process_time() - cpu) / count * 1000)
            say(
                f"scan {ours[-1]:5.1f} ms CPU a host, {count / (middle - began):5.0f} hosts/s   "
                f"bare {theirs[-1]:5.1f} ms, {count / (time.perf_counter() - middle):5.0f} hosts/s"
            )
    say(
        f"{count} hosts, {jobs} jobs: scan {min(ours):.1f} ms of CPU a host, bare pypsrp {min(theirs):.1f} ms; "
        f"ratio {min(ours) / min(theirs):.2f} (median of rounds "
        f"{statistics.median(a / b for a, b in zip(ours, theirs, strict=True)):.2f})"
    )


def memory(count: int, jobs: int, folder: Path) -> None:
    """Print the most memory that the command takes."""
    options = ("--jobs", str(jobs), "--pace", "0", "--quiet", "--db", str(folder / "bench.db"), "--json")
    start = "from orchestrator.cli.main import main; main()"
    with serving(count, folder) as path, (folder / "result.json").open("w") as result:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-c", start, "scan", "-i", str(path), *options], stdout=result, cwd=ROOT
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    kilobytes = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    say(
        f"{count} hosts, {jobs} jobs: exit code {os.waitstatus_to_exitcode(status)}, {kilobytes / 1024:.0f} MB at most, "
        f"{(used.ru_utime + used.ru_stime) / count * 1000:.1f} ms of CPU a host, "
        f"{seconds:.0f} s, {count / seconds:.0f} hosts/s"
    )


def main() -> None:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--hosts", type=int)
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.memory:
            memory(given.hosts or 2000, given.jobs or 256, Path(folder))
        else:
            compare(given.hosts or 200, given.jobs or 16, given.rounds, Path(folder))


if __name__ == "__main__":
    main()
