"""Plans of random fleets against those of an earlier commit: they have to be the same.

    python -m tests.bench.bench_same_plans [--against c685629] [--fleets 1000]
    python -m tests.bench.bench_same_plans --against c2745b5 --products livevault

Every host with its values, ports, evidence, reasons and risks is compared, and every reason for leaving one
out. Left aside are the id and the times, and what 0.2 changed on purpose: how a plan's file names a host's
settings, verdicts, waivers, one risk more. Before c685629 products with one value for two roles were planned
otherwise, and a pin that stays had to be open: hosts that this concerned are counted. Measures nothing; the
exit code is 1 where a plan differs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestrator.store.writer import Writer
from orchestrator.version import VERSION
from tests.bench import earlier
from tests.bench.bench_store import store
from tests.bench.random_fleets import PRODUCTS, SHARED, RandomFleet, random_fleet

_ALL = """
import contextlib, io, json, sys
import typer
from orchestrator.cli.main import app
typed = typer.main.get_command(app)
for words in json.load(open(sys.argv[1])):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            typed(words, prog_name="fleetcheck")
        except SystemExit as ended:
            assert not ended.code, (words, ended.code)
"""
_PLAN = ("repin", "plan", "--db")
_OF_A_HOST = (
    *("host", "address", "port", "site", "key", "computer", "machine_id"),
    *("roles", "targets", "evidence", "why", "risks"),
)
_CLOSED = "is not open: a firewall rule first"
_SINCE = "the inventory wants "  # how a risk begins that plans say since 0.2


def planned(program: Path, database: Path, fleets: Sequence[RandomFleet], folder: Path) -> list[Any]:
    """Let a program plan every fleet, all in one process; return what is compared of its plans."""
    plans = folder / f"plans-of-{database.stem}"
    plans.mkdir()
    typed = [
        [*_PLAN, str(database), "-i", f"{number}.yaml", "-o", str(plans / f"{number}.json"), *fleet.options]
        for number, fleet in enumerate(fleets)
    ]
    words = folder / "words.json"
    words.write_text(json.dumps(typed), encoding="utf-8")
    environment = earlier.environment(program)
    subprocess.run([sys.executable, "-c", _ALL, str(words)], cwd=folder, env=environment, check=True)
    return [_compared(plans / f"{number}.json") for number in range(len(fleets))]


def _compared(path: Path) -> Any:
    plan = json.loads(path.read_text("ascii"))["plan"]
    hosts = [{key: host[key] for key in _OF_A_HOST} for host in plan["hosts"]]
    for host in hosts:
        host["risks"] = [risk for risk in host["risks"] if not risk.startswith(_SINCE)]
    return hosts, plan["left_out"], plan["policy"], plan["force_closed"]


def _closed(before: Any, after: Any) -> set[str]:
    """Name the hosts that only the earlier program left out for a pin that stays and is closed."""
    still = {(left["host"], left["reason"]) for left in after[1]}
    return {
        left["host"]
        for left in before[1]
        if _CLOSED in left["reason"] and (left["host"], left["reason"]) not in still
    }


def _without(plan: Any, names: set[str]) -> Any:
    hosts, left, *others = plan
    return [[each for each in found if each["host"] not in names] for found in (hosts, left)], others


def compare(commit: str, products: Sequence[str], number: int, folder: Path) -> int:
    """Plan all fleets by both programs, print what came of it, and return how many plans differ."""
    (folder / "shared.yaml").write_text(SHARED, encoding="utf-8")
    now = datetime.now(UTC)
    fleets = [random_fleet(seed, folder, now, products) for seed in range(number)]
    for place, fleet in enumerate(fleets):
        (folder / f"{place}.yaml").write_text(fleet.today, encoding="utf-8")
    source, old, new = (folder / f"{name}.db" for name in ("source", "old", "new"))
    for scan in range(len(fleets[0].scans)):
        with Writer.open(f"sqlite:///{source}", command="bench", user="bench") as writer:
            store(writer, [each for fleet in fleets for each in fleet.scans[scan]], version=VERSION)
    program = earlier.program(commit, folder / "program")
    earlier.both(source, program, old, new)
    before, after = planned(program, old, fleets, folder), planned(earlier.ROOT, new, fleets, folder)
    pairs = list(zip(before, after, strict=True))
    aside = [_closed(*pair) for pair in pairs]
    different = [
        place
        for place, (one, other) in enumerate(pairs)
        if _without(one, aside[place]) != _without(other, aside[place])
    ]
    counted = Counter[str]()
    for hosts, left, *_ in after:
        counted.update(planned=len(hosts), left=len(left))
    sys.stdout.write(
        f"{number:,} fleets, {counted['planned']:,} hosts planned, {counted['left']:,} left out: "
        f"{len(different)} plans differ from those of {commit}, {sum(map(len, aside))} hosts set aside\n"
    )
    for place in different[:3]:
        sys.stdout.write(f"  {fleets[place].options}\n  {before[place]}\n  {after[place]}\n")
    return len(different)


def main() -> None:
    """Compare; exit code 1 where a plan differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--against", default="c685629", metavar="COMMIT")
    parser.add_argument("--products", nargs="+", default=PRODUCTS, metavar="PROFILE")
    parser.add_argument("--fleets", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if compare(options.against, options.products, options.fleets, Path(folder)):
            raise SystemExit(1)


if __name__ == "__main__":
    main()
