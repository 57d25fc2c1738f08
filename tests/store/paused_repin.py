"""A re-pin of nobody that has begun its run and pauses;
it is there to be killed. Started through children.py.
"""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection

from orchestrator.store.journal.journal import Journal
from orchestrator.store.writer import Writer
from tests.store.repin_rows import begun

parent: Connection = globals()["parent"]
url: str = globals()["url"]

with Writer.open(url, command="fleetcheck repin apply plan.json", user="ann") as opened:
    journal = Journal(opened)
    run = asyncio.run(begun(journal))
    asyncio.run(journal.let_go())
    parent.send(run)
    parent.recv()
