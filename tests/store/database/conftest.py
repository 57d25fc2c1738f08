"""A database with something in it for views and dashboards to show."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from inventory.verdicts import Verdict
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Probed
from orchestrator.domain.reading import Result
from orchestrator.domain.record import HostRecord, ScanRecord
from orchestrator.store.journal.journal import Journal
from orchestrator.store.writer import Writer
from tests.store.conftest import MORNING
from tests.store.repin_rows import begun, row

Put = Callable[[Writer, int, Iterable[HostRecord]], None]
MakeScan = Callable[..., ScanRecord]
MakeRecord = Callable[..., HostRecord]


@pytest.fixture
def filled(url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put) -> str:
    """Store two scans of two hosts and the beginning of a run; return the URL. web2 fails in the second scan.

    Port 443 connects: in the first scan within 10 and 30 ms, in the second within 50.
    """
    later = MORNING + timedelta(days=1)
    with Writer.open(url, command="scan", user="ann") as writer:
        first = asyncio.run(writer.begin_scan(make_scan("web1", "web2")))
        web1, web2 = make_record("web1"), make_record("web2", verdict=Verdict.BLOCKED)
        put(writer, first, [connecting(web1, 10), connecting(web2, 30)])
        second = asyncio.run(writer.begin_scan(make_scan("web1", "web2", started=later)))
        web1 = make_record("web1", verdict=Verdict.DRIFTED, started=later, site=None)
        failed = make_record("web2", cause=Cause.LOGON_FAILED, started=later)
        put(writer, second, [connecting(web1, 50), failed])
        with closing(Journal(writer)) as journal:
            asyncio.run(_run_begun(journal))
    return url


def connecting(record: HostRecord, milliseconds: int) -> HostRecord:
    """Let a host's last attempt be a connect to port 443 that took so long."""
    assert isinstance(record.outcome, Probed)
    reading = record.outcome.reading
    *others, last = reading.attempts
    connect = replace(last, port=443, result=Result.CONNECTED, milliseconds=milliseconds, error=None)
    outcome = replace(record.outcome, reading=replace(reading, attempts=(*others, connect)))
    return replace(record, outcome=outcome)


async def _run_begun(journal: Journal) -> None:
    await journal.open(row(await begun(journal)))
