"""Over the wire: connections dropped between request and answer, hosts that die between two values, undo of
500 re-pins.

python -m tests.bench.bench_repin_wire [--hosts 500] [--seed 1]
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from inventory.load import load
from orchestrator.demo.machine.plot import Drop, Event, Kill, Moment
from orchestrator.demo.scenes.recipes import FALLBACK, PORT
from orchestrator.domain.repin.journal import State
from orchestrator.fleet.repin.undo import Ticket, undo_plan
from orchestrator.store.reader import Reader
from tests.bench.bench_scan import say
from tests.fleet.repin.wire import drifted, placed, repin_wire

OLD, NEW = (FALLBACK, FALLBACK), (PORT, PORT)
MOMENTS = (Moment.READ, Moment.COMPARE, Moment.SET, Moment.WAS_SET, Moment.READ_BACK, Moment.ANSWER)


def dropped(count: int, chance: random.Random, window: float) -> bool:
    """Drop every host's connection once the script has begun."""
    hosts = [drifted(f"h{n}", Event(at=chance.choice(MOMENTS), act=Drop())) for n in range(count)]
    with tempfile.TemporaryDirectory() as folder, placed(hosts, Path(folder), "127.0.0.1") as place:
        gone = repin_wire(place, jobs=64, window=window)
        resolved = sum(
            place.pins(name) == (NEW if state is State.VERIFIED else OLD)
            for name, state in gone.states.items()
            if state in {State.VERIFIED, State.NOT_WRITTEN}
        )
        ends = Counter(str(state) for state in gone.states.values())
        good = resolved == count and not place.doubles
        say(
            f"ambiguous send: {count} connections dropped after the request, {place.doubles} double writes, "
            f"{resolved} resolved by reading; ends: {dict(ends)} (over the wire): "
            f"{'passed' if good else 'FAILED'}"
        )
    return good


def died(count: int, chance: random.Random, window: float) -> bool:
    """Let half of the hosts die between their two values."""
    dies = Event(at=Moment.WAS_SET, target=0, act=Kill(down=1.0))
    hosts = [drifted(f"h{n}", *((dies,) if chance.random() < 0.5 else ())) for n in range(count)]
    with tempfile.TemporaryDirectory() as folder, placed(hosts, Path(folder), "127.0.0.1") as place:
        gone = repin_wire(place, jobs=64, window=window)
        mixed = {name for name in gone.states if place.pins(name) not in {OLD, NEW}}
        told = {name for name, state in gone.states.items() if state is State.MIXED}
        good = mixed == told and len(gone.states) == count
        say(
            f"a crash of a host is told: {len(mixed)} of {count} hosts mixed, {len(told)} told as mixed "
            f"(over the wire): {'passed' if good else 'FAILED'}"
        )
    return good


def undone(count: int) -> bool:
    """Re-pin, let a tenth be changed since, undo."""
    hosts = [drifted(f"h{n}") for n in range(count)]
    with tempfile.TemporaryDirectory() as folder, placed(hosts, Path(folder), "127.0.0.1") as place:
        first = repin_wire(place, jobs=32, window=30.0)
        written = list(first.states.values()).count(State.VERIFIED)
        for n in range(0, count, 10):
            place.pin(f"h{n}", 8080)
        now = datetime.now(UTC)
        ticket = Ticket(
            id="undo",
            created=now,
            expires=now + timedelta(hours=1),
            user="me",
            version="0",
            script=place.plan.script,
        )
        with Reader.open(place.database) as reader:
            back = undo_plan(
                reader.run(1), place.plan, reader.operations(1), load(place.inventory), ticket=ticket
            )
        # The tunnel's own port is open, so is the fallback: the way back passes the same gates.
        second = repin_wire(place, plan=back, jobs=32, window=30.0)
        restored = sum(place.pins(name) == OLD for name in place.fleet.hosts)
        conflicts = list(second.states.values()).count(State.CONFLICT)
        changed = len(range(0, count, 10))
        good = (written, restored, conflicts) == (count, count - changed, changed) and place.audit_holds()
        say(
            f"undo restores: {written} re-pinned in {first.summary.seconds:.0f} s, {restored} restored, "
            f"{conflicts} conflicts (over the wire): {'passed' if good else 'FAILED'}"
        )
    return good


def main() -> int:
    """Measure all three."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--window", type=float, default=10.0, help="seconds that a write may take")
    given = parser.parse_args()
    chance = random.Random(given.seed)  # noqa: S311  # moments
    results = [
        dropped(given.hosts, chance, given.window),
        died(given.hosts, chance, given.window),
        undone(given.hosts),
    ]
    return not all(results)


if __name__ == "__main__":
    sys.exit(main())
