"""Plans, runs and rows for the journal's tests, from the few things that each test is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import Operation, RunRecord
from orchestrator.domain.repin.plan import Plan
from orchestrator.store.database import engine
from orchestrator.store.journal.journal import Journal
from orchestrator.store.place import parse
from tests.domain.repin.builders import whole_plan

NOW = datetime(2026, 11, 1, 13, 0, 0, 5, tzinfo=UTC)
PLAN = whole_plan()

WAY = {
    State.SENT: (State.INTENT, State.SENT),
    State.CONFIRMED: (State.INTENT, State.SENT, State.CONFIRMED),
    State.UNKNOWN: (State.INTENT, State.UNKNOWN),
    State.VERIFIED: (State.INTENT, State.SENT, State.CONFIRMED, State.VERIFIED),
    State.REPORTED: (State.HANDED_OUT, State.REPORTED),
}
"""How a row gets into a state that none begins with."""


def plan_of(*hosts: str, **changes: Any) -> Plan:
    """Return a plan of these hosts."""
    one = PLAN.hosts[0]
    return whole_plan(hosts=tuple(replace(one, host=host) for host in hosts), **changes)


def run_record(**changes: Any) -> RunRecord:
    """Return a run that the database does not know yet."""
    record = RunRecord(
        id=None,
        plan=PLAN.id,
        started=NOW,
        user="ann",
        command="fleetcheck repin apply plan.json",
        version="0.1.0",
        options='{"batch": "1,5%"}',
        hosts=1,
    )
    return replace(record, **changes)


def row(run: int | None, state: State = State.INTENT, host: str = "web1", **changes: Any) -> Operation:
    """Return a row that the database does not know yet."""
    made = Operation(id=None, run=run, plan=PLAN.id, host=host, state=state, changed=NOW)
    return replace(made, **changes)


async def begun(journal: Journal, plan_id: str = PLAN.id) -> int:
    """Begin a run of a plan with this id, and return its own."""
    run = (await journal.begin_run(run_record(plan=plan_id), replace(PLAN, id=plan_id))).id
    assert run is not None
    return run


async def brought(journal: Journal, run: int | None, state: State, host: str = "web1") -> Operation:
    """Bring a new row into a state."""
    first, *moves = WAY.get(state, (state,))
    operation = await journal.open(row(run, first, host))
    for each in moves:
        operation = await journal.move(operation, each, changed=NOW)
    return operation


@contextmanager
def by_hand(url: str) -> Iterator[Connection]:
    """Open the database as somebody does who goes round the program. What was done is kept."""
    source = engine.writing(parse(url))
    with source.connect() as connection, connection.begin():
        yield connection
    source.dispose()
