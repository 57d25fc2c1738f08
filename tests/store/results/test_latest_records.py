"""The evidence that a re-pin is planned on: each host's newest results, with their scans."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta

from orchestrator.domain.cause import Cause
from orchestrator.domain.record import HostRecord, ScanRecord
from orchestrator.store import scan_reader as module
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.store.conftest import MORNING

MakeRecord = Callable[..., HostRecord]
MakeScan = Callable[..., ScanRecord]
Put = Callable[[Writer, int, Iterable[HostRecord]], None]


def _hours(number: int) -> timedelta:
    return timedelta(hours=number)


def test_each_hosts_newest_results_come_with_their_scans(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """Newest first, no more than asked for, failed ones too; a host that was never scanned is left out."""
    scans = [asyncio.run(writer.begin_scan(make_scan())) for _ in range(3)]
    web1 = [make_record("web1", started=MORNING + _hours(n)) for n in range(3)]
    web2 = make_record("web2", cause=Cause.NO_ANSWER, started=MORNING + _hours(1))
    for scan_id, record in zip(scans, web1, strict=True):
        put(writer, scan_id, [record])
    put(writer, scans[1], [web2])
    with Reader.open(url) as reader:
        found = reader.latest_records(["web2", "web1", "web9"], limit=2)
    assert found == {"web1": ((3, web1[2]), (2, web1[1])), "web2": ((2, web2),)}


def test_results_that_are_too_old_are_no_evidence(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """`since` is the earliest start that counts."""
    old, new = (make_record("web1", started=MORNING + _hours(n)) for n in (0, 2))
    put(writer, asyncio.run(writer.begin_scan(make_scan())), [old])
    put(writer, asyncio.run(writer.begin_scan(make_scan())), [new])
    with Reader.open(url) as reader:
        assert reader.latest_records(["web1"], limit=5, since=MORNING + _hours(1)) == {"web1": ((2, new),)}
        assert reader.latest_records(["web1"], limit=5, since=MORNING) == {"web1": ((2, new), (1, old))}
        assert reader.latest_records(["web1"], since=MORNING + _hours(3)) == {}


def test_a_scan_counts_once_however_often_it_tried(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """Two tries of one scan are no two scans that agree: the last one speaks for it."""
    scan_id = asyncio.run(writer.begin_scan(make_scan()))
    first = make_record("web1", cause=Cause.NO_ANSWER)
    last = make_record("web1", tries=2, started=MORNING + _hours(1))
    put(writer, scan_id, [first, last])
    with Reader.open(url) as reader:
        assert reader.latest_records(["web1"], limit=2) == {"web1": ((scan_id, last),)}


def test_more_hosts_than_one_query_takes_are_all_found(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """A fleet is asked for in parts, and nobody falls between two of them."""
    hosts = [f"web{n}" for n in range(module.CHUNK + 1)]
    put(writer, asyncio.run(writer.begin_scan(make_scan())), [make_record(host) for host in hosts])
    with Reader.open(url) as reader:
        assert sorted(reader.latest_records(hosts)) == sorted(hosts)
