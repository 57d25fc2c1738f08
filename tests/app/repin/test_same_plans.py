"""What a plan is made of is read in short; it has to be the plan that whole readings give."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inventory.load import load
from inventory.sources.source import files
from orchestrator.app.invocation import Invocation
from orchestrator.app.repin.plan import PlanRequest, make_plan
from orchestrator.domain.record import HostRecord
from orchestrator.domain.repin.plan import LeftOut
from orchestrator.domain.repin.planner import Draft, Rules
from orchestrator.domain.repin.policy import parse_policy
from orchestrator.store.writer import Writer
from orchestrator.version import VERSION
from tests.bench.bench_store import store
from tests.bench.random_fleets import SHARED, RandomFleet, random_fleet
from tests.domain.repin.builders import plan_on

FLEETS = 40
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def fleets(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[RandomFleet]]:
    """Store random fleets in one database; hosts' names tell them apart."""
    folder = tmp_path_factory.mktemp("fleets")
    (folder / "shared.yaml").write_text(SHARED, encoding="utf-8")
    made = [random_fleet(seed, folder, NOW) for seed in range(FLEETS)]
    for scan in range(3):
        with Writer.open(f"sqlite:///{folder / 'all.db'}", command="test", user="test") as writer:
            records = [record for fleet in made for record in fleet.scans[scan]]
            store(writer, records, version="0.0.1" if scan == 1 else VERSION)
    return folder, made


@pytest.mark.parametrize(("agree", "scan"), [(1, None), (2, None), (3, None), (1, 3)])
def test_a_plan_is_the_one_that_whole_readings_give(
    fleets: tuple[Path, list[RandomFleet]], agree: int, scan: int | None
) -> None:
    """Random fleets, every policy: the same hosts and values, and the same reasons for the others."""
    folder, made = fleets
    seen: Counter[str] = Counter()
    for number, fleet in enumerate(made):
        inventory = folder / f"{number}.yaml"
        inventory.write_text(fleet.today, encoding="utf-8")
        policy = parse_policy(fleet.options[1])
        forced = "why" if "--force-closed" in fleet.options else None
        request = PlanRequest(
            inventory=files(inventory),
            limit=(),
            policy=policy,
            max_age=timedelta(hours=24),
            agree=agree,
            force_closed=forced,
            include_waived=None,
            credential=None,
            scan=scan,
            good_for=timedelta(hours=1),
        )
        asked = Invocation(command="test", user="ann", database=str(folder / "all.db"))
        plan = make_plan(asked, request, on_event=lambda _: None)
        rules = Rules(policy=policy, now=plan.created, agree=agree, force_closed=forced)
        expected = _expected(inventory, fleet, rules, scan)
        assert (plan.hosts, plan.left_out) == (expected.hosts, expected.left_out), f"fleet {number}"
        seen.update({"planned": len(plan.hosts), "left": len(plan.left_out)})
    assert seen["left"] > FLEETS
    assert seen["planned"] > FLEETS // 20  # it is no test of nothing


def _expected(inventory: Path, fleet: RandomFleet, rules: Rules, scan: int | None) -> Draft:
    """Plan on the records themselves, each judged by today's inventory."""
    known: dict[str, list[tuple[int, HostRecord]]] = {}
    for number, records in enumerate(fleet.scans, 1):
        for each in records if scan in (None, number) else ():
            known.setdefault(each.host, []).append((number, each))
    newest = {
        host: sorted(found, key=lambda each: each[1].outcome.trace.started, reverse=True)[: rules.agree]
        for host, found in known.items()
    }
    hosts = load(inventory).hosts.values()
    if scan is None:
        return plan_on([(host, newest.get(host.name, ())) for host in hosts], rules)
    found = plan_on([(host, newest[host.name]) for host in hosts if host.name in newest], rules)
    missing = {host.name for host in hosts} - newest.keys()
    reasons = {each.host: each for each in found.left_out} | {
        name: LeftOut(host=name, reason=f"scan {scan} has no result of it") for name in missing
    }
    left = tuple(reasons[host.name] for host in hosts if host.name in reasons)
    return Draft(found.hosts, left, found.waived)
