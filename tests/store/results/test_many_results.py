"""How many results a question of a plan's asks for at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from orchestrator.domain.record import ScanState
from orchestrator.store.reader import Reader
from orchestrator.store.results import plan_reader
from orchestrator.store.writer import Writer
from tests.store.conftest import MORNING, MakeRecord, MakeScan

HOSTS = ("web1", "web2", "web3", "db7")
SCANS = 3


@pytest.fixture
def bound() -> Iterator[list[int]]:
    """Note how many values each statement binds."""
    found: list[int] = []

    def note(_connection: Any, _cursor: Any, _statement: str, values: Any, *_: Any) -> None:
        found.append(len(values))

    event.listen(Engine, "before_cursor_execute", note)
    yield found
    event.remove(Engine, "before_cursor_execute", note)


def test_more_scans_of_a_host_are_fewer_hosts_at_once(
    url: str,
    writer: Writer,
    put: Callable[..., None],
    make_scan: MakeScan,
    make_record: MakeRecord,
    bound: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`--agree 100` of 500 hosts would be 50,000 ids in a statement, and SQLite takes 32,766: no statement
    binds more values than a chunk has, and every host has all of its results.
    """
    for number in range(SCANS):
        at = MORNING + number * timedelta(hours=1)
        scan = asyncio.run(writer.begin_scan(make_scan(*HOSTS, started=at)))
        put(writer, scan, [make_record(host, started=at) for host in HOSTS])
        asyncio.run(writer.end_scan(scan, ScanState.FINISHED, at))
    monkeypatch.setattr(plan_reader, "CHUNK", len(HOSTS))
    with Reader.open(url) as reader:
        bound.clear()
        found = reader.latest_conclusions(HOSTS, limit=SCANS)
    assert max(bound) <= len(HOSTS)
    scans = {host: [each.scan for each in results] for host, results in found.items()}
    assert scans == {host: [3, 2, 1] for host in HOSTS}
