"""Old results go, in small steps; the latest of every host stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from inventory.verdicts import Verdict
from orchestrator.domain.cause import Cause
from orchestrator.domain.record import HostRecord, ScanState
from orchestrator.store import prune as module
from orchestrator.store.prune import Limits, Pruned, PruneReader, prune
from orchestrator.store.reader import Reader
from orchestrator.store.tables import metadata
from orchestrator.store.writer import Writer
from tests.store.conftest import MORNING, MakeRecord, MakeScan

Put = Callable[[Writer, int, Iterable[HostRecord]], None]
DAYS = (400, 300, 40, 1)  # before NOW, of the scans 1 to 4
NOW = MORNING + timedelta(days=400)


def at(days: int) -> datetime:
    """Return the time so many days before NOW."""
    return NOW - timedelta(days=days)


@pytest.fixture
def filled(writer: Writer, put: Put, make_scan: MakeScan, make_record: MakeRecord) -> Writer:
    """Store four scans: web1 in all; gone only in the first; db7 failed in the last two;
    late never started in the first.
    """
    for number, days in enumerate(DAYS, 1):
        hosts = ("web1", "gone", "db7", "late") if number == 1 else ("web1", "db7")
        scan_id = asyncio.run(writer.begin_scan(make_scan(*hosts, started=at(days))))
        cause = Cause.NO_ANSWER if days < 300 else None
        records = [
            make_record("web1", started=at(days), verdict=Verdict.STALE if days == 300 else Verdict.OK),
            make_record("db7", started=at(days), cause=cause),
        ]
        if number == 1:
            records.append(make_record("gone", started=at(days), verdict=Verdict.DRIFTED, site=None))
        put(writer, scan_id, records)
        asyncio.run(writer.end_scan(scan_id, ScanState.FINISHED, at(days)))
    return writer


def run(writer: Writer, url: str, *, attempts: int | None = None, results: int | None = None) -> Pruned:
    """Prune by days before NOW, and say what went; counting beforehand has to say the same."""
    limits = Limits(
        attempts=None if attempts is None else at(attempts), results=None if results is None else at(results)
    )
    with PruneReader.open(url) as reader:
        counted = reader.count(limits)
    found = asyncio.run(prune(writer, limits))
    assert replace(found, documents=None) == counted
    return found


def rows(writer: Writer) -> dict[str, int]:
    """Count the rows of every table."""
    tables = ("scan", "host_result", "attempt", "connection", "document", "registry_value")
    return asyncio.run(
        writer.alone(
            lambda into: {
                name: into.connection.execute(
                    select(func.count()).select_from(metadata.tables[name])
                ).scalar_one()
                for name in tables
            }
        )
    )


def test_old_results_go_and_the_latest_of_every_host_stay(filled: Writer, url: str) -> None:
    """A host that is in no later scan keeps its only result, and one that fails now its last reading."""
    found = run(filled, url, results=30)
    assert found == Pruned(attempts=48, results=5, scans=1, kept=2, documents=found.documents)
    with Reader.open(url) as reader:
        assert [(scan.id, scan.hosts) for scan in reader.scans()] == [
            (4, ("web1", "db7")),
            (2, ("db7",)),
            (1, ("gone",)),
        ]
        latest, known = reader.latest("gone"), reader.latest("db7", probed=True)
    assert latest is not None
    assert known is not None
    assert latest[1].judgement.verdict is Verdict.DRIFTED
    assert (known[0].id, len(known[1].outcome.reading.attempts)) == (2, 12)


def test_the_last_reading_of_a_locked_key_stays(
    writer: Writer, url: str, put: Put, make_scan: MakeScan, make_record: MakeRecord
) -> None:
    """While a host's key cannot be read, what it said before is all that says which firewall rules it may
    need.
    """
    verdicts = (Verdict.OK, Verdict.STALE, Verdict.UNREADABLE, Verdict.UNREADABLE)
    for days, verdict in zip((400, 300, 200, 100), verdicts, strict=True):
        scan_id = asyncio.run(writer.begin_scan(make_scan("web1", started=at(days))))
        put(writer, scan_id, [make_record("web1", started=at(days), verdict=verdict)])
        asyncio.run(writer.end_scan(scan_id, ScanState.FINISHED, at(days)))
    assert run(writer, url, results=30).results == 2
    with Reader.open(url) as reader:
        (host,) = reader.fleet_now(sources=True)
    assert (host.latest.scan, host.readable and host.readable.scan) == (4, 2)


def test_attempts_go_and_results_stay(filled: Writer, url: str) -> None:
    """Without its attempts a result still says what was concluded; the latest of each host keep theirs."""
    found = run(filled, url, attempts=30)
    assert (found.attempts, found.results, found.scans) == (48, 0, 0)
    with Reader.open(url) as reader:
        assert len(reader.scans()) == 4
        (old,) = reader.records(2, ["web1"])
        (new,) = reader.records(4, ["web1"])
    assert (old.judgement.verdict, old.outcome.reading.attempts) == (Verdict.STALE, ())
    assert len(new.outcome.reading.attempts) == 12


def test_what_nobody_uses_any_more_goes_too(filled: Writer, url: str) -> None:
    """Documents that only deleted results shared are gone with their values, and no other."""
    before = rows(filled)
    found = run(filled, url, results=30)
    after = rows(filled)
    assert found.documents is not None
    assert found.documents > 0
    with Reader.open(url) as reader:
        kept = [reader.records(scan.id or 0) for scan in reader.scans()]
        assert sum(len(list(each)) for each in kept) == after["host_result"] == 4
    assert before["document"] - after["document"] <= found.documents  # a scan's new list of hosts is one, too
    assert after["attempt"] == 12 * 3


def test_pruning_again_deletes_nothing(filled: Writer, url: str) -> None:
    """What is kept stays kept."""
    run(filled, url, attempts=30, results=60)
    before = rows(filled)
    again = run(filled, url, attempts=30, results=60)
    assert (again.attempts, again.results, again.scans, again.documents) == (0, 0, 0, 0)
    assert rows(filled) == before


def test_both_limits_count_an_attempt_once(filled: Writer, url: str) -> None:
    """Attempts of results that go are not counted again among those of results that stay."""
    before = rows(filled)["attempt"]
    found = run(filled, url, attempts=30, results=350)
    assert found.attempts == before - rows(filled)["attempt"]


def test_a_prune_that_is_killed_goes_on_where_it_was(
    filled: Writer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is small and whole: broken off after the first, the database reads well,
    and the next run ends it.
    """
    monkeypatch.setattr(module, "RESULTS", 1)
    deleted = module._delete_results
    left = [2]

    def dies(*given: object) -> Pruned:
        left[0] -= 1
        if left[0] < 0:
            raise RuntimeError("power cut")
        return deleted(*given)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(module, "_delete_results", dies)
    with pytest.raises(RuntimeError, match="power cut"):
        asyncio.run(prune(filled, Limits(attempts=None, results=at(30))))
    with Reader.open(url) as reader:
        assert sum(len(list(reader.records(scan.id or 0))) for scan in reader.scans()) == 9 - 2
    monkeypatch.setattr(module, "_delete_results", deleted)
    assert run(filled, url, results=30).results == 5 - 2


def test_what_is_stored_afterwards_shares_no_deleted_document(
    filled: Writer, url: str, put: Put, make_scan: MakeScan, make_record: MakeRecord
) -> None:
    """The same writer goes on after a prune: a result like a deleted one is whole again."""
    run(filled, url, results=30)
    scan_id = asyncio.run(filled.begin_scan(make_scan("gone2", started=NOW)))
    wanted = make_record("gone2", started=NOW, verdict=Verdict.STALE, site=None)
    put(filled, scan_id, [wanted])
    with Reader.open(url) as reader:
        assert list(reader.records(scan_id)) == [wanted]


def test_indexes_serve_the_search_for_unused_documents(sqlite_url: str) -> None:
    """No table of results is read whole for one document,
    and none of its columns' keys is without an index.
    """
    with Writer.open(sqlite_url, command="x", user="ann") as writer:
        indexed = asyncio.run(
            writer.alone(
                lambda into: {
                    row[0]
                    for row in into.connection.exec_driver_sql(
                        "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'host_result'"
                    )
                }
            )
        )
    assert {
        f"ix_host_result_{name}_id" for name in ("profile", "settings", "identity", "registry", "judgement")
    } <= indexed
