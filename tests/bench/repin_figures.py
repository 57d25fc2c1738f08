"""The figures that a re-pin has to reach at the seam (a fake Session, simulated machines): each measures, and
says so.

The suite runs each of them in the small (`tests/fleet/repin/test_figures.py`), `bench_repin` in full.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestrator.demo.machine.plot import Event, Foreign, Kill, Moment, Raise
from orchestrator.domain.reading import Kind, Result
from orchestrator.domain.repin import planfile
from orchestrator.domain.repin.journal import UNRESOLVED, State
from orchestrator.domain.repin.planfile import PlanError
from orchestrator.domain.repin.waves import Limits
from orchestrator.fleet.control.events import Stopping
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.repin.events import HostEnded, HostStateChanged
from tests.domain.repin.builders import KEY
from tests.fleet.repin.test_undo import undo
from tests.fleet.repin.world import (
    LOST,
    NEW,
    OLD,
    VALUES,
    MemoryJournal,
    SimHost,
    World,
    fleet_of,
    inventory_host,
    plan_of,
    planned,
    repin,
    sim_host,
)

JOBS = 64
WRITING = (Moment.READ, Moment.OPEN, Moment.COMPARE, Moment.SET, Moment.WAS_SET, Moment.READ_BACK)


@dataclass(frozen=True)
class Figure:
    """What was promised, what was counted, and whether that is what was promised."""

    promise: str
    said: str
    good: bool

    def __str__(self) -> str:
        """Write it as one line; every one of these goes over a fake Session."""
        return f"{self.promise}: {self.said} (fake Session): {'passed' if self.good else 'FAILED'}"


def dead_hosts(count: int, chance: random.Random) -> Figure:
    """Kill hosts between their two values: each is told as mixed."""
    sims = fleet_of(count, seconds=0.2)
    killed = set(chance.sample(sorted(sims), count // 2))
    for name in killed:
        sims[name].events = (Event(at=Moment.WAS_SET, target=0, act=Kill()),)
    done = repin(sims, jobs=JOBS, window=5)
    mixed = {name for name, sim in sims.items() if sim.pins() == (NEW, OLD)}
    told = {name for name, state in done.states().items() if state is State.MIXED}
    said = (
        f"{len(killed)} of {count} hosts killed between two values, {len(told)} told as mixed, "
        f"{len(mixed)} are"
    )
    return Figure("a crash of a host is told", said, good=killed == mixed == told)


def foreign_changes(count: int, chance: random.Random) -> Figure:
    """Let somebody else change a value at a random time between the plan and the script's compare."""
    sims = fleet_of(count, seconds=0.2)
    plan = plan_of(planned(inventory_host(name), sim) for name, sim in sims.items())
    for sim in sims.values():
        role = chance.choice(list(VALUES))
        theirs = Foreign(64, KEY, VALUES[role], Kind.DWORD, chance.choice((8080, 554, 80)))
        if chance.random() < 0.3:
            sim.machine.registry.create(64, KEY).set(VALUES[role], Kind.DWORD, theirs.data)
        else:
            at = chance.choice((Moment.BEGIN, Moment.READ, Moment.OPEN, Moment.COMPARE))
            target = list(VALUES).index(role) if at in {Moment.READ, Moment.COMPARE} else None
            sim.events = (Event(at=at, target=target, act=theirs),)
    done = repin(sims, jobs=JOBS, plan=plan)
    lost = sum(not {8080, 554, 80}.intersection(sim.pins()) for sim in sims.values())
    overwrites = sum(sim.machine.log.overwrites for sim in sims.values())
    ends = Counter(str(state) for state in done.states().values())
    said = f"{count} values changed by somebody else, {lost + overwrites} overwritten; ends: {dict(ends)}"
    harmless = {State.CONFLICT, State.RESTORED, State.MIXED}  # mixed: theirs came between our two values
    return Figure(
        "no foreign value is overwritten",
        said,
        good=not lost + overwrites and set(done.states().values()) <= harmless,
    )


def edited_plans(count: int, chance: random.Random) -> Figure:
    """Flip single bits of plan files."""
    sims = fleet_of(3)
    data = planfile.dumps(plan_of(planned(inventory_host(name), sim) for name, sim in sims.items())).encode()
    refused = 0
    for _ in range(count):
        edited = bytearray(data)
        bit = chance.randrange(len(data) * 8)
        edited[bit // 8] ^= 1 << bit % 8
        try:
            repin(sims, plan=planfile.loads(bytes(edited), "plan.json"))
        except PlanError:
            refused += 1
    writes = sum(sim.written for sim in sims.values())
    said = f"{count} single-bit flips, {refused} refused, {writes} writes"
    return Figure("exactly the plan", said, good=refused == count and not writes)


def wrong_machines(count: int, chance: random.Random) -> Figure:
    """Let other machines with the same pins stand behind the names,
    from before the reading or from the write on.
    """
    sims = fleet_of(count, seconds=0.2)
    plan = plan_of(planned(inventory_host(name), sim) for name, sim in sims.items())
    for name, sim in sims.items():
        other = copy.deepcopy(sim.machine)
        other.machine_id = f"other-{name}"
        late = chance.random() < 0.5

        def swap(host: SimHost, machine: object = other) -> None:
            host.machine = machine  # type: ignore[assignment]  # a machine

        sim.meddle = None if late else swap
        sim.before_write = swap if late else None
    done = repin(sims, jobs=JOBS, plan=plan)
    told = sum(state is State.WRONG_HOST for state in done.states().values())
    writes = sum(len(sim.machine.log.ours) for sim in sims.values())
    said = f"{count} names led to other machines, {told} told as wrong-host, {writes} values written"
    return Figure("never the wrong machine", said, good=told == count and not writes)


def thresholds(count: int, chance: random.Random) -> Figure:
    """Stop at a limit: hosts 30 % bad, limits of 1, 5 % and 10 %, widths of 1, 8 and 64."""
    breaks = Event(at=Moment.COMPARE, act=Raise("System.IO.IOException 0x80070037"), target=1)
    runs = late = beyond = serial = 0
    for width in (1, 8, 64):
        for limit in (1, count // 20, count // 10):
            sims = {
                f"h{n}": sim_host(
                    f"h{n}", seconds=chance.uniform(0.5, 4), events=(breaks,) if chance.random() < 0.3 else ()
                )
                for n in range(count)
            }
            done = repin(sims, jobs=width, limits=Limits(max_failed=max(1, limit)))
            (stopping,) = done.told(Stopping)
            at = done.events.index(stopping)
            intents = sum(
                isinstance(event, HostStateChanged) and event.state is State.INTENT
                for event in done.events[at:]
            )
            ended = sum(isinstance(event, HostEnded) for event in done.events[at:])
            begun = {row.host for row in done.journal.rows.values() if row.state is not State.NOT_STARTED}
            runs += 1
            late += len(begun - set(done.states()))
            beyond += max(0, ended - stopping.in_flight) + max(0, intents - stopping.in_flight)
            serial += ended if width == 1 else 0
    said = (
        f"{runs} runs of {count} hosts, {late} begun without an end, {beyond} beyond what was in flight, "
        f"{serial} after the stop at width 1"
    )
    return Figure("stops at the threshold", said, good=late + beyond + serial == 0)


def undone(count: int, _chance: random.Random) -> Figure:
    """Re-pin, let a tenth be changed since, undo."""
    kinds = (Kind.DWORD, Kind.SZ, Kind.QWORD, Kind.EXPAND_SZ)
    sims, wanted = fleet_of(count, seconds=0.1), []
    for number, (name, sim) in enumerate(sims.items()):
        kind = kinds[number % len(kinds)]
        sim.pin(OLD if kind in {Kind.DWORD, Kind.QWORD} else f"0{OLD}", kind)
        sim.machine.network.ports[OLD] = Result.CONNECTED
        wanted.append(planned(inventory_host(name), sim, kind=kind))
    before = {name: copy.deepcopy(sim.machine.registry.key(64, KEY)) for name, sim in sims.items()}
    done = repin(sims, jobs=JOBS, plan=plan_of(wanted))
    written = sum(state is State.VERIFIED for state in done.states().values())
    changed = list(sims)[::10]
    for name in changed:
        sims[name].pin(8080)
    back = repin(sims, jobs=JOBS, plan=undo(done), journal=done.journal)
    restored = sum(sim.machine.registry.key(64, KEY) == before[name] for name, sim in sims.items())
    conflicts = sum(state is State.CONFLICT for state in back.states().values())
    said = f"{written} re-pinned, {restored} restored with their kinds, {conflicts} conflicts"
    good = (written, restored, conflicts) == (count, count - len(changed), len(changed))
    return Figure("undo restores", said, good=good)


def ambiguous(count: int, chance: random.Random) -> Figure:
    """Drop the connection after the request and before the answer; some scripts begin late, some too late."""
    sims = fleet_of(count, seconds=0.3)
    for sim in sims.values():
        sim.writes = [LOST]
        sim.lags = chance.choice((0.01, 1.0, chance.uniform(0, 30)))
    done = repin(sims, jobs=JOBS, window=20)
    doubles = sum(sim.doubles for sim in sims.values())
    sent = Counter(number for number, _ in done.world.sent)
    resolved = sum(
        sims[name].pins() == ((NEW, NEW) if state is State.VERIFIED else (OLD, OLD))
        for name, state in done.states().items()
        if state in {State.VERIFIED, State.NOT_WRITTEN}
    )
    ends = Counter(str(state) for state in done.states().values())
    twice = doubles + sum(times > 1 for times in sent.values())
    said = (
        f"{count} connections dropped, {twice} double writes, {resolved} resolved by reading; ends: "
        f"{dict(ends)}"
    )
    return Figure("ambiguous send", said, good=not twice and resolved == count)


def storage(count: int, chance: random.Random) -> Figure:
    """Let the database fail at a random commit of a run."""
    early = clear = 0
    for _ in range(count):
        left = chance.randrange(0, 120)
        journal = MemoryJournal()
        commits = iter(range(left))
        journal.fails = lambda _host, _state, commits=commits: next(commits, None) is None  # type: ignore[misc]  # bound now
        sims = fleet_of(20, seconds=0.2)
        try:
            done = repin(sims, jobs=8, journal=journal)
        except Exception as error:  # noqa: BLE001  # a run that cannot begin says so
            clear += "no space" in str(error)
            early += sum(sim.written for sim in sims.values())
            continue
        clear += (
            done.summary.exit_code == 1 and "no space" in done.summary.trouble
        ) or not done.summary.trouble
        committed = {str(number) for number in journal.rows}
        early += sum(number not in committed or state is not State.SENT for number, state in done.world.sent)
    said = (
        f"{count} runs whose database failed at a random commit, {early} writes without a committed "
        f"intent, {clear} clear exits"
    )
    return Figure("storage trouble", said, good=not early and clear == count)


def signals(count: int, chance: random.Random) -> Figure:
    """Ask once: 50 in flight finish. Ask twice: out within five seconds, every open row unknown."""
    finished = left = slow = loose = 0
    for _ in range(count):
        moment = chance.uniform(1.0, 2.5)

        async def once(stop: StopRequest, world: World, moment: float = moment) -> None:
            await world.clock.sleep(moment)
            stop.ask("Ctrl-C")

        async def twice(stop: StopRequest, world: World, moment: float = moment) -> None:
            await once(stop, world, moment)
            await world.clock.sleep(0.1)
            stop.ask("Ctrl-C")

        done = repin(fleet_of(80), jobs=50, beside=once)
        finished += list(done.states().values()).count(State.VERIFIED) == 50
        left += len(done.states()) - 50
        gone = repin(fleet_of(80, lags=40.0), jobs=50, beside=twice)
        slow += gone.seconds > moment + 0.1 + 5
        open_rows = {State.INTENT, State.SENT}
        loose += sum(row.state in open_rows for row in gone.journal.rows.values())
    said = (
        f"{count} first signals with 50 of 50 finished in {finished}, {left} begun after it; "
        f"{count} second signals, {slow} later than 5 s, {loose} rows left open"
    )
    return Figure("signals", said, good=finished == count and not left + slow + loose)


def killed_seam(count: int, chance: random.Random) -> Figure:
    """Cut a run off at random commits as a crash would, then resume it."""
    disagree = mixed = loose = 0
    for _ in range(count):
        sims = fleet_of(20, seconds=0.2)
        journal = MemoryJournal()
        commits = iter(range(chance.randrange(2, 90)))
        journal.fails = lambda _host, _state, commits=commits: next(commits, None) is None  # type: ignore[misc]  # bound now
        first = repin(sims, jobs=8, journal=journal, window=10)
        journal.fails = lambda _host, _state: False
        repin(sims, journal=journal, run=1, plan=first.plan, started=60, window=10)
        rows = {row.host: row.state for row in journal.rows.values()}
        for name, sim in sims.items():
            mixed += sim.pins() not in {(OLD, OLD), (NEW, NEW)}
            disagree += sim.pins() != ((NEW, NEW) if rows.get(name) is State.VERIFIED else (OLD, OLD))
        loose += sum(state in UNRESOLVED for state in rows.values())
    said = (
        f"{count} runs of 20 hosts cut off at a random commit and resumed, {mixed} mixed, {disagree} "
        f"journal disagreements, {loose} unresolved"
    )
    return Figure("a crash of the controller leaves a known state", said, good=not mixed + disagree + loose)


@dataclass(frozen=True)
class Scale:
    """A figure, and how many times: in the suite, and in full."""

    measure: Callable[[int, random.Random], Figure]
    small: int
    full: int


FIGURES: Mapping[str, Scale] = {
    "crash": Scale(killed_seam, 8, 500),
    "dead-hosts": Scale(dead_hosts, 30, 1000),
    "foreign": Scale(foreign_changes, 60, 1000),
    "plan": Scale(edited_plans, 60, 5000),
    "wrong-host": Scale(wrong_machines, 40, 1000),
    "threshold": Scale(thresholds, 40, 400),
    "undo": Scale(undone, 40, 500),
    "ambiguous": Scale(ambiguous, 60, 1000),
    "storage": Scale(storage, 8, 300),
    "signals": Scale(signals, 2, 100),
}
