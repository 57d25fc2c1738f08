"""Over the wire: SQLite fails at a random transaction of a re-pin (full, read-only, locked), then the run is
resumed.

python -m tests.bench.bench_repin_storage [--runs 60] [--seed 1]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from unittest import mock

from orchestrator.fleet.repin.options import RepinOptions
from tests.bench.bench_scan import say
from tests.cli.conftest import fleetcheck
from tests.cli.drifted import Drifted, drifted, states
from tests.cli.storage_trouble import SAID, reset, trouble

WROTE = {"sent", "confirmed", "verified"}


def one(fleet: Drifted, kind: str, at: int) -> Counter[str]:
    """Apply the plan while the database fails from transaction `at` on, then resume;
    give what was counted.
    """
    reset(fleet)
    with trouble(kind, at) as found:
        ended = fleet.apply("--yes", "--quiet", "--batch", "1,100%")
    seen = Counter(clear=ended.code == 1 and SAID[kind] in ended.err)
    # A full disk that comes late leaves room enough in the pages that are there; a host that a busy machine
    # makes unreachable has fewer transactions.
    well = ended.code == 0 and set(states(ended).values()) == {"verified"}
    seen["fitted"] += well or found.begun < at
    journal = states(fleetcheck("repin", "status", "1")) if ended.out else {}
    for name, host in fleet.served.hosts.items():
        seen["early"] += bool(host.machine.log.ours) and journal.get(name) not in WROTE
    if journal:
        gone = states(fleetcheck("repin", "resume", "1", "-i", str(fleet.inventory), "--yes", "--quiet"))
        pins = fleet.pins()
        seen["disagreements"] += sum(
            (pins[name], state) != ({"2147"}, "verified") for name, state in gone.items()
        )
    seen["broken"] += fleetcheck("audit", "verify").code != 0 if journal else 0
    return seen


def measure(runs: int, chance: random.Random) -> bool:
    """Print the counts; True where every one is as promised."""
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["FLEETCHECK_DB"] = str(folder / "scanned.db")
        with drifted("127.0.0", folder) as fleet:
            for number in range(runs):
                os.environ["FLEETCHECK_DB"] = str(folder / f"run{number}.db")
                shutil.copy(folder / "scanned.db", folder / f"run{number}.db")
                seen += one(fleet, list(SAID)[number % len(SAID)], chance.randint(2, 24))
    bad = seen["early"] + seen["disagreements"] + seen["broken"]
    good = not bad and seen["clear"] + seen["fitted"] == runs
    say(
        f"storage trouble (over the wire, SQLite itself full, read-only or locked): {runs} runs failed at "
        f"a random transaction, {seen['early']} writes without a committed intent, {seen['clear']} clear "
        f"exits, {seen['fitted']} ended before it mattered; resumed: "
        f"{seen['disagreements']} journal disagreements, {seen['broken']} audits broken: "
        f"{'passed' if good else 'FAILED'}"
    )
    return good


def main() -> int:
    """Measure what the options ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with mock.patch.dict(RepinOptions.__init__.__kwdefaults__, window=2.0):  # `resume` waits for it
        return not measure(given.runs, random.Random(given.seed))  # noqa: S311  # moments


if __name__ == "__main__":
    sys.exit(main())
