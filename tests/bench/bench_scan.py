"""Client CPU of `scan` against a bare pypsrp loop on the same hosts, over both ways that most fleets are
reached by.

    python -m tests.bench.bench_scan [--hosts 300] [--jobs 16] [--rounds 3] [--ways https-basic http-ntlm]
    [--wire native]

The hosts are served lean from another process: a session costs them less than it costs any client. Rounds
alternate; the medians count. The whole path is measured: connect, run, decode, verdict, store.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from inventory.load import load
from inventory.model import Fleet, Host
from orchestrator.demo.lean.hosts import WAYS
from orchestrator.fleet.control.clock import SystemClock
from orchestrator.fleet.control.events import Listener
from orchestrator.fleet.options import ScanOptions
from orchestrator.fleet.run import Services
from orchestrator.fleet.scan import scan
from orchestrator.fleet.summary import ScanSummary
from orchestrator.remote.contract.probe import probe_parameters
from orchestrator.remote.probe import probe_script
from orchestrator.remote.transport_name import TransportName
from orchestrator.remote.transports import transport
from orchestrator.store.writer import Writer
from tests.bench.lean import serving
from tests.bench.peers import Target, pypsrp_client
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
    wire: TransportName = TransportName.NATIVE,
    timeout: float | None = None,
    on_event: Listener | None = None,
) -> ScanSummary:
    """Scan hosts as the command does."""

    async def main() -> ScanSummary:
        made = transport(wire, jobs=jobs)
        try:
            return await scan(
                record_of(hosts),
                hosts,
                options=ScanOptions(jobs=jobs, pace=0, timeout=timeout),
                services=Services(
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


def targets(fleet: Fleet, hosts: Sequence[Host]) -> list[Target]:
    """Say of each host what a client needs to run the probe there."""
    logon = logons_of(fleet)("ops")
    return [
        Target(
            name=host.name,
            address=host.address,
            port=host.port,
            secure=host.transport == "https",
            auth=host.auth,
            ca=str(host.ca) if host.ca else None,
            username=logon.username,
            password=logon.password,
            parameters=probe_parameters(host, mode="auto", canaries=True, deadline_ms=30_000, width=60),
        )
        for host in hosts
    ]


def bare(fleet: Fleet, hosts: Sequence[Host], jobs: int) -> int:
    """Run the probe on hosts by pypsrp and nothing else; return the number of answers."""
    with ThreadPoolExecutor(jobs) as threads:
        return sum(threads.map(pypsrp_client(probe_script().text), targets(fleet, hosts)))


def cost(work: Callable[[], int], count: int) -> tuple[float, float]:
    """Do it; return milliseconds of CPU a host, and hosts a second. All hosts must answer."""
    began, cpu = time.perf_counter(), time.process_time()
    assert work() == count
    return (time.process_time() - cpu) / count * 1000, count / (time.perf_counter() - began)


def compare(way: str, given: argparse.Namespace, folder: Path) -> None:
    """Print milliseconds of CPU a host of both, and the ratio."""
    with serving(way, given.hosts, folder) as lean:
        fleet = load(lean.inventory)
        hosts = tuple(fleet.hosts.values())
        wire = TransportName(given.wire)
        scanned(fleet, hosts[:8], folder, given.jobs, wire=wire)  # imports, schema, caches
        bare(fleet, hosts[:8], given.jobs)
        ours, theirs = [], []
        for _ in range(given.rounds):
            ours.append(
                cost(lambda: scanned(fleet, hosts, folder, given.jobs, wire=wire).counts.ok, len(hosts))
            )
            theirs.append(cost(lambda: bare(fleet, hosts, given.jobs), len(hosts)))
    mine, bares = (statistics.median(each[0] for each in found) for found in (ours, theirs))
    rates = [statistics.median(each[1] for each in found) for found in (ours, theirs)]
    ratio = statistics.median(b[0] / a[0] for a, b in zip(ours, theirs, strict=True))
    say(
        f"{way}, {len(hosts)} hosts, {given.jobs} jobs: scan ({wire}) {mine:.1f} ms of CPU a host, "
        f"{rates[0]:.0f} hosts/s; bare pypsrp {bares:.1f} ms, {rates[1]:.0f} hosts/s; {ratio:.1f} times less"
    )


def main() -> None:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["https-basic", "http-ntlm"])
    parser.add_argument("--wire", choices=[str(wire) for wire in TransportName], default="native")
    given = parser.parse_args()
    for way in given.ways:
        with tempfile.TemporaryDirectory() as folder:
            compare(way, given, Path(folder))


if __name__ == "__main__":
    main()
