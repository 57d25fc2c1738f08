"""A plan is used once per database: what a second `repin apply` says, by how the first one stands."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import Operation, RunState
from orchestrator.domain.repin.plan import Plan
from orchestrator.domain.repin.planfile import dumps
from orchestrator.remote.apply import repin_script
from orchestrator.store.journal.errors import PlanUsedError
from orchestrator.store.journal.journal import Journal
from orchestrator.store.place import database_url
from orchestrator.store.writer import Writer
from tests.cli.conftest import Ended, fleetcheck
from tests.domain.repin.builders import whole_plan
from tests.store.repin_rows import run_record

NOW = datetime.now(UTC)
FLEET = """credentials: {ops: {username: u, password: {from: env, name: FC_TEST}}}
defaults: {credential: ops, gateways: {primary: 127.9.0.1, backup: 127.9.0.2}}
hosts: {web1: {address: 127.9.1.1}}
"""


def plan_of_today(**changes: object) -> Plan:
    """Return a plan of one host that may be applied now, but for its inventory."""
    times = {"created": NOW, "expires": NOW + timedelta(hours=24), "script": repin_script().sha256}
    return whole_plan(**times | changes)


@pytest.fixture
def journal() -> Iterator[Journal]:
    """Keep the journal of the command's own database."""
    url = database_url(None, os.environ)
    with Writer.open(url, command="fleetcheck repin apply plan.json", user="ann") as writer:
        kept = Journal(writer)
        yield kept
        kept.close()


def apply(plan: Plan, *words: str) -> Ended:
    """Apply it, with an inventory that it was not made from: only what comes first is looked at."""
    Path("plan.json").write_text(dumps(plan), "ascii")
    Path("fleet.yaml").write_text(FLEET, "utf-8")
    return fleetcheck("repin", "apply", "plan.json", "--yes", *words)


def begun(journal: Journal, plan: Plan, state: State = State.VERIFIED) -> int:
    """Begin a run of the plan, with one row."""

    async def go() -> int:
        run = (await journal.begin_run(run_record(plan=plan.id), plan)).id
        assert run is not None
        row = Operation(id=None, run=run, plan=plan.id, host="web1", state=State.INTENT, changed=NOW)
        for each in {State.VERIFIED: (State.INTENT, State.SENT, State.CONFIRMED, State.VERIFIED)}.get(
            state, (state,)
        ):
            if row.id is None:
                row = await journal.open(replace(row, state=each))
            else:
                row = await journal.move(row, each, changed=NOW)
        return run

    return asyncio.run(go())


def test_a_run_at_work_is_named_and_nothing_more(journal: Journal) -> None:
    """Which process it is and since when; no command, since nobody has to do anything."""
    plan = plan_of_today()
    begun(journal, plan)
    ended = apply(plan)
    assert (ended.code, ended.out) == (6, "")
    assert f"run 1 is at work (process {os.getpid()} on " in ended.err
    assert ", since 20" in ended.err
    assert "fleetcheck repin" not in ended.err


@pytest.mark.parametrize(
    ("alive", "said"), [(True, "is at work there (intent): fleetcheck repin status 1"), (False, "resume 1")]
)
def test_a_new_plan_leaves_its_open_hosts_to_a_run_at_work(journal: Journal, alive: bool, said: str) -> None:
    """To go on with it is advised only where its process has gone."""
    begun(journal, plan_of_today(), State.INTENT)
    if not alive:
        journal.close()
    Path("fleet.yaml").write_text(FLEET.replace("defaults: {", "defaults: {pin: 443, "), "utf-8")
    ended = fleetcheck("repin", "plan", "-o", "new.json")
    assert "web1" in ended.out
    assert said in " ".join(ended.out.split()), ended.out + ended.err


def test_a_run_in_its_pause_is_named_too(journal: Journal) -> None:
    """It holds no lock then, and is alive all the same."""
    plan = plan_of_today()
    begun(journal, plan)
    asyncio.run(journal.let_go())
    ended = apply(plan)
    asyncio.run(journal.take_again())
    assert (ended.code, ended.out) == (6, "")
    assert f"run 1 is in its pause between two waves (process {os.getpid()} on " in ended.err
    assert "resume" not in ended.err


def test_a_killed_run_is_to_be_resumed(journal: Journal) -> None:
    """Nobody is alive, and it has no end."""
    plan = plan_of_today()
    begun(journal, plan)
    journal.close()
    ended = apply(plan)
    assert (ended.code, ended.out) == (6, "")
    assert "run 1 was killed; to go on with it: fleetcheck repin resume 1\n" in ended.err


def test_a_stopped_run_is_to_be_resumed_and_says_why_it_stopped(journal: Journal) -> None:
    """The words repeat `--db` where it was given."""
    plan = plan_of_today()
    asyncio.run(journal.end_run(begun(journal, plan), RunState.STOPPED, "2 failed, --max-failed 2", NOW))
    ended = apply(plan, "--db", os.environ["FLEETCHECK_DB"])
    assert ended.code == 6
    assert "run 1 was stopped (2 failed, --max-failed 2)" in ended.err
    assert f"fleetcheck repin resume 1 --db {os.environ['FLEETCHECK_DB']}\n" in ended.err


def test_a_run_that_ended_is_told_in_counts(journal: Journal) -> None:
    """What is left needs a new plan."""
    plan = plan_of_today()
    run = begun(journal, plan, State.UNREACHABLE)
    asyncio.run(journal.end_run(run, RunState.FINISHED, "", NOW))
    ended = apply(plan)
    assert ended.code == 6
    assert f"run 1 of it ended on {NOW:%Y-%m-%d %H:%M} UTC: 1 unreachable." in ended.err
    assert "For what is left make a new plan: fleetcheck repin plan\n" in ended.err


def test_a_script_that_is_out_has_to_expire_first(journal: Journal) -> None:
    """Until then its answers are to be taken in; then a new plan is to be made."""
    plan = plan_of_today()
    asyncio.run(journal.hand_out(plan, time=NOW))
    ended = apply(plan)
    assert (ended.code, ended.out) == (6, "")
    assert f"which may write until {plan.expires:%Y-%m-%d %H:%M} UTC" in ended.err
    assert "fleetcheck repin import RESULT.json" in ended.err
    late = plan_of_today(id="late", expires=NOW - timedelta(minutes=1))
    asyncio.run(journal.hand_out(late, time=NOW))
    ended = apply(late)
    assert ended.code == 6
    assert "which expired on" in ended.err
    assert "fleetcheck repin plan\n" in ended.err


def test_a_rehearsal_of_a_used_plan_says_so_and_goes_on(journal: Journal) -> None:
    """A dry run uses nothing, so it is not refused for that;
    here the inventory speaks against the plan next.
    """
    plan = plan_of_today()
    begun(journal, plan)
    journal.close()
    ended = apply(plan, "--dry-run")
    assert "warning: apply refuses this plan: " in ended.err
    assert "run 1 was killed" in ended.err
    assert "the inventory has changed for it since it was planned" in ended.err


def test_the_refusal_of_the_database_itself_is_a_safety_gate_too() -> None:
    """It has words of its own, should nobody have better ones."""
    from orchestrator.cli.errors import told

    assert told(PlanUsedError("p", 3)) == (
        6,
        (
            "plan p was applied by run 3 before, and a plan is used once. `fleetcheck repin status 3` shows "
            "how that stands."
        ),
    )
