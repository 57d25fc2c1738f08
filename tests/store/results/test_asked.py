"""A scan that a plan asked for is evidence for plans, and no report takes it for what is known of a host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from inventory.verdicts import Verdict
from orchestrator.domain.record import PORTS, ScanState
from orchestrator.store.database import engine
from orchestrator.store.place import parse
from orchestrator.store.prune import Limits, prune
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.store.conftest import MORNING, MakeRecord, MakeScan

HOUR = timedelta(hours=1)


@pytest.fixture
def reader(
    url: str, writer: Writer, put: Callable[..., None], make_scan: MakeScan, make_record: MakeRecord
) -> Reader:
    """Store a scan of web1 and db7, then one that a plan asked for, of web1 and new1, which no other has."""
    for number, (mode, hosts, verdict) in enumerate(
        (("auto", ("web1", "db7"), Verdict.DRIFTED), (PORTS, ("web1", "new1"), Verdict.BLOCKED))
    ):
        at = MORNING + number * HOUR
        scan_id = asyncio.run(writer.begin_scan(replace(make_scan(*hosts, started=at), mode=mode)))
        put(writer, scan_id, [make_record(name, started=at, verdict=verdict) for name in hosts])
        asyncio.run(writer.end_scan(scan_id, ScanState.FINISHED, at))
    return Reader.open(url)


def test_reports_do_not_see_it(reader: Reader) -> None:
    """The fleet now, a host alone, its history, what was last known of it, and the latest scan."""
    with reader:
        now = {each.latest.host: each.latest.judgement.verdict for each in reader.fleet_now()}
        assert now == {"web1": Verdict.DRIFTED, "db7": Verdict.DRIFTED}
        latest = reader.latest("web1")
        assert latest is not None
        assert latest[0].id == 1
        assert reader.latest("new1") is None
        assert [each.scan for each in reader.history("web1")] == [1]
        assert {host: each.scan_id for host, each in reader.last_known(["web1", "new1"]).items()} == {
            "web1": 1
        }
        assert {host: found[0][0] for host, found in reader.latest_records(["web1", "new1"]).items()} == {
            "web1": 1
        }
        found = reader.latest_scan()
        assert found is not None
        assert found.id == 1
        assert [scan.id for scan in reader.scans(2, finished=True, counted=True)] == [1]


def test_plans_see_it(reader: Reader) -> None:
    """By host, and among the scans."""
    with reader:
        asked = reader.latest_conclusions(["web1", "db7", "new1"], asked=True)
        assert {host: [each.scan for each in found] for host, found in asked.items()} == {
            "web1": [2],
            "new1": [2],
        }
        others = reader.latest_conclusions(["web1", "db7", "new1"], limit=2)
        assert {host: [each.scan for each in found] for host, found in others.items()} == {
            "web1": [1],
            "db7": [1],
        }
        assert [scan.mode for scan in reader.scans()] == [PORTS, "auto"]


def test_the_view_does_not_see_it(reader: Reader, url: str) -> None:
    """What dashboards read is what reports say."""
    reader.close()
    source = engine.reading(parse(url))
    with source.connect() as connection:
        rows = connection.execute(text("SELECT host, scan, known_scan FROM v_host_now ORDER BY host")).all()
    source.dispose()
    assert [tuple(row) for row in rows] == [("db7", 1, 1), ("web1", 1, 1)]


def test_a_prune_keeps_what_reports_need(reader: Reader, writer: Writer, url: str) -> None:
    """The older result stays, since it is the host's latest; the newer one, of the plan's scan, goes."""
    reader.close()
    limit = MORNING + 2 * HOUR
    asyncio.run(prune(writer, Limits(attempts=limit, results=limit)))
    with Reader.open(url) as left:
        assert [scan.id for scan in left.scans()] == [1]
        assert set(left.latest_records(["web1", "db7", "new1"])) == {"web1", "db7"}
