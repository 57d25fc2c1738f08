"""Scans over the wire: a simulated fleet in a thread, and a scan of it here or in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inventory.load import load
from inventory.model import Fleet, Host
from orchestrator.demo.behaviour import Behaviour
from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.host import OPS, SimulatedHost
from orchestrator.demo.machine.model import Machine
from orchestrator.demo.wire.auth import Account
from orchestrator.domain.record import HostRecord, ScanRecord
from orchestrator.fleet.control.clock import SystemClock
from orchestrator.fleet.control.events import Event
from orchestrator.fleet.control.signals import listening
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.options import ScanOptions
from orchestrator.fleet.run import Services
from orchestrator.fleet.scan import scan
from orchestrator.fleet.summary import ScanSummary
from orchestrator.remote.session import Logon
from orchestrator.remote.transport_name import TransportName
from orchestrator.remote.transports import transport
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.fleet.fakes import record_of


def simulated(
    name: str, *behaviours: Behaviour, account: Account = OPS, credential: str = "ops", **inventory: Any
) -> SimulatedHost:
    """Make a host without an agent: what it says matters less here than that it says it."""
    return SimulatedHost(
        name=name,
        machine=Machine(computer=name.upper(), machine_id=name),
        account=account,
        credential=credential,
        transport="http",
        auth="ntlm",
        behaviours=behaviours,
        inventory=inventory,
    )


@dataclass
class Served:
    """A fleet that is being served, and where its inventory and a database are."""

    fleet: SimulatedFleet
    folder: Path

    @property
    def path(self) -> Path:
        """The inventory."""
        return self.folder / "fleet.yaml"

    @property
    def database(self) -> str:
        """The database's URL."""
        return f"sqlite:///{self.folder / 'results.db'}"

    def total(self, what: Callable[[Any], int]) -> int:
        """Sum a counter over the hosts."""
        return sum(what(host.counters) for host in self.fleet.hosts.values())

    def records(self, scan_id: int = 1) -> dict[str, HostRecord]:
        """Read a scan's records."""
        with Reader.open(self.database) as reader:
            return {record.host: record for record in reader.records(scan_id)}

    def driver(self, *options: str) -> subprocess.Popen[str]:
        """Scan from a process of its own, which prints a line of JSON for each event that a test may wait
        for.
        """
        return subprocess.Popen(
            [sys.executable, "-m", "tests.fleet.wire", str(self.path), self.database, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )


@contextlib.contextmanager
def served(
    hosts: Sequence[SimulatedHost], folder: Path, address: str, **defaults: object
) -> Iterator[Served]:
    """Serve hosts; `defaults` go into the inventory."""
    with serve_in_thread(SimulatedFleet(hosts, address=address, defaults=defaults)) as fleet:
        fleet.inventory(folder)
        yield Served(fleet, folder)


def logons_of(fleet: Fleet) -> Callable[[str | None], Logon]:
    """Return logons from the secret files that the simulated fleet wrote."""

    def logon(name: str | None) -> Logon:
        credential = fleet.credentials[name or ""]
        assert credential.password is not None
        secret = fleet.path.parent / credential.password.fields["path"]
        return Logon(username=credential.username, password=secret.read_text())

    return logon


@dataclass
class Asked:
    """What a scan over the wire came to."""

    summary: ScanSummary
    events: list[Event] = field(default_factory=list)


def scan_wire(place: Served, *, resume: int | None = None, **options: Any) -> Asked:
    """Scan a served fleet in this process, for real."""
    events: list[Event] = []
    return Asked(
        asyncio.run(_scan(place.path, place.database, ScanOptions(**options), resume, events.append)), events
    )


async def _scan(
    path: Path, url: str, options: ScanOptions, resume: int | None, on_event: Callable[[Event], None]
) -> ScanSummary:
    inventory = load(path)
    hosts: Sequence[Host] = tuple(inventory.hosts.values())
    record = record_of(hosts)
    stop = StopRequest()
    made = transport(TransportName.NATIVE, jobs=options.jobs)
    with Writer.open(url, command="test", user="test") as writer, listening(stop, asyncio.get_running_loop()):
        if resume is not None:
            record, hosts = _rest(writer, url, resume, inventory.hosts)
        try:
            return await scan(
                record,
                hosts,
                options=options,
                services=Services(
                    transport=made,
                    writer=writer,
                    logons=logons_of(inventory),
                    clock=SystemClock(),
                    chance=random.Random(1),  # noqa: S311  # jitter
                ),
                stop=stop,
                on_event=on_event,
            )
        finally:
            await made.aclose()


def _rest(writer: Writer, url: str, scan_id: int, hosts: Mapping[str, Host]) -> tuple[ScanRecord, list[Host]]:
    record = writer.resume_scan(scan_id)
    with Reader.open(url) as reader:
        done = reader.done(scan_id)
    return record, [hosts[name] for name in record.hosts if name not in done]


def _print(event: Event) -> None:
    said = {"event": type(event).__name__, "host": getattr(event, "host", None)}
    if hasattr(event, "record"):
        said["host"] = event.record.host
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def main(path: str, url: str, *options: str) -> int:
    """Scan with `--name=number` options; print events and the summary's numbers."""
    given = {name: float(value) for name, value in (option[2:].split("=") for option in options)}
    resume = int(given.pop("resume", 0)) or None
    summary = asyncio.run(
        _scan(Path(path), url, ScanOptions(jobs=int(given.pop("jobs", 64)), **given), resume, _print)
    )
    counts = summary.counts
    sys.stdout.write(
        json.dumps({"event": "end", "state": summary.state, "done": counts.selected - counts.not_started})
        + "\n"
    )
    return summary.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
