"""Over the wire: kill -9 the controller at random points of a re-pin, resume it; hold the registries against
the journal.

    python -m tests.bench.bench_repin_kill [--kills 200] [--hosts 100] [--seed 1] [--lanes 6]

Fleets are re-pinned, some at a time, each by a process that is killed, resumed, killed again, until its run
completes. After each kill every host has to be old or new; after the end each has to be what its last row
says.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from orchestrator.demo.scenes.recipes import FALLBACK, PORT
from orchestrator.domain.repin.journal import UNRESOLVED, State
from orchestrator.domain.repin.operation import RunState
from orchestrator.store.reader import Reader
from tests.bench.bench_scan import say
from tests.fleet.repin.wire import Place, drifted, placed, read_events

OLD, NEW = (FALLBACK, FALLBACK), (PORT, PORT)
OPEN = UNRESOLVED - {State.CONFIRMED}
BAD = (
    "mixed hosts",
    "journal disagreements",
    "double writes",
    "rows unresolved at the end",
    "runs unfinished",
    "audits broken",
)


def disagreements(place: Place) -> int:
    """Count the hosts that do not hold what their row says; rows that are still open say nothing."""
    said = {name: row.state for name, row in place.rows().items() if row.state not in OPEN}
    new = {State.VERIFIED, State.CONFIRMED, State.ALREADY}
    return sum(place.pins(name) != (NEW if state in new else OLD) for name, state in said.items())


def until_killed(place: Place, chance: random.Random, begun: bool, most: int) -> tuple[bool, bool]:
    """Run the controller until some event, then kill it. Gives whether the run has begun,
    and whether it has ended.
    """
    options = ["--jobs=8", "--window=4", *(["--resume=1"] if begun else [])]
    wanted = chance.randint(1, most)
    with place.driver(*options) as process:
        for number, event in enumerate(read_events(process), 1):
            begun = begun or event["event"] == "RunStarted"
            if event["event"] == "end":
                return begun, True
            if number >= wanted:
                break
        time.sleep(chance.random() / 10)
    return begun, False


def lane(kills: int, count: int, seed: int) -> Counter[str]:
    """Re-pin one fleet after the other until there were enough kills; return the counts."""
    chance = random.Random(seed)  # noqa: S311  # moments
    seen: Counter[str] = Counter()
    while seen["kills"] < kills:
        hosts = [drifted(f"h{n}", step_time=0.01) for n in range(count)]
        with tempfile.TemporaryDirectory() as folder, placed(hosts, Path(folder), "127.0.0.1") as place:
            begun = ended = False
            while not ended:
                most = count if seen["kills"] < kills else count * 100
                begun, ended = until_killed(place, chance, begun, most)
                seen["kills"] += not ended
                seen["mixed hosts"] += len(place.mixed(OLD, NEW))
                seen["journal disagreements"] += disagreements(place) if begun else 0
            rows = place.rows()
            unresolved = sum(row.state in UNRESOLVED for row in rows.values())
            seen["re-pins"] += 1
            seen["rows unresolved at the end"] += count - len(rows) + unresolved
            seen["double writes"] += place.doubles
            seen["audits broken"] += not place.audit_holds()
            with Reader.open(place.database) as reader:
                seen["runs unfinished"] += reader.run(1).state is not RunState.FINISHED
        say(f"... {seen['kills']} of {kills} kills in lane {seed}")
    return seen


def measure(kills: int, count: int, seed: int, lanes: int) -> bool:
    """Print the counts; True where every one is as promised."""
    with ThreadPoolExecutor(lanes) as threads:
        each = -(-kills // lanes)
        seen = sum(threads.map(lambda n: lane(each, count, seed + n), range(lanes)), Counter[str]())
    good = not any(seen[name] for name in BAD)
    told = ", ".join(f"{seen[name]} {name}" for name in BAD)
    say(
        f"{seen['kills']} kills over {seen['re-pins']} re-pins of {count} hosts (over the wire): {told}: "
        f"{'passed' if good else 'FAILED'}"
    )
    return good


def main() -> int:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=6, help="fleets at a time: most of the time is waiting")
    given = parser.parse_args()
    return not measure(given.kills, given.hosts, given.seed, given.lanes)


if __name__ == "__main__":
    sys.exit(main())
