"""What `put` has returned for is stored, and trouble is told to everybody who waits."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from inventory.verdicts import Verdict
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Probed
from orchestrator.domain.reading import Attempt
from orchestrator.domain.record import HostRecord, ScanRecord, ScanState
from orchestrator.store import writer as writing
from orchestrator.store.database import engine, migrating
from orchestrator.store.database.schema import State
from orchestrator.store.errors import (
    DatabaseError,
    StoreError,
    StoreTrouble,
    UnknownScanError,
    WriterClosedError,
)
from orchestrator.store.journal.journal import Journal
from orchestrator.store.place import parse
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from orchestrator.store.writing import WritingThread

MakeRecord = Callable[..., HostRecord]
MakeScan = Callable[..., ScanRecord]
Put = Callable[[Writer, int, Iterable[HostRecord]], None]


def test_a_result_is_stored_when_put_returns(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """Another process sees it at once, while the scan goes on."""
    scan_id = asyncio.run(writer.begin_scan(make_scan("web1")))
    record = make_record("web1")
    put(writer, scan_id, [record])
    with Reader.open(url) as reader:
        assert list(reader.records(scan_id)) == [record]


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the results of each commit."""
    sizes: list[int] = []
    store = WritingThread._store
    monkeypatch.setattr(
        WritingThread,
        "_store",
        lambda self, into, batch: (sizes.append(len(batch)), store(self, into, batch)),
    )
    return sizes


def test_many_results_share_a_commit(
    sqlite_url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put, batches: list[int]
) -> None:
    """A hundred results that come at once cost four flushes of the disk, not a hundred."""
    with Writer.open(sqlite_url, command="scan", user="ann") as writer:
        put(writer, asyncio.run(writer.begin_scan(make_scan())), [make_record(f"web{n}") for n in range(100)])
    assert batches == [32, 32, 32, 4]


def test_a_result_alone_does_not_wait_for_a_full_batch(
    sqlite_url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put, batches: list[int]
) -> None:
    """The last host of a scan is stored without thirty-one others."""
    with Writer.open(sqlite_url, command="scan", user="ann") as writer:
        put(writer, asyncio.run(writer.begin_scan(make_scan("web1"))), [make_record("web1")])
        assert batches == [1]  # stored while the writer stays open, which may have more to store


def test_who_flushes_does_not_wait_for_others(
    sqlite_url: str, make_scan: MakeScan, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last results of a scan wait for nobody."""
    monkeypatch.setattr(writing, "LINGER", 3600.0)
    with Writer.open(sqlite_url, command="scan", user="ann") as writer:
        scan_id = asyncio.run(writer.begin_scan(make_scan("web1")))

        async def put() -> None:
            putting = asyncio.create_task(writer.put(scan_id, make_record("web1")))
            await asyncio.sleep(0)
            writer.flush()
            await putting

        asyncio.run(put())


def test_a_replay_changes_nothing(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """The same result stored three times, twice of them in one batch, is one result."""
    scan_id = asyncio.run(writer.begin_scan(make_scan("web1")))
    record = make_record("web1")
    put(writer, scan_id, [record])
    put(writer, scan_id, [record, record])
    with Reader.open(url) as reader:
        assert list(reader.records(scan_id)) == [record]
        assert reader.tally(scan_id) == {Verdict.OK: 1}


def test_the_same_try_again_replaces_the_result(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """No attempt of the result that was there before is left behind."""
    scan_id = asyncio.run(writer.begin_scan(make_scan("web1")))
    put(writer, scan_id, [make_record("web1")])
    second = make_record("web1", cause=Cause.DEADLINE)
    put(writer, scan_id, [second])
    with Reader.open(url) as reader:
        assert list(reader.records(scan_id)) == [second]


def test_the_last_try_of_a_host_counts(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """Of two tries of a host in one scan the reports see the later."""
    scan_id = asyncio.run(writer.begin_scan(make_scan("web1")))
    last = make_record("web1", tries=2)
    put(writer, scan_id, [last, make_record("web1", cause=Cause.DEADLINE)])
    with Reader.open(url) as reader:
        assert (list(reader.records(scan_id)), reader.tally(scan_id)) == ([last], {Verdict.OK: 1})


def test_what_stays_the_same_is_stored_once(
    sqlite_url: str, tmp_path: Path, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """A second scan in which every host says the same adds no registry values and no documents."""
    database = tmp_path / "state" / "fleet.db"

    def count() -> list[int]:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as rows:
            tables = ("document", "registry_value", "host_result")
            query = "SELECT count(*) FROM {}"
            return [rows.execute(query.format(table)).fetchone()[0] for table in tables]

    counts = []
    with Writer.open(sqlite_url, command="scan", user="ann") as writer:
        for day in range(2):
            records = [make_record(f"web{n}", started=_day(day)) for n in range(10)]
            put(writer, asyncio.run(writer.begin_scan(make_scan("web1"))), records)
            counts.append(count())
    # The scan's hosts, the profile, the inventory's words, the judgement and two gists are shared; identities
    # are not.
    assert counts == [[7 + 10, 2, 10], [7 + 10, 2, 20]]


def _day(number: int) -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=number)


def test_a_result_of_an_unknown_scan_is_refused(writer: Writer, make_record: MakeRecord, put: Put) -> None:
    """A result never lands in a scan that was not begun or resumed."""
    with pytest.raises(UnknownScanError, match="no scan 7 "):
        put(writer, 7, [make_record("web1")])


def test_a_closed_writer_says_so(
    sqlite_url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """What comes too late is an error, not a silence."""
    writer = Writer.open(sqlite_url, command="scan", user="ann")
    scan_id = asyncio.run(writer.begin_scan(make_scan("web1")))
    writer.close()
    writer.close()
    with pytest.raises(WriterClosedError):
        put(writer, scan_id, [make_record("web1")])


def test_closing_commits_what_waits(sqlite_url: str, make_scan: MakeScan, make_record: MakeRecord) -> None:
    """A result that was handed in before the end is stored, even if nobody waited for it."""
    writer = Writer.open(sqlite_url, command="scan", user="ann")
    scan_id = asyncio.run(writer.begin_scan(make_scan("web1")))

    async def leave() -> None:
        task = asyncio.create_task(writer.put(scan_id, make_record("web1")))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())
    writer.close()
    with Reader.open(sqlite_url) as reader:
        assert reader.done(scan_id) == {"web1"}


def test_a_record_that_no_table_holds_costs_only_itself(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord
) -> None:
    """One impossible number among good results: the others are stored, and the writer goes on."""
    scan_id = asyncio.run(writer.begin_scan(make_scan()))
    good = [make_record(f"web{n}") for n in range(5)]
    outcome = good[0].outcome
    assert isinstance(outcome, Probed)
    attempt: Attempt = replace(outcome.reading.attempts[0], milliseconds=2**70)
    reading = replace(outcome.reading, attempts=(attempt,))
    bad = replace(good[0], host="bad", outcome=replace(outcome, host="bad", reading=reading))

    async def all_at_once() -> list[BaseException | None]:
        puts = (writer.put(scan_id, record) for record in [*good, bad])
        return await asyncio.gather(*puts, return_exceptions=True)

    ends = asyncio.run(all_at_once())
    assert [type(end) for end in ends] == [type(None)] * 5 + [ValueError]
    assert "the result of bad cannot be stored" in str(ends[-1])
    with Reader.open(url) as reader:
        assert reader.done(scan_id) == {record.host for record in good}


def test_a_scan_ends_after_its_results(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """State and end of a scan are kept."""
    scan = make_scan("web1")
    scan_id = asyncio.run(writer.begin_scan(scan))
    put(writer, scan_id, [make_record("web1")])
    ended = scan.started + timedelta(minutes=5)
    asyncio.run(writer.end_scan(scan_id, ScanState.FINISHED, ended))
    with Reader.open(url) as reader:
        assert reader.scan(scan_id) == replace(scan, id=scan_id, state=ScanState.FINISHED, ended=ended)


def test_a_scan_goes_on_where_it_was_left(
    url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """Resuming opens the scan again and keeps the results that it had."""
    with Writer.open(url, command="scan", user="ann") as writer:
        scan_id = asyncio.run(writer.begin_scan(make_scan("web1", "web2")))
        put(writer, scan_id, [make_record("web1")])
        asyncio.run(writer.end_scan(scan_id, ScanState.INTERRUPTED, _day(1)))
    with Writer.open(url, command="scan --resume", user="ann") as writer:
        resumed = writer.resume_scan(scan_id)
        put(writer, scan_id, [make_record("web2")])
    assert resumed == replace(make_scan("web1", "web2"), id=scan_id)
    with Reader.open(url) as reader:
        assert (reader.done(scan_id), reader.scan(scan_id).state) == ({"web1", "web2"}, ScanState.KILLED)


def test_resuming_an_unknown_scan_says_which_there_are(writer: Writer, make_scan: MakeScan) -> None:
    """A mistyped id costs nothing: the message names the latest, and the writer goes on."""
    asyncio.run(writer.begin_scan(make_scan()))
    with pytest.raises(UnknownScanError, match=r"no scan 9 in .*: the latest is 1\."):
        writer.resume_scan(9)
    assert asyncio.run(writer.begin_scan(make_scan())) == 2


def test_an_id_is_never_used_twice(sqlite_url: str, tmp_path: Path, make_scan: MakeScan) -> None:
    """`show --scan 2` never means another scan than it did yesterday, even after the newest was deleted."""
    for _ in range(2):
        with Writer.open(sqlite_url, command="scan", user="ann") as writer:
            asyncio.run(writer.begin_scan(make_scan()))
    with closing(sqlite3.connect(tmp_path / "state" / "fleet.db")) as database:
        database.execute("DELETE FROM scan WHERE id = 2")
        database.commit()
    with Writer.open(sqlite_url, command="scan", user="ann") as writer:
        assert asyncio.run(writer.begin_scan(make_scan())) == 3


def test_an_error_while_closing_keeps_nobody_waiting(
    sqlite_url: str, make_scan: MakeScan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that breaks on its way out does not hang the command."""
    disposing = migrating.disposing

    @contextmanager
    def breaking(source: Engine) -> Iterator[Engine]:
        with disposing(source):
            yield source
        raise OSError("gone")

    Writer.open(sqlite_url, command="scan", user="ann").close()
    monkeypatch.setattr(migrating, "disposing", breaking)
    monkeypatch.setattr(migrating, "look", lambda _place: State.CURRENT)
    monkeypatch.setattr(migrating, "bring_up", lambda _place, _held: None)
    writer = Writer.open(sqlite_url, command="scan", user="ann")
    assert asyncio.run(writer.begin_scan(make_scan())) == 1
    writer.close()
    with pytest.raises(WriterClosedError):
        asyncio.run(writer.begin_scan(make_scan()))


def test_closing_is_not_held_by_a_database_that_hangs_once_nobody_waits_for_it(
    emptied_url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """Another session of the server holds the table: who stopped waiting for a result gets away, and what
    was acknowledged is there.
    """
    import psycopg

    writer = Writer.open(emptied_url, command="scan", user="ann")
    scan_id = asyncio.run(writer.begin_scan(make_scan("web1", "web2")))
    put(writer, scan_id, [make_record("web1")])
    closing_it = threading.Thread(target=writer.close, daemon=True)
    with psycopg.connect(emptied_url.replace("+psycopg", "")) as other:
        other.execute("LOCK TABLE host_result IN ACCESS EXCLUSIVE MODE")

        async def leave() -> None:
            await asyncio.wait_for(writer.put(scan_id, make_record("web2")), 0.5)

        with pytest.raises(TimeoutError):
            asyncio.run(leave())
        closing_it.start()
        closing_it.join(15)  # the server itself ends such a wait after thirty
        held = closing_it.is_alive()
    closing_it.join()
    assert not held
    with Reader.open(emptied_url) as reader:
        assert make_record("web1") in list(reader.records(scan_id))


@pytest.mark.parametrize("paused", [False, True])
def test_closing_is_not_held_by_a_journal_that_was_left(emptied_url: str, *, paused: bool) -> None:
    """Another session holds the journal: who left a call of it, or the pause after it, gets away."""
    import psycopg

    writer = Writer.open(emptied_url, command="repin", user="ann")
    journal = Journal(writer)
    closing_it = threading.Thread(target=writer.close, daemon=True)

    async def leave() -> None:
        asked = asyncio.create_task(journal.handed_out(["web1"]))
        await asyncio.wait({asked}, timeout=0.5)
        if paused:
            await asyncio.wait_for(journal.let_go(), 0.5)
        else:
            await asyncio.wait_for(asked, 0.1)

    with psycopg.connect(emptied_url.replace("+psycopg", "")) as other:
        other.execute("LOCK TABLE operation IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(TimeoutError):
            asyncio.run(leave())
        closing_it.start()
        closing_it.join(15)  # the server itself ends such a wait after thirty
        held = closing_it.is_alive()
    closing_it.join()
    assert not held


def test_a_full_disk_is_told_to_everybody_and_loses_nothing(
    sqlite_url: str, make_scan: MakeScan, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every waiting result gets the error, later ones too;
    what was acknowledged before is there afterwards.
    """
    monkeypatch.setattr(engine, "_WRITING", (*engine._WRITING, "max_page_count=100"))
    writer = Writer.open(sqlite_url, command="scan", user="ann")
    scan_id = asyncio.run(writer.begin_scan(make_scan()))

    async def fill() -> tuple[set[str], list[BaseException]]:
        kept: set[str] = set()
        errors: list[BaseException] = []

        async def one(record: HostRecord) -> None:
            try:
                await writer.put(scan_id, record)
            except StoreError as error:
                errors.append(error)
            else:
                kept.add(record.host)

        await asyncio.gather(*(one(make_record(f"web{n}")) for n in range(600)))
        return kept, errors

    kept, errors = asyncio.run(fill())
    assert (len(kept) + len(errors), {type(error) for error in errors}) == (600, {DatabaseError})
    with pytest.raises(DatabaseError, match="no space is left"):
        asyncio.run(writer.begin_scan(make_scan()))
    writer.close()
    with Reader.open(sqlite_url) as reader:
        assert reader.done(scan_id) == kept
        assert {len(_attempts(record)) for record in reader.records(scan_id)} == {12}


def _attempts(record: HostRecord) -> tuple[Attempt, ...]:
    assert isinstance(record.outcome, Probed)
    return record.outcome.reading.attempts


def test_a_lost_server_is_said(
    postgresql_url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """A server that goes away in the middle ends the writing with words, and without the URL's password."""
    writer = Writer.open(postgresql_url, command="scan", user="ann")
    scan_id = asyncio.run(writer.begin_scan(make_scan()))
    with Reader.open(postgresql_url) as reader, engine.writing(parse(postgresql_url)).connect() as other:
        owner = reader.writing()
        assert owner is not None
        other.exec_driver_sql(
            "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
            " WHERE l.locktype = 'advisory' AND a.application_name LIKE %s",
            (f"%|{owner.pid}",),
        )
    with pytest.raises(DatabaseError) as caught:
        put(writer, scan_id, [make_record("web1")])
    writer.close()
    assert caught.value.trouble is StoreTrouble.UNREACHABLE


def test_a_writer_enforces_its_promises(sqlite_url: str) -> None:
    """Write-ahead log, full flushes, keys enforced, a patient wait for locks, no trust in the schema."""
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30000,
        "trusted_schema": 0,
    }
    Writer.open(sqlite_url, command="scan", user="ann").close()
    source = engine.writing(parse(sqlite_url))
    with source.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
    source.dispose()
    assert found == wanted
