"""A scan of nobody that stores results without end and says each one that is stored; it is there to be
killed.

Started through children.py with the database's `url`.
"""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime
from multiprocessing.connection import Connection as Pipe

from inventory.model import Profile
from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.outcome import Probed, Trace
from orchestrator.domain.reading import Attempt, Identity, Reading, Result, Source
from orchestrator.domain.record import HostRecord, ScanRecord
from orchestrator.store.writer import Writer

parent: Pipe = globals()["parent"]
url: str = globals()["url"]

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PROFILE = Profile(name="livevault", title="LiveVault", key="SOFTWARE\\Agent")


def record(host: str) -> HostRecord:
    """Make a result with a dozen attempts."""
    attempts = tuple(
        Attempt(
            role="primary",
            source=Source.INVENTORY,
            target="gateway",
            address=None,
            port=port,
            result=Result.REFUSED,
            milliseconds=port,
        )
        for port in range(1, 13)
    )
    reading = Reading(
        mode="auto",
        identity=Identity(computer=host),
        views=(),
        targets=(),
        attempts=attempts,
        canaries=(),
        connections=(),
        connections_complete=True,
        parts=(),
    )
    outcome = Probed(host=host, reading=reading, trace=Trace(started=NOW, ended=NOW))
    judgement = Judgement(verdict=Verdict.OK)
    return HostRecord(
        host=host, address=host, port=5986, profile=PROFILE, outcome=outcome, judgement=judgement
    )


async def scan(writer: Writer) -> None:
    """Store results from eight tasks, for ever."""
    described = ScanRecord(
        id=None,
        started=NOW,
        mode="auto",
        inventory="",
        inventory_digest="",
        selection="",
        hosts=(),
        command="",
        user="",
        version="",
        script="",
    )
    scan_id = await writer.begin_scan(described)
    numbers = itertools.count()

    async def work() -> None:
        for number in numbers:
            await writer.put(scan_id, record(f"host{number}"))
            parent.send((scan_id, f"host{number}"))

    await asyncio.gather(*(work() for _ in range(8)))


with Writer.open(url, command="killed scan", user="test") as opened:
    asyncio.run(scan(opened))
