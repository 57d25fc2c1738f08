"""What hosts came to before a time and since then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from inventory.verdicts import Verdict
from orchestrator.domain.cause import Cause
from orchestrator.domain.notices.edges import Edge, over
from orchestrator.domain.record import HostRecord, ScanRecord, ScanState
from orchestrator.store.results.changes import ChangesReader
from orchestrator.store.writer import Writer
from tests.store.conftest import MORNING

MakeRecord = Callable[..., HostRecord]
MakeScan = Callable[..., ScanRecord]
Put = Callable[[Writer, int, Iterable[HostRecord]], None]
DAY = timedelta(days=1)
NIGHTS = (
    {"a": "ok", "b": "blocked", "c": "ok", "d": "drifted"},
    {"a": "unknown", "b": "blocked", "c": "ok", "d": "drifted"},
    {"a": "unknown", "b": "ok", "c": "unknown", "d": "waived", "e": "blocked"},
    {"a": "unknown", "b": "blocked", "c": "ok"},
)


def fill(writer: Writer, make_scan: MakeScan, make_record: MakeRecord, put: Put) -> None:
    """Scan four nights."""
    for number, night in enumerate(NIGHTS):
        began = MORNING + number * DAY
        scan = asyncio.run(writer.begin_scan(make_scan(*night, started=began)))
        put(writer, scan, [_record(make_record, host, word, number) for host, word in night.items()])
        asyncio.run(writer.end_scan(scan, ScanState.FINISHED, began + timedelta(hours=1)))


def _record(make_record: MakeRecord, host: str, word: str, night: int) -> HostRecord:
    began = MORNING + night * DAY + timedelta(minutes=5)
    if word == "unknown":
        return make_record(host, cause=Cause.LOGON_FAILED, started=began)
    waived = "change 4711" if word == "waived" else None
    verdict = Verdict.DRIFTED if word == "waived" else Verdict(word)
    return replace(make_record(host, verdict=verdict, started=began), waived=waived)


def test_histories_lead_to_the_changes_of_a_time(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """Of each time: what differs at its end from its beginning, by the rules of a notice."""
    fill(writer, make_scan, make_record, put)
    with ChangesReader.open(url) as reader:
        found = {night: over(reader.histories(MORNING + night * DAY)) for night in range(len(NIGHTS))}
        last = reader.latest_scan_began()
        assert list(reader.histories(MORNING + 3 * DAY, {"b"})) == [("b", ("blocked", "ok"), ("blocked",))]
    assert found[0] == (
        Edge("a", None, "unknown"),
        Edge("b", None, "blocked"),
        Edge("e", None, "blocked"),
    )
    assert found[1] == (Edge("a", "ok", "unknown"), Edge("d", "drifted", "ok"), Edge("e", None, "blocked"))
    assert found[2] == (Edge("a", "ok", "unknown"), Edge("d", "drifted", "ok"), Edge("e", None, "blocked"))
    assert found[3] == (Edge("b", "ok", "blocked"),)
    assert last == MORNING + 3 * DAY


def test_a_scan_that_was_resumed_counts_by_its_results(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """It began long before, and what it found since is found."""
    scan = asyncio.run(writer.begin_scan(make_scan("a", "b", started=MORNING - 30 * DAY)))
    put(writer, scan, [make_record("a", verdict=Verdict.OK, started=MORNING - 30 * DAY)])
    asyncio.run(writer.end_scan(scan, ScanState.INTERRUPTED, MORNING - 29 * DAY))
    writer.resume_scan(scan)
    put(writer, scan, [make_record("b", verdict=Verdict.BLOCKED, started=MORNING)])
    asyncio.run(writer.end_scan(scan, ScanState.FINISHED, MORNING + DAY))
    with ChangesReader.open(url) as reader:
        assert over(reader.histories(MORNING - DAY)) == (Edge("b", None, "blocked"),)
