"""Questions about past scans, also while one is running."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from inventory.verdicts import Verdict
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Probed
from orchestrator.domain.record import HostRecord, ScanRecord
from orchestrator.store.errors import DatabaseError, NoDatabaseError, StoreTrouble, UnknownScanError
from orchestrator.store.place import database_url
from orchestrator.store.reader import LastKnown, Reader
from orchestrator.store.writer import Writer

MakeRecord = Callable[..., HostRecord]
MakeScan = Callable[..., ScanRecord]
Put = Callable[[Writer, int, Iterable[HostRecord]], None]


def test_results_come_in_the_scans_order(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """However they finished, hosts are listed as the inventory has them; one without a result is left out."""
    names = [f"web{n}" for n in range(250)]
    scan_id = asyncio.run(writer.begin_scan(make_scan(*names)))
    put(writer, scan_id, [make_record(name) for name in reversed(names) if name != "web7"])
    with Reader.open(url) as reader:
        found = [record.host for record in reader.records(scan_id)]
    assert found == [name for name in names if name != "web7"]


def test_some_hosts_can_be_asked_for(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """Only the hosts that were named come, each once, in the order that was asked."""
    scan_id = asyncio.run(writer.begin_scan(make_scan("web1", "web2", "web3")))
    put(writer, scan_id, [make_record(f"web{n}") for n in (1, 2, 3)])
    with Reader.open(url) as reader:
        found = [record.host for record in reader.records(scan_id, ["web3", "web1", "web3", "gone"])]
    assert found == ["web3", "web1"]


def test_what_a_judgement_was_made_of_can_be_left_out(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """A summary of ten thousand hosts need not read attempts, values and connections; all else is there."""
    scan_id = asyncio.run(writer.begin_scan(make_scan("web1")))
    record = make_record("web1")
    put(writer, scan_id, [record])
    assert isinstance(record.outcome, Probed)
    reading = record.outcome.reading
    views = tuple(replace(view, values=()) for view in reading.views)
    bare = replace(record.outcome, reading=replace(reading, attempts=(), views=views, connections=()))
    with Reader.open(url) as reader:
        assert list(reader.records(scan_id, whole=False)) == [replace(record, outcome=bare)]


def test_scans_come_newest_first(writer: Writer, url: str, make_scan: MakeScan) -> None:
    """The newest scan is the first of the list, and `latest_scan`."""
    for name in ("a", "b", "c"):
        asyncio.run(writer.begin_scan(make_scan(name)))
    with Reader.open(url) as reader:
        assert [scan.hosts for scan in reader.scans(2)] == [("c",), ("b",)]
        assert reader.latest_scan() == replace(make_scan("c"), id=3)


def test_scans_are_counted_as_their_summaries_do(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """A host counts once, by its last try; waived ones apart, and those without a result as not started."""
    first, second = (
        asyncio.run(writer.begin_scan(make_scan("web1", "db7", "old1", "new1"))) for _ in range(2)
    )
    waived = replace(make_record("old1", verdict=Verdict.DRIFTED), waived="change 4711")
    put(writer, first, [make_record("db7", cause=Cause.NO_ANSWER), waived, make_record("web1")])
    put(writer, first, [make_record("db7", verdict=Verdict.BLOCKED, tries=2)])
    with Reader.open(url) as reader:
        newest, oldest = reader.counts(reader.scans())
        assert reader.counts(()) == ()
    assert (second, newest.selected, newest.not_started) == (2, 4, 4)
    assert (oldest.ok, oldest.attention, oldest.waived, oldest.unknown, oldest.not_started) == (1, 1, 1, 0, 1)
    assert dict(oldest.verdicts) == {Verdict.BLOCKED: 1, Verdict.DRIFTED: 1, Verdict.OK: 1}


def test_no_scan_yet_is_no_error(writer: Writer, url: str) -> None:
    """A database that was made and never used has no latest scan."""
    assert writer is not None
    with Reader.open(url) as reader:
        assert (reader.latest_scan(), reader.scans(), reader.latest("web1"), reader.hosts()) == (
            None,
            (),
            None,
            (),
        )


def test_failed_hosts_count_as_done(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """Who resumes a scan asks neither those with a reading nor those that failed."""
    scan_id = asyncio.run(writer.begin_scan(make_scan("web1", "web2", "web3")))
    other = asyncio.run(writer.begin_scan(make_scan("web3")))
    put(writer, scan_id, [make_record("web1"), make_record("web2", cause=Cause.NO_ANSWER)])
    put(writer, other, [make_record("web3")])
    with Reader.open(url) as reader:
        assert reader.done(scan_id) == {"web1", "web2"}
        assert reader.tally(scan_id) == {Verdict.OK: 1, Verdict.UNKNOWN: 1}


@pytest.mark.parametrize("ask", ["scan", "done", "records"])
def test_an_unknown_scan_is_an_error_that_names_the_latest(
    writer: Writer, url: str, make_scan: MakeScan, ask: str
) -> None:
    """An id that was never given is told apart from a scan without results."""
    asyncio.run(writer.begin_scan(make_scan("web1")))
    with Reader.open(url) as reader:
        assert (reader.done(1), list(reader.records(1))) == (set(), [])
        with pytest.raises(UnknownScanError) as caught:
            list(getattr(reader, ask)(12) or ())
    assert (caught.value.scan_id, caught.value.latest) == (12, 1)


@pytest.mark.parametrize("number", [-1, 0, 2**31, 2**63, 10**40])
def test_a_number_that_can_be_no_id_is_an_unknown_scan(
    writer: Writer, url: str, make_scan: MakeScan, number: int
) -> None:
    """A number that no database could hold is answered like any other id that was never given."""
    asyncio.run(writer.begin_scan(make_scan("web1")))
    with Reader.open(url) as reader, pytest.raises(UnknownScanError) as caught:
        reader.scan(number)
    assert (caught.value.scan_id, caught.value.latest) == (number, 1)


def test_more_scans_than_any_database_holds_are_all_of_them(
    writer: Writer, url: str, make_scan: MakeScan
) -> None:
    """A limit is a limit, however large."""
    asyncio.run(writer.begin_scan(make_scan("web1")))
    with Reader.open(url) as reader:
        assert (len(reader.scans(10**40)), len(reader.runs(10**40))) == (1, 0)


def test_the_latest_of_a_host_is_the_one_that_started_last(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """An old scan that was resumed today is newer than yesterday's; a failure can be passed over."""
    first, second = (
        asyncio.run(writer.begin_scan(make_scan("web1"))),
        asyncio.run(writer.begin_scan(make_scan("web1"))),
    )
    old = make_record("web1", verdict=Verdict.DRIFTED)
    resumed = make_record(
        "web1", cause=Cause.NO_ANSWER, started=old.outcome.trace.started + timedelta(days=1), tries=2
    )
    put(writer, second, [old])
    put(writer, first, [resumed])
    with Reader.open(url) as reader:
        latest, probed = reader.latest("web1"), reader.latest("web1", probed=True)
    assert latest is not None
    assert probed is not None
    assert (latest[0].id, latest[1]) == (first, resumed)
    assert (probed[0].id, probed[1]) == (second, old)


def test_last_known_states_of_many_hosts_come_at_once(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """Hosts that fail today keep the verdict of their last reading, with its age."""
    names = [f"web{n}" for n in range(150)]
    monday, tuesday = (
        asyncio.run(writer.begin_scan(make_scan(*names))),
        asyncio.run(writer.begin_scan(make_scan(*names))),
    )
    before = [make_record(name, verdict=Verdict.DRIFTED) for name in names]
    started = before[0].outcome.trace.started
    later = started + timedelta(days=1)
    put(writer, monday, before)
    put(writer, tuesday, [make_record(name, cause=Cause.DEADLINE, started=later) for name in names[:-1]])
    put(writer, tuesday, [make_record(names[-1], verdict=Verdict.OK, started=later)])
    drifted = LastKnown(scan_id=monday, at=started, verdict=Verdict.DRIFTED, role=None)
    with Reader.open(url) as reader:
        known = reader.last_known([*names, "never"])
        earlier = reader.last_known(names, before=later)
    healed = {names[-1]: LastKnown(scan_id=tuesday, at=later, verdict=Verdict.OK, role=None)}
    assert known == dict.fromkeys(names[:-1], drifted) | healed
    assert earlier == dict.fromkeys(names, drifted)


def test_all_hosts_ever_seen_are_known(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """A mistyped name can be answered with the nearest of them."""
    put(
        writer,
        asyncio.run(writer.begin_scan(make_scan("web2", "web1"))),
        [make_record("web2"), make_record("web1")],
    )
    with Reader.open(url) as reader:
        assert reader.hosts() == ("web1", "web2")


def test_a_reader_cannot_write(writer: Writer, url: str) -> None:
    """Neither by mistake nor by a bug."""
    assert writer is not None
    with Reader.open(url) as reader, pytest.raises(DatabaseError) as caught, reader._snapshot() as connection:
        connection.exec_driver_sql("DELETE FROM scan")
    assert caught.value.trouble is StoreTrouble.READ_ONLY


def test_nothing_stored_yet_says_what_to_do(sqlite_url: str, tmp_path: Path) -> None:
    """The message names the command that fills the database; asking makes no file."""
    with pytest.raises(NoDatabaseError, match="`fleetcheck scan` creates it"):
        Reader.open(sqlite_url)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", None])
def test_an_empty_database_is_nothing_yet(tmp_path: Path, content: bytes | None) -> None:
    """A file of no bytes, and a folder's worth of nothing, both hold no scan."""
    path = tmp_path / "f.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NoDatabaseError):
        Reader.open(database_url(str(path), {}))


def test_an_empty_schema_is_nothing_yet(postgresql_url: str) -> None:
    """A PostgreSQL database without our tables holds no scan."""
    with pytest.raises(NoDatabaseError):
        Reader.open(postgresql_url)


def test_rows_that_do_not_hang_together_are_said(
    writer: Writer, url: str, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """A result that somebody has edited by hand gives words, not a traceback."""
    scan_id = asyncio.run(writer.begin_scan(make_scan("web1")))
    put(writer, scan_id, [make_record("web1")])
    writer._thread.call(lambda into: into.connection.exec_driver_sql("UPDATE host_result SET details = '{}'"))
    with (
        Reader.open(url) as reader,
        pytest.raises(DatabaseError, match="'web1' in scan 1 does not hang together"),
    ):
        list(reader.records(scan_id))


def test_a_damaged_file_is_said(
    sqlite_url: str, tmp_path: Path, make_scan: MakeScan, make_record: MakeRecord, put: Put
) -> None:
    """Pages overwritten with noise give words, not a traceback."""
    with Writer.open(sqlite_url, command="scan", user="ann") as writer:
        scan_id = asyncio.run(writer.begin_scan(make_scan()))
        put(writer, scan_id, [make_record(f"web{n}") for n in range(50)])
    path = tmp_path / "state" / "fleet.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xa5" * (len(whole) - 8192))
    with pytest.raises(DatabaseError) as caught, Reader.open(sqlite_url) as reader:
        list(reader.records(scan_id))
    assert caught.value.trouble is StoreTrouble.DAMAGED


def test_a_server_that_does_not_answer_is_said() -> None:
    """A wrong port is no traceback, and the password stays hidden."""
    with pytest.raises(DatabaseError) as caught:
        Reader.open("postgresql+psycopg://ann:s3cr3t@127.0.0.1:1/fleet")
    assert caught.value.trouble is StoreTrouble.UNREACHABLE
    assert "s3cr3t" not in str(caught.value)


def test_a_database_that_is_not_on_the_server_is_said(postgresql_url: str) -> None:
    """A mistyped database name is told apart from a server that is down."""
    head, _, options = postgresql_url.partition("?")
    with pytest.raises(DatabaseError) as caught:
        Reader.open(f"{head.rpartition('/')[0]}/no_such_database?{options}")
    assert caught.value.trouble is StoreTrouble.MISSING


def test_no_foreign_error_comes_out_bare(writer: Writer, url: str) -> None:
    """What the driver raises comes out as ours, with the driver's as its cause."""
    assert writer is not None
    with Reader.open(url) as reader, pytest.raises(DatabaseError) as caught, reader._snapshot() as connection:
        connection.exec_driver_sql("SELECT nothing FROM nowhere")
    assert isinstance(caught.value.__cause__, DBAPIError)
