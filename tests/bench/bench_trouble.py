"""What trouble costs: a try at a host that is not well against a healthy host, and when the scan ends.

    python -m tests.bench.bench_trouble [--hosts 2000] [--jobs 1000] [--timeout 5] [--way https-basic]

Of the hosts 30 % have a filled backlog (their SYN is not answered), 5 % take the connection and say nothing,
5 % answer with garbage; the others are healthy and served lean. `fleetcheck scan` runs as a process: over the
healthy hosts alone, then over all. What all cost more is divided by the tries at those that are not well.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import socket
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from orchestrator.demo.lean.hosts import WAYS
from tests.bench.bench_scan import say
from tests.bench.lean import ROOT, serving
from tests.bench.old_tree import Used, run

SHARES = {"filled": 0.30, "hangs": 0.05, "garbage": 0.05}
_GARBAGE = b"\x00\xffnothing that anybody speaks\r\n" * 8
_NOT_WELL = (3, 4, 5)  # exit codes of a scan with hosts that failed


@contextlib.contextmanager
def filled() -> Iterator[int]:
    """Listen on every loopback address with a backlog that is full; yield the port."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("", 0), backlog=0))
        port: int = listener.getsockname()[1]
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        yield port


@contextlib.contextmanager
def answering(said: bytes) -> Iterator[int]:
    """Take every connection, say so much, and keep it; yield the port."""
    listener = socket.create_server(("", 0), backlog=1024)
    kept: list[socket.socket] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                taken, _ = listener.accept()
                kept.append(taken)
                with contextlib.suppress(OSError):
                    taken.sendall(said)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for taken in kept:
            taken.close()


@dataclass(frozen=True)
class Ended:
    """What a scan's database tells: tries at hosts that failed, seconds that the longest host took."""

    failed: int
    tries: int
    longest: float


def ended(database: Path) -> Ended:
    """Read the newest scan."""
    with contextlib.closing(sqlite3.connect(database)) as rows:
        found = rows.execute(
            'SELECT phase, "try", started, ended FROM host_result WHERE scan_id = (SELECT max(id) FROM scan)'
        ).fetchall()
    spans = [datetime.fromisoformat(end) - datetime.fromisoformat(start) for _, _, start, end in found]
    bad = [tries for phase, tries, _, _ in found if phase is not None]
    return Ended(len(bad), sum(bad), max(span.total_seconds() for span in spans))


def with_trouble(inventory: Path, count: int, transport: str) -> Path:
    """Write the inventory of healthy hosts once more, with those that are not well among them."""
    healthy = inventory.read_text()
    auth = re.search(r"^  h00000: .*?(auth: \S+?)[,}]", healthy, re.MULTILINE)
    assert auth is not None
    place = inventory.with_name("trouble.yaml")
    place.write_text(healthy + "".join(_hosts(count, f"{auth[1]}, transport: {transport}")))
    return place


_ports: dict[str, int] = {}


def _hosts(count: int, rest: str) -> Iterator[str]:
    for block, (kind, share) in enumerate(SHARES.items()):
        for number in range(max(1, round(count * share))):
            address = f"127.{block + 1}.{number // 250}.{number % 250 + 1}"
            yield f'  {kind}{number:04}: {{address: "{address}", port: {_ports[kind]}, {rest}}}\n'


def measure(given: argparse.Namespace, folder: Path) -> None:
    """Print what a host and a try cost, and when the scan ended."""
    count = given.hosts - sum(max(1, round(given.hosts * share)) for share in SHARES.values())
    with contextlib.ExitStack() as stack:
        lean = stack.enter_context(serving(given.way, count, folder / "lean"))
        _ports["filled"] = stack.enter_context(filled())
        _ports["hangs"] = stack.enter_context(answering(b""))
        _ports["garbage"] = stack.enter_context(answering(_GARBAGE))
        all_of_them = with_trouble(lean.inventory, given.hosts, given.way.partition("-")[0])
        database = folder / "bench.db"
        limits = ["--jobs", str(given.jobs), "--timeout", str(given.timeout), "--pace", "0"]
        rest = [*limits, "--quiet", "--db", str(database)]

        def scan(inventory: Path, *more: str, ends: int = 0) -> Used:
            return run(ROOT, ["scan", "-i", str(inventory), *rest, *more], ends=ends)

        scan(lean.inventory, "--limit", "h00000")
        start = scan(lean.inventory, "--limit", "h00000")
        well = scan(lean.inventory, "--timeout", "120")
        mixed = scan(all_of_them, ends=4)
    found = ended(database)
    host = (well.cpu - start.cpu) / count * 1000
    each = (mixed.cpu - well.cpu) / found.tries * 1000
    what = f"{given.way}, {given.hosts} hosts, {given.jobs} jobs"
    say(
        f"{what}: {found.tries} tries at {found.failed} not well, {each:.2f} ms of CPU each, "
        f"{each / host:.2f} x a healthy host's {host:.2f} ms"
    )
    say(f"the longest took {found.longest:.1f} s of its {given.timeout:g} s; the scan {mixed.seconds:.1f} s")


def main() -> None:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--timeout", type=float, default=5.0)
    parser.add_argument("--way", choices=WAYS, default="https-basic")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(given, Path(folder))


if __name__ == "__main__":
    main()
