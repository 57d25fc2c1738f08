"""Re-pins over the wire: a simulated fleet in a thread, its registries looked at from outside,
a driver to be killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from inventory.load import load
from orchestrator.demo.behaviour import Behaviour
from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.machine.model import Agent, Machine
from orchestrator.demo.machine.plot import Event as PlotEvent
from orchestrator.demo.scenes.recipes import FALLBACK, GATEWAYS, KEY, PORT, VALUES
from orchestrator.domain.primitives.digest import host_facts
from orchestrator.domain.reading import Kind
from orchestrator.domain.repin import planfile
from orchestrator.domain.repin.operation import Operation, RunRecord
from orchestrator.domain.repin.plan import Evidence, Plan, PlannedHost, RoleChange, WriteTarget
from orchestrator.domain.repin.waves import parse_batch
from orchestrator.fleet.control.clock import SystemClock
from orchestrator.fleet.control.signals import listening
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.repin.checks import check
from orchestrator.fleet.repin.events import RepinEvent
from orchestrator.fleet.repin.options import RepinOptions
from orchestrator.fleet.repin.protocol import RepinServices, RunInput, apply, resume
from orchestrator.fleet.repin.summary import RepinSummary
from orchestrator.remote.apply import repin_script
from orchestrator.remote.transport_name import TransportName
from orchestrator.remote.transports import transport
from orchestrator.store.journal.journal import Journal
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.eventually import eventually
from tests.fleet.wire import logons_of

ROOT = Path(__file__).parents[3]


def drifted(
    name: str,
    *events: PlotEvent,
    reconnects: float | None = 0.0,
    behaviours: tuple[Behaviour, ...] = (),
    **machine: Any,
) -> SimulatedHost:
    """Make a host that holds the fallback port, with the tunnel's own open."""
    made = Machine(
        computer=name.upper(),
        machine_id=f"id-{name}",
        agent=Agent(key=KEY, values=VALUES, gateways=GATEWAYS, reconnects=reconnects),
        **machine,
    )
    made.network.open(GATEWAYS.values(), (PORT, FALLBACK))
    for value in VALUES.values():
        made.registry.create(64, KEY).set(value, Kind.DWORD, FALLBACK)
    return SimulatedHost(
        name=name, machine=made, transport="http", auth="ntlm", events=events, behaviours=behaviours
    )


@dataclass
class Place:
    """A served fleet, its inventory, a database, and the plan that was made for it."""

    fleet: SimulatedFleet
    folder: Path
    plan: Plan

    @property
    def inventory(self) -> Path:
        """The inventory's path."""
        return self.folder / "fleet.yaml"

    @property
    def plan_path(self) -> Path:
        """The plan's path."""
        return self.folder / "plan.json"

    @property
    def database(self) -> str:
        """The database's URL."""
        return f"sqlite:///{self.folder / 'results.db'}"

    def machine(self, name: str) -> Machine:
        """Return a host's machine."""
        return self.fleet.host(name).machine

    def pins(self, name: str) -> tuple[object, ...]:
        """Return a host's pins, looked at from outside."""
        key = self.machine(name).registry.key(64, KEY)
        entries = [None if key is None else key.get(value) for value in VALUES.values()]
        return tuple(None if entry is None else entry.data for entry in entries)

    def mixed(self, old: tuple[object, ...], new: tuple[object, ...]) -> list[str]:
        """Return the hosts that hold neither, once the scripts that are under way have come to their end."""
        everybody = self.fleet.hosts

        def neither() -> list[str]:
            return [name for name in everybody if self.pins(name) not in {old, new}]

        eventually(
            lambda: all(host.machine.mutex.holder is None for host in everybody.values()) and not neither()
        )
        return neither()

    def pin(self, name: str, port: int) -> None:
        """Set a host's pins, as somebody else would."""
        for value in VALUES.values():
            self.machine(name).registry.create(64, KEY).set(value, Kind.DWORD, port)

    def rows(self, run: int = 1) -> dict[str, Operation]:
        """Read the last row of each host of a run."""
        with Reader.open(self.database) as reader:
            return {row.host: row for row in reader.operations(run)}

    def audit_holds(self) -> bool:
        """Whether the audit's chain and the journal agree."""
        with Reader.open(self.database) as reader:
            return reader.verify_audit().broken is None

    @property
    def doubles(self) -> int:
        """Values that were written twice, over all hosts."""
        return sum(host.machine.log.doubles for host in self.fleet.hosts.values())

    @property
    def overwrites(self) -> int:
        """Somebody else's changes that a write lost, over all hosts."""
        return sum(host.machine.log.overwrites for host in self.fleet.hosts.values())

    @contextlib.contextmanager
    def driver(self, *options: str) -> Iterator[subprocess.Popen[str]]:
        """Re-pin from a process of its own, which prints a line of JSON for each event;
        killed at the end of the block.
        """
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.fleet.repin.wire",
                str(self.inventory),
                str(self.plan_path),
                self.database,
                *options,
            ],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()


def plan_for(fleet: SimulatedFleet, inventory: Path, **changes: Any) -> Plan:
    """Plan every host of a fleet from what it holds to the tunnel's own port."""
    now = datetime.now(UTC)
    hosts = load(inventory).hosts
    settings: dict[str, Any] = {
        "id": f"plan-{now.timestamp()}",
        "created": now,
        "expires": now + timedelta(hours=24),
        "policy": "desired",
        "selection": "",
        "inventory": str(inventory),
        "inventory_digest": "ab" * 32,
        "script": repin_script().sha256,
        "version": "0",
        "user": "me",
        "hosts": tuple(
            _planned(name, host.machine, host_facts(hosts[name])) for name, host in fleet.hosts.items()
        ),
        "left_out": (),
    }
    return Plan(**(settings | changes))


def _planned(name: str, machine: Machine, facts: str) -> PlannedHost:
    return PlannedHost(
        host=name,
        address="127.0.0.1",
        port=1,
        site=None,
        facts=facts,
        key=KEY,
        computer=machine.computer,
        machine_id=machine.machine_id,
        roles=tuple(RoleChange(role=role, old=FALLBACK, new=PORT) for role in VALUES),
        targets=tuple(
            WriteTarget(view=64, value=value, kind="DWORD", expected=str(FALLBACK), new=str(PORT), role=role)
            for role, value in VALUES.items()
        ),
        evidence=(Evidence(scan=1, read=datetime.now(UTC)),),
        why="desired",
    )


@contextlib.contextmanager
def placed(hosts: Sequence[SimulatedHost], folder: Path, address: str) -> Iterator[Place]:
    """Serve hosts, and plan them."""
    defaults = {"profile": "livevault", "gateways": GATEWAYS, "pin": PORT, "timeout": 30}
    with serve_in_thread(SimulatedFleet(hosts, address=address, defaults=defaults)) as fleet:
        inventory = fleet.inventory(folder)
        place = Place(fleet, folder, plan_for(fleet, inventory))
        place.plan_path.write_text(planfile.dumps(place.plan), "ascii")
        yield place


@dataclass
class Gone:
    """What a re-pin over the wire came to."""

    summary: RepinSummary
    events: list[RepinEvent] = field(default_factory=list)

    @property
    def states(self) -> dict[str, object]:
        """Return every host's end."""
        return {end.host: end.state for end in self.summary.ends}


def repin_wire(
    place: Place,
    *,
    plan: Plan | None = None,
    run: int | None = None,
    stop: StopRequest | None = None,
    **options: Any,
) -> Gone:
    """Apply the plan for real in this process, or go on with a run."""
    events: list[RepinEvent] = []
    how = RepinOptions(**({"pace": 0.0, "window": 10.0} | options))
    wanted = plan or place.plan
    return Gone(
        asyncio.run(_repin(place.inventory, wanted, place.database, how, run, events.append, stop)), events
    )


async def _repin(
    inventory: Path,
    plan: Plan,
    url: str,
    options: RepinOptions,
    run: int | None,
    on_event: Callable[[RepinEvent], None],
    stop: StopRequest | None = None,
) -> RepinSummary:
    fleet = load(inventory)
    if run is None:
        check(plan, fleet, datetime.now(UTC), repin_script().sha256)
    stop = stop or StopRequest()
    made = transport(TransportName.NATIVE, jobs=options.jobs)
    record = RunRecord(
        id=run,
        plan=plan.id,
        started=datetime.now(UTC),
        user="me",
        command="test",
        version="0",
        options="{}",
        hosts=len(plan.hosts),
    )
    services = RepinServices(
        transport=made,
        logons=logons_of(fleet),
        clock=SystemClock(),
        chance=random.Random(1),  # noqa: S311  # jitter
    )
    with (
        Writer.open(url, command="test", user="test") as writer,
        listening(stop, asyncio.get_running_loop()),
    ):
        try:
            given = RunInput(
                plan=plan,
                hosts=fleet.hosts,
                record=record,
                options=options,
                services=services,
                journal=Journal(writer),
                stop=stop,
                on_event=on_event,
            )
            return await (apply if run is None else resume)(given)
        finally:
            await made.aclose()


def read_events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """Yield what a driver says, as it comes."""
    assert process.stdout is not None
    for line in process.stdout:
        yield json.loads(line)


def _print(event: RepinEvent) -> None:
    end = getattr(event, "end", None)
    said = {
        "event": type(event).__name__,
        "host": getattr(event, "host", end and end.host),
        "state": getattr(event, "state", end and end.state),
    }
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def main(words: Iterable[str]) -> int:
    """Re-pin with `--name=number` options; print events, then the summary's numbers."""
    inventory, plan_path, url, *rest = words
    given = dict(word[2:].split("=") for word in rest)
    run = int(given.pop("resume", 0)) or None
    batch = parse_batch(given.pop("batch", "100%"))
    numbers: dict[str, Any] = {name: float(value) for name, value in given.items()}
    options = RepinOptions(
        **({"pace": 0.0, "window": 10.0} | numbers | {"jobs": int(numbers.get("jobs", 8))}), batch=batch
    )
    plan = planfile.loads(Path(plan_path).read_bytes(), plan_path)
    summary = asyncio.run(_repin(Path(inventory), plan, url, options, run, _print))
    sys.stdout.write(
        json.dumps({"event": "end", "state": summary.state, "host": None, "ends": len(summary.ends)}) + "\n"
    )
    return summary.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
