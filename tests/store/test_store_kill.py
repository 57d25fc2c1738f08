"""A process that is killed loses nothing that it had said was stored."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.outcome import Probed
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import Operation, RunState
from orchestrator.store.errors import InFlightError
from orchestrator.store.journal.journal import Journal
from orchestrator.store.place import database_url
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.domain.repin.builders import whole_plan
from tests.store.children import child

KILLS = 10
ORDER = (State.INTENT, State.SENT, State.CONFIRMED, State.VERIFIED)


def test_ten_kills_of_a_scan_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """Killed at random moments, ten scans in a row: every acknowledged result is there, whole; the next one goes on."""
    url = database_url(str(tmp_path / "f.db"), {})
    acknowledged = set(_killed("killed_scan.py", url=url))
    stored = _stored(url)
    assert {key for key, attempts in stored.items() if attempts != 12} == set()
    assert acknowledged - stored.keys() == set()
    assert len(acknowledged) >= KILLS


def test_ten_kills_of_a_repin_leave_a_journal_that_knows_every_step(tmp_path: Path) -> None:
    """Killed at random moments: each row is where its run last said, or one step on; rows, audit and plan hold together."""
    url, plan = database_url(str(tmp_path / "f.db"), {}), whole_plan()
    said: dict[tuple[int, str], State] = {}
    for run, host, state in _killed("killed_repin.py", url=url, plan=plan):
        said[run, host] = state
    with Reader.open(url) as reader:
        rows = {
            (row.run, row.host): row.state for run in reader.runs() for row in reader.operations(run.id or 0)
        }
        check = reader.verify_audit()
        plans = [replace(reader.plan(run.plan), id=plan.id) for run in reader.runs()]
    assert said.keys() - rows.keys() == set()
    steps_on = {ORDER.index(state) - _step(said.get(key)) for key, state in rows.items()}
    assert steps_on <= {0, 1}
    assert len(said) >= KILLS
    assert (check.broken, plans) == (None, [plan] * KILLS)


@pytest.mark.parametrize("state", [State.INTENT, State.SENT, State.CONFIRMED])
def test_a_repin_killed_between_two_states_is_gone_on_with(tmp_path: Path, state: State) -> None:
    """Killed right after a state was stored: nothing else is written there until a reading has told what happened."""
    url, plan = database_url(str(tmp_path / "f.db"), {}), whole_plan()
    with child("killed_repin.py", url=url, plan=plan, hold=state) as victim:
        told = victim.pipe.recv()
        while told[2] is not state:
            told = victim.pipe.recv()
        victim.kill()
    host = told[1]
    with Reader.open(url) as reader:
        run = reader.run(1)
        left = {row.host: row for row in reader.unresolved(1)}
    assert (run.state, left[host].state) == (RunState.RUNNING, state)

    async def go_on(journal: Journal) -> Operation:
        second = replace(left[host], id=None, state=State.INTENT, detail="")
        if state is not State.CONFIRMED:
            with pytest.raises(InFlightError):
                await journal.open(replace(second, run=None))
        await journal.begin_run(run, plan)
        unknown = await journal.move(left[host], State.UNKNOWN, changed=run.started)
        await journal.move(unknown, State.NOT_WRITTEN, changed=run.started)
        return await journal.open(second)

    with Writer.open(url, command="fleetcheck repin resume 1", user="ann") as writer:
        assert asyncio.run(go_on(Journal(writer))).state is State.INTENT


def _step(state: State | None) -> int:
    return -1 if state is None else ORDER.index(state)


def _killed(script: str, **given: object) -> list[Any]:
    """Start a script ten times, kill it at a random moment after its first word, and return all that was said."""
    moment = random.Random(20260301)  # noqa: S311 -- a moment, no secret
    said = []
    for _ in range(KILLS):
        with child(script, **given) as victim:
            said.append(victim.pipe.recv())
            time.sleep(moment.uniform(0, 0.25))
            victim.kill()
            said += victim.said()
    return said


def _stored(url: str) -> dict[tuple[int, str], int]:
    """Count the attempts of every result in the database."""
    stored = {}
    with Reader.open(url) as reader:
        for scan in reader.scans():
            assert scan.id is not None
            for record in reader.records(scan.id):
                assert isinstance(record.outcome, Probed)
                stored[scan.id, record.host] = len(record.outcome.reading.attempts)
    return stored
