"""A fleet to re-pin at the seam: sessions that run both scripts on simulated machines, and a journal in
memory.

The machines are the simulated fleet's own, without a wire; time is the leaping loop's.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from inventory.model import Host
from orchestrator.demo.machine.answer import probe
from orchestrator.demo.machine.at_once import act_out
from orchestrator.demo.machine.model import Agent, Machine, Network
from orchestrator.demo.machine.plot import Event as PlotEvent
from orchestrator.demo.machine.plot import Killed
from orchestrator.domain.approval.signatures import Approval
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.domain.primitives.digest import host_facts
from orchestrator.domain.reading import Kind, Result
from orchestrator.domain.repin.journal import UNRESOLVED, State, move
from orchestrator.domain.repin.operation import Operation, RunRecord, RunState
from orchestrator.domain.repin.plan import Evidence, Plan, PlannedHost, RoleChange, WriteTarget
from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.repin.events import RepinEvent
from orchestrator.fleet.repin.options import RepinOptions
from orchestrator.fleet.repin.protocol import RepinServices, RunInput, apply, resume
from orchestrator.fleet.repin.summary import HostEnd, RepinSummary
from orchestrator.remote.apply import repin_script
from orchestrator.remote.faults.fault import Fault, RefusedBy
from orchestrator.remote.session import Endpoint, Logon, Parameter, Reply, Script, TryFacts
from orchestrator.store.errors import DatabaseError, StoreTrouble
from orchestrator.store.journal.errors import InFlightError
from tests.domain.repin.builders import GATEWAYS, KEY, profile
from tests.fleet.travel import NEW_YEAR, TravelClock, travel

VALUES = {"primary": "PrimaryTunnelPort", "backup": "BackupTunnelPort"}
OLD, NEW = 2147, 443
LOST = Fault(phase=Phase.RUN, cause=Cause.SESSION_LOST, detail="the connection was cut", advice="read it")
DOWN = Fault(phase=Phase.CONNECT, cause=Cause.NO_ANSWER, detail="no answer", advice="is it up?")
REJECTED = Fault(
    phase=Phase.AUTH,
    cause=Cause.LOGON_FAILED,
    detail="rejected",
    advice="the password",
    refused_by=RefusedBy.HOST,
)
BUSY_SHELLS = Fault(phase=Phase.OPEN, cause=Cause.TOO_MANY_SHELLS, detail="no shell", advice="later")


@dataclass
class SimHost:
    """A machine, and what goes wrong with it. Seconds everywhere.

    `probes` and `writes` are the faults of the first, second, ... session of that kind; None: none. A write's
    fault in phase RUN comes after the script has begun on the host, any other before. `lags`: so long after
    the request the script begins, answer or not.
    """

    machine: Machine
    events: tuple[PlotEvent, ...] = ()
    probes: list[Fault | None] = field(default_factory=list)
    writes: list[Fault | None] = field(default_factory=list)
    seconds: float = 1.0
    lags: float = 0.0
    clockless: bool = False  # it does not tell its time
    probed: int = 0
    written: int = 0
    meddle: Callable[[SimHost], None] | None = None  # before each probe
    before_write: Callable[[SimHost], None] | None = None

    def pins(self, view: int = 64) -> tuple[Any, Any]:
        """Return the data of both pins."""
        key = self.machine.registry.key(view, KEY)
        entries = [None if key is None else key.get(name) for name in VALUES.values()]
        return tuple(None if entry is None else entry.data for entry in entries)  # type: ignore[return-value]

    def pin(self, port: int | str, kind: Kind = Kind.DWORD, view: int = 64) -> None:
        """Set both pins, as somebody else would."""
        for name in VALUES.values():
            self.machine.registry.create(view, KEY).set(name, kind, port)

    @property
    def doubles(self) -> int:
        """How many values were written twice."""
        return self.machine.log.doubles


def sim_host(name: str, *, reconnects: float | None = 0.0, **changes: Any) -> SimHost:
    """Make a host that is pinned to OLD, with NEW open."""
    machine = Machine(
        computer=name.upper(),
        machine_id=f"id-{name}",
        network=Network(ports={NEW: Result.CONNECTED}, otherwise=Result.REFUSED),
        agent=Agent(key=KEY, values=VALUES, gateways=GATEWAYS, reconnects=reconnects),
    )
    made = SimHost(machine, **changes)
    made.pin(OLD)
    return made


@dataclass
class World:
    """The hosts, by name; `sent` are the operations whose script left,
    with the state that their row had then.
    """

    hosts: dict[str, SimHost]
    journal: MemoryJournal
    clock: Clock
    sent: list[tuple[str, State | None]] = field(default_factory=list)
    in_flight: int = 0
    most: int = 0
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def session(
        self,
        endpoint: Endpoint,
        logon: Logon,
        *,
        deadline: float,  # noqa: ARG002  # the seam's
        before_logon: Callable[[], Awaitable[None]] | None = None,
        accepted: Callable[[], None] | None = None,
    ) -> WorldSession:
        """Make a session."""
        assert before_logon is not None
        assert accepted is not None
        assert logon.username
        return WorldSession(self, self.hosts[endpoint.host], before_logon, accepted)

    async def aclose(self) -> None:
        """Nothing to give back."""


@dataclass
class WorldSession:
    """One conversation with one of them."""

    world: World
    host: SimHost
    before_logon: Callable[[], Awaitable[None]]
    accepted: Callable[[], None]
    phase: Phase = Phase.RESOLVE

    @property
    def facts(self) -> TryFacts:
        """Say how far it came, in no time."""
        return TryFacts(phase=self.phase, timings={})

    async def run(self, script: Script, parameters: Mapping[str, Parameter]) -> Reply:
        """Run one of the two scripts."""
        fault = self._fault(script.name)
        for phase in (Phase.CONNECT, Phase.TLS):
            self._enter(phase, fault)
        await self.before_logon()
        await asyncio.sleep(self.host.seconds / 4)
        self._enter(Phase.AUTH, fault)
        self.accepted()
        for phase in (Phase.OPEN, Phase.RUN):
            self._enter(phase, None if phase is Phase.RUN else fault)
        text = await (self._probe(parameters) if script.name == "probe" else self._write(parameters, fault))
        if fault is not None:
            raise fault
        self.phase = Phase.DECODE
        return Reply(text=text, auth="ntlm")

    async def close(self) -> tuple[str, ...]:
        """Close at once."""
        return ()

    def _fault(self, name: str) -> Fault | None:
        host = self.host
        if name == "probe":
            host.probed += 1
            return host.probes.pop(0) if host.probes else None
        host.written += 1
        return host.writes.pop(0) if host.writes else None

    def _enter(self, phase: Phase, fault: Fault | None) -> None:
        self.phase = phase
        if fault is not None and fault.phase is phase:
            raise fault

    async def _probe(self, parameters: Mapping[str, Parameter]) -> str:
        host = self.host
        if host.meddle is not None:
            host.meddle(host)
        await asyncio.sleep(host.seconds)
        self._settle()
        text = probe(host.machine, parameters, self._now())
        return re.sub(r'"clock":"[^"]*"', '"clock":null', text) if host.clockless else text

    async def _write(self, parameters: Mapping[str, Parameter], fault: Fault | None) -> str:
        world = self.world
        number = str(parameters["Operation"])
        world.sent.append((number, world.journal.state_of(int(number))))
        world.in_flight += 1
        world.most = max(world.most, world.in_flight)
        try:
            script = asyncio.create_task(self._script(parameters))
            world.tasks.add(script)
            if fault is not None:  # the script goes its own way
                await asyncio.sleep(self.host.seconds)
                return ""
            return await asyncio.shield(script)
        finally:
            world.in_flight -= 1

    async def _script(self, parameters: Mapping[str, Parameter]) -> str:
        await asyncio.sleep(self.host.lags or self.host.seconds / 2)
        if self.host.before_write is not None:
            self.host.before_write(self.host)
        try:
            text = act_out(self.host.machine, parameters, self.world.clock.now(), self.host.events)
        except Killed:
            raise LOST from None
        finally:
            self._settle()
        await asyncio.sleep(self.host.seconds / 2)
        return text

    def _now(self) -> datetime:
        return self.world.clock.now() + timedelta(seconds=self.host.machine.clock_skew)

    def _settle(self) -> None:
        if self.host.machine.agent is not None:
            self.host.machine.agent.settle(self.host.machine, self.world.clock.now())


class MemoryJournal:
    """What a database would keep, with its legal moves; `fails` says which calls find it in trouble."""

    def __init__(self) -> None:
        self.rows: dict[int, Operation] = {}
        self.runs: dict[int, tuple[RunRecord, Plan]] = {}
        self.told: list[tuple[str, State]] = []
        self.given: dict[str, Operation] = {}
        self.fails: Callable[[str, State | None], bool] = lambda _host, _state: False
        self.held = True
        self.let_go_for: list[datetime] = []
        self.approvals: tuple[Approval, ...] = ()

    def state_of(self, number: int) -> State | None:
        """Return a row's state."""
        return self.rows[number].state if number in self.rows else None

    def of(self, host: str) -> list[Operation]:
        """Return a host's rows."""
        return [row for row in self.rows.values() if row.host == host]

    async def begin_run(
        self, record: RunRecord, plan: Plan, approvals: Sequence[Approval] = (), /
    ) -> RunRecord:
        """Keep a run."""
        self.approvals = tuple(approvals)
        await self._commit("", None)
        record = replace(record, id=record.id or len(self.runs) + 1, state=RunState.RUNNING)
        assert record.id is not None
        self.runs[record.id] = (record, plan)
        return record

    async def end_run(self, run: int, state: RunState, reason: str, ended: datetime, /) -> None:
        """Keep the end."""
        await self._commit("", None)
        record, plan = self.runs[run]
        self.runs[run] = (replace(record, state=state, reason=reason, ended=ended), plan)

    async def open(self, row: Operation, /) -> Operation:
        """Keep a row."""
        if row.state is State.INTENT:
            for other in self.of(row.host):
                if other.state in UNRESOLVED - {State.CONFIRMED}:
                    raise InFlightError(row.host, other.id or 0, other.run, other.state)
        await self._commit(row.host, row.state)
        move(None, row.state)
        made = replace(row, id=len(self.rows) + 1, started=row.changed)
        self._keep(made)
        return made

    async def open_all(self, rows: Sequence[Operation], /) -> tuple[Operation, ...]:
        """Keep rows."""
        return tuple([await self.open(row) for row in rows])

    async def move(
        self, operation: Operation, state: State, /, *, changed: datetime, **given: Any
    ) -> Operation:
        """Move a row."""
        await self._commit(operation.host, state)
        assert operation.id is not None
        row = self.rows[operation.id]
        values = {name: value for name, value in given.items() if value is not None}
        moved = replace(row, state=move(row.state, state), changed=changed, **values)
        self._keep(moved)
        return moved

    async def operations(self, run: int, /) -> Sequence[Operation]:
        """Return a run's rows."""
        await self._commit("", None)
        return [row for row in self.rows.values() if row.run == run]

    async def handed_out(self, hosts: Iterable[str], /) -> Mapping[str, Operation]:
        """Return what was given away."""
        return {host: self.given[host] for host in hosts if host in self.given}

    async def let_go(self) -> None:
        """Give the lock back."""
        assert self.held
        self.held = False

    async def take_again(self) -> None:
        """Take it again."""
        assert not self.held
        await self._commit("take again", None, held=True)
        self.held = True

    def _keep(self, row: Operation) -> None:
        assert row.id is not None
        self.rows[row.id] = row
        self.told.append((row.host, row.state))

    async def _commit(self, host: str, state: State | None, *, held: bool = False) -> None:
        await asyncio.sleep(0.001)
        assert self.held or held, "the journal was used during a pause"
        if self.fails(host, state):
            self.fails = lambda _host, _state: True  # a writer that is broken stays so
            raise DatabaseError("memory", StoreTrouble.FULL, "as told")


def inventory_host(name: str, **changes: Any) -> Host:
    """Make a host of the inventory."""
    settings: dict[str, Any] = {
        "address": name,
        "port": 5986,
        "profile": profile(),
        "gateways": GATEWAYS,
        "credential": "ops",
    }
    return Host(name=name, **(settings | changes))


def planned(host: Host, sim: SimHost, new: int = NEW, *, kind: Kind = Kind.DWORD) -> PlannedHost:
    """Plan a host from what it holds to `new`, in every view that has the key."""
    views = [view for view in (64, 32) if sim.machine.registry.key(view, KEY) is not None]
    return PlannedHost(
        host=host.name,
        address=host.address,
        port=host.port,
        site=None,
        facts=host_facts(host),
        key=KEY,
        computer=sim.machine.computer,
        machine_id=sim.machine.machine_id,
        roles=tuple(RoleChange(role=role, old=OLD, new=new) for role in VALUES),
        targets=tuple(
            WriteTarget(
                view=view,
                value=value,
                kind=str(kind),
                expected=str(sim.pins(view)[0]),
                new=str(new),
                role=role,
            )
            for view in views
            for role, value in VALUES.items()
        ),
        evidence=(Evidence(scan=1, read=NEW_YEAR),),
        why="desired",
    )


def plan_of(hosts: Iterable[PlannedHost], **changes: Any) -> Plan:
    """Make a plan of these hosts."""
    settings: dict[str, Any] = {
        "id": "plan-1",
        "created": NEW_YEAR,
        "expires": NEW_YEAR + timedelta(hours=24),
        "policy": "desired",
        "selection": "",
        "inventory": "fleet.yaml",
        "inventory_digest": "ab" * 32,
        "script": repin_script().sha256,
        "version": "0",
        "user": "me",
        "hosts": tuple(hosts),
        "left_out": (),
    }
    return Plan(**(settings | changes))


def record_of(plan: Plan) -> RunRecord:
    """Make the record of a run that is about to begin."""
    return RunRecord(
        id=None,
        plan=plan.id,
        started=NEW_YEAR,
        user="me",
        command="fleetcheck repin apply",
        version="0",
        options="{}",
        hosts=len(plan.hosts),
    )


@dataclass
class Repinned:
    """What came of a re-pin; `seconds` is how long it took in the leaping loop."""

    summary: RepinSummary
    world: World
    journal: MemoryJournal
    events: list[RepinEvent]
    plan: Plan
    seconds: float

    def end(self, host: str) -> HostEnd:
        """Return a host's end."""
        return next(end for end in self.summary.ends if end.host == host)

    def states(self) -> dict[str, State | None]:
        """Return every host's end."""
        return {end.host: end.state for end in self.summary.ends}

    def told(self, kind: type) -> list[Any]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


Beside = Callable[[StopRequest, World], Awaitable[None]]


def repin(  # noqa: PLR0913  # what a test may want to be different, by keyword
    sims: Mapping[str, SimHost],
    *,
    plan: Plan | None = None,
    fleet: Mapping[str, Host] | None = None,
    journal: MemoryJournal | None = None,
    run: int | None = None,
    beside: Beside | None = None,
    logons: Callable[[str | None], Logon] = lambda name: Logon(username=rf"CORP\{name}", password="secret"),
    started: float = 0.0,
    unapproved: str = "",
    **options: Any,
) -> Repinned:
    """Apply a plan over these hosts in a loop that leaps, or (`run`) resume that run;
    `beside` runs beside it.
    """
    hosts = fleet if fleet is not None else {name: inventory_host(name) for name in sims}
    wanted = plan or plan_of(planned(hosts[name], sim) for name, sim in sims.items())
    kept: MemoryJournal = journal or MemoryJournal()
    events: list[RepinEvent] = []

    async def main() -> Repinned:
        if started:
            await asyncio.sleep(started)
        clock, stop = TravelClock(), StopRequest()
        world = World(dict(sims), kept, clock)
        services = RepinServices(
            transport=world,
            logons=logons,
            clock=clock,
            chance=random.Random(1),  # noqa: S311  # jitter
        )
        aside = asyncio.ensure_future(beside(stop, world)) if beside else None
        record = record_of(wanted) if run is None else replace(record_of(wanted), id=run)
        given = RunInput(
            plan=wanted,
            hosts=hosts,
            record=record,
            options=RepinOptions(**({"pace": 0.0} | options)),
            services=services,
            journal=kept,
            stop=stop,
            on_event=events.append,
            unapproved=unapproved,
        )
        summary = await (apply if run is None else resume)(given)
        if aside:
            aside.cancel()
        seconds = clock.monotonic()
        if world.tasks:  # scripts that outlived their client
            await asyncio.wait(world.tasks)
            for task in world.tasks:
                task.exception()
        return Repinned(summary, world, kept, events, wanted, seconds)

    done: Repinned = travel(main())
    return done


def fleet_of(count: int, **changes: Any) -> dict[str, SimHost]:
    """Make h1, h2, ..."""
    return {f"h{number}": sim_host(f"h{number}", **changes) for number in range(1, count + 1)}
