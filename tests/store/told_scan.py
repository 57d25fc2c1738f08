"""A scan that is told: results, the end of the scan with its notice, then sending and marking; it is there to
be killed.

Started through children.py with the database's `url`, the verdicts by host, and the `port` of a
webhook.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from types import MappingProxyType

from inventory.model import Profile, SecretRef
from inventory.verdicts import Verdict
from orchestrator.app.invocation import Invocation
from orchestrator.app.notify.deliver import deliver
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.notices.targets import WebhookTarget
from orchestrator.domain.outcome import Probed, Trace
from orchestrator.domain.reading import Identity, Reading
from orchestrator.domain.record import HostRecord, ScanRecord, ScanState
from orchestrator.store.notices.adding import Notices
from orchestrator.store.writer import Writer

parent: Pipe = globals()["parent"]
url: str = globals()["url"]
verdicts: dict[str, str] = globals()["verdicts"]
night: int = globals()["night"]
secret: str = globals()["secret"]

NOW = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=night)
PROFILE = Profile(name="livevault", title="LiveVault", key="SOFTWARE\\Agent")
TARGET = WebhookTarget(
    name="ops", folder="/", url=SecretRef(source="file", fields=MappingProxyType({"path": secret}))
)


def record(host: str, verdict: str) -> HostRecord:
    """Make a result."""
    reading = Reading(
        mode="auto",
        identity=Identity(computer=host),
        views=(),
        targets=(),
        attempts=(),
        canaries=(),
        connections=(),
        connections_complete=True,
        parts=(),
    )
    return HostRecord(
        host=host,
        address=host,
        port=5986,
        profile=PROFILE,
        outcome=Probed(host=host, reading=reading, trace=Trace(started=NOW, ended=NOW)),
        judgement=Judgement(verdict=Verdict(verdict)),
    )


async def results(writer: Writer, scan: int) -> None:
    """Store every host's result."""
    await asyncio.gather(*(writer.put(scan, record(*each)) for each in verdicts.items()))


described = ScanRecord(
    id=None,
    started=NOW,
    mode="auto",
    inventory="fleet.yaml",
    inventory_digest="",
    selection="",
    hosts=tuple(verdicts),
    command="",
    user="",
    version="",
    script="",
)
with Writer.open(url, command="told scan", user="test") as opened:
    parent.send("begun")
    opened.at_end(Notices([TARGET.subscription]).add)
    number = asyncio.run(opened.begin_scan(described))
    asyncio.run(results(opened, number))
    asyncio.run(opened.end_scan(number, ScanState.FINISHED, NOW))
    parent.send("ended")
asked = Invocation(command="told scan", user="test", database=url)
deliver(asked, [TARGET], on_event=parent.send)
parent.send("sent")
