"""A re-pin of nobody that journals hosts without end and says each row that is stored; it is there to be
killed.

Started through children.py with the database's `url` and a `plan`. Where it is given `hold`, a state, it says
no more and does nothing once a host has come into it.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection

from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import Operation, RunRecord
from orchestrator.domain.repin.plan import Plan
from orchestrator.store.journal.journal import Journal
from orchestrator.store.writer import Writer

NOW = datetime(2026, 3, 1, tzinfo=UTC)
parent: Connection = globals()["parent"]
url: str = globals()["url"]
plan: Plan = replace(globals()["plan"], id=str(uuid.uuid4()))  # a plan is used once
hold: State | None = globals().get("hold")


async def say(run: int, host: str, state: State) -> None:
    """Tell the parent, and wait to be killed where this is the moment."""
    parent.send((run, host, state))
    if state is hold:
        await asyncio.Event().wait()


async def write(journal: Journal, run: int, host: str) -> None:
    """Take a host through the states of a write that goes well."""
    row = await journal.open(
        Operation(id=None, run=run, plan=plan.id, host=host, state=State.INTENT, changed=NOW)
    )
    await say(run, host, State.INTENT)
    for state in (State.SENT, State.CONFIRMED, State.VERIFIED):
        row = await journal.move(row, state, changed=NOW, detail=f"now {state}")
        await say(run, host, state)


async def repin(writer: Writer) -> None:
    """Journal hosts from four tasks, for ever."""
    journal = Journal(writer)
    record = RunRecord(
        id=None, plan=plan.id, started=NOW, user="", command="", version="", options="{}", hosts=0
    )
    run = (await journal.begin_run(record, plan)).id
    assert run is not None
    numbers = itertools.count()

    async def work() -> None:
        for number in numbers:
            await write(journal, run, f"run{run}-host{number}")

    await asyncio.gather(*(work() for _ in range(4)))


with Writer.open(url, command="killed re-pin", user="test") as opened:
    asyncio.run(repin(opened))
