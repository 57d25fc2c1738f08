"""A process that is killed loses nothing that it had said was stored."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.outcome import Probed
from orchestrator.domain.record import ScanRecord, ScanState
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import Operation, RunState
from orchestrator.store.journal.errors import InFlightError
from orchestrator.store.journal.journal import Journal
from orchestrator.store.place import database_url
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.domain.repin.builders import whole_plan
from tests.store.children import child

KILLS = 10
ORDER = (State.INTENT, State.SENT, State.CONFIRMED, State.VERIFIED)


def test_ten_kills_of_a_scan_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """Killed at random moments, ten scans in a row: every acknowledged result is there, whole;
    the next one goes on.
    """
    url = database_url(str(tmp_path / "f.db"), {})
    acknowledged = set(_killed("killed_scan.py", url=url))
    stored = _stored(url)
    assert {key for key, attempts in stored.items() if attempts != 12} == set()
    assert acknowledged - stored.keys() == set()
    assert len(acknowledged) >= KILLS


def test_ten_kills_of_a_repin_leave_a_journal_that_knows_every_step(tmp_path: Path) -> None:
    """Killed at random moments: each row is where its run last said, or one step on; rows,
    audit and plan hold together.
    """
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
    """Killed right after a state was stored: nothing else is written there until a reading has told what
    happened.
    """
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

    with (
        Writer.open(url, command="fleetcheck repin resume 1", user="ann") as writer,
        closing(Journal(writer)) as journal,
    ):
        assert asyncio.run(go_on(journal)).state is State.INTENT


def test_a_killed_scan_is_told_from_a_running_one(url: str) -> None:
    """While its process lives a scan is `running`, and who runs it is known;
    from its death on it is `killed`.
    """
    running = [ScanState.RUNNING] * 2
    with child("killed_scan.py", url=url) as victim:
        scan_id, _ = victim.pipe.recv()
        with Reader.open(url) as reader:
            who = reader.runner(scan_id)
            assert who is not None
            assert (who.command, who.pid) == ("killed scan", victim.process.pid)
            assert [reader.scan(scan_id).state, *(scan.state for scan in reader.scans())] == running
            victim.kill()
            _gone(reader, scan_id)
            assert (reader.scan(scan_id).state, reader.scans()[0].state) == (ScanState.KILLED,) * 2
    with Writer.open(url, command="fleetcheck prune", user="ann"), Reader.open(url) as reader:
        assert reader.scan(scan_id).state is ScanState.KILLED  # whoever else writes now
    with (
        Writer.open(url, command="fleetcheck scan --resume 1", user="ann") as writer,
        Reader.open(url) as reader,
    ):
        writer.resume_scan(scan_id)
        assert reader.scan(scan_id).state is ScanState.RUNNING
        asyncio.run(writer.end_scan(scan_id, ScanState.FINISHED, datetime(2026, 3, 1, tzinfo=UTC)))
        assert (reader.scan(scan_id).state, reader.runner(scan_id)) == (ScanState.FINISHED, None)


def test_two_fleets_of_one_server_do_not_speak_for_each_other(
    postgresql_url: str, made_schema: str, make_scan: Callable[..., ScanRecord]
) -> None:
    """A scan of one schema says nothing of the scan with the same number in the database's other schema."""
    with Writer.open(postgresql_url, command="scan", user="ann") as writer:
        scan_id = asyncio.run(writer.begin_scan(make_scan()))
        with Reader.open(postgresql_url) as reader, Reader.open(made_schema) as other:
            assert reader.runner(scan_id) is not None
            assert other.runner(scan_id) is None


def _gone(reader: Reader, scan_id: int) -> None:
    """Wait until a server has seen that a process is gone; a file's lock goes with it at once."""
    while reader.runner(scan_id) is not None:
        time.sleep(0.01)  # the test's own time-out ends this


def _step(state: State | None) -> int:
    return -1 if state is None else ORDER.index(state)


def _killed(script: str, **given: object) -> list[Any]:
    """Start a script ten times, kill it at a random moment after its first word,
    and return all that was said.
    """
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
