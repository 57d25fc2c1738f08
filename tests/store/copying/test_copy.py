"""A database is copied to another place, and nobody can mistake half a copy for a whole one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, text, update

from orchestrator.domain.record import HostRecord, ScanRecord, ScanState
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import RunState
from orchestrator.store.copying import counters, rows
from orchestrator.store.copying.copy import Copied, copy
from orchestrator.store.copying.errors import (
    CopyDiffersError,
    CopyRefusedError,
    NotEmptyError,
    RunAliveError,
    SamePlaceError,
)
from orchestrator.store.database import schema
from orchestrator.store.database.lock import file_lock, myself
from orchestrator.store.errors import LockTakenError, NoDatabaseError, TooNewError, UnfinishedCopyError
from orchestrator.store.journal.journal import Journal
from orchestrator.store.place import database_url
from orchestrator.store.reader import Reader
from orchestrator.store.tables import host_result, notice, scan, told
from orchestrator.store.writer import Writer
from tests.store.children import child
from tests.store.conftest import MORNING
from tests.store.repin_rows import NOW, begun, brought, by_hand

MakeRecord = Callable[..., HostRecord]
MakeScan = Callable[..., ScanRecord]
Put = Callable[[Writer, int, Iterable[HostRecord]], None]


def _tell(connection: Connection) -> None:
    """Store a message that waits, and what its target was told."""
    connection.execute(
        insert(notice).values(
            number=1, id="a", target="mail", scan_id=1, kind="baseline", made=NOW, tries=0, body="{}"
        )
    )
    connection.execute(insert(told).values(target="mail", host="web1", label="ok", unknown=0, scan_id=1))


@pytest.fixture
def full(sqlite_url: str, put: Put, make_scan: MakeScan, make_record: MakeRecord) -> str:
    """Fill an SQLite database: a scan of odd words, a later one that is gone, a run, an audit."""
    with Writer.open(sqlite_url, command="tests", user="ann\u202e\ud800") as writer:
        number = asyncio.run(writer.begin_scan(make_scan("web1", "bob's \x00 pc")))
        put(writer, number, [make_record("web1"), make_record("bob's \x00 pc", tries=2)])
        asyncio.run(writer.end_scan(number, ScanState.FINISHED, MORNING))
        gone = asyncio.run(writer.begin_scan(make_scan("web1")))
        asyncio.run(writer.end_scan(gone, ScanState.FINISHED, MORNING))

        async def repin(journal: Journal) -> None:
            run = await begun(journal)
            await brought(journal, run, State.VERIFIED)
            await brought(journal, run, State.UNKNOWN, "web2")
            await journal.end_run(run, RunState.STOPPED, "Ctrl-C", NOW)

        with closing(Journal(writer)) as journal:
            asyncio.run(repin(journal))
    with by_hand(sqlite_url) as connection:
        connection.execute(delete(scan).where(scan.c.id == gone))
        _tell(connection)
    return sqlite_url


def test_the_full_database_leaves_no_table_empty(full: str) -> None:
    """Else the tests of this page would say nothing about one that was added since."""
    assert [name for name, content in _contents(full).items() if not content] == []


def _copy(source: str, target: str, on_rows: Callable[[str, int, int], None] = lambda *_: None) -> Copied:
    return copy(source, target, command="fleetcheck db copy", user="ann", on_rows=on_rows, wait=0.2)


def _contents(url: str) -> dict[str, list[object]]:
    with by_hand(url) as connection:
        return {
            table.name: [row for part in rows.chunks(connection, table) for row in part]
            for table in rows.TABLES
        }


def test_every_row_is_the_same_in_both_databases(full: str, url: str, tmp_path: Path) -> None:
    """Each table of the target holds what the source holds, to the last odd character, of either kind."""
    target = url if url.startswith("postgresql") else database_url(str(tmp_path / "copy.db"), {})
    copied = _copy(full, target)
    assert _contents(target) == _contents(full)
    assert {table.name: table.rows for table in copied.tables} == {
        name: len(content) for name, content in _contents(full).items()
    }
    with Reader.open(target) as reader, Reader.open(full) as before:
        assert list(reader.records(1)) == list(before.records(1))
        assert reader.verify_audit() == before.verify_audit() == copied.audit
        assert reader.verify_audit().entries > 0


def test_a_copy_goes_back_to_sqlite(full: str, postgresql_url: str, tmp_path: Path) -> None:
    """What came from PostgreSQL again is, row by row, what went there."""
    _copy(full, postgresql_url)
    back = database_url(str(tmp_path / "back.db"), {})
    assert [table.sha256 for table in _copy(postgresql_url, back).tables] == [
        table.sha256 for table in _copy(full, database_url(str(tmp_path / "other.db"), {})).tables
    ]
    assert _contents(back) == _contents(full)


def test_an_id_is_not_given_twice_after_a_copy(
    full: str, url: str, tmp_path: Path, make_scan: MakeScan
) -> None:
    """The newest scan was deleted before the copy: the next one in the target gets the number after it."""
    target = url if url.startswith("postgresql") else database_url(str(tmp_path / "copy.db"), {})
    assert _copy(full, target).counters == {"operation": 2, "run": 1, "scan": 2}
    with Writer.open(target, command="tests", user="ann") as writer:
        assert asyncio.run(writer.begin_scan(make_scan("web1"))) == 3
        with closing(Journal(writer)) as journal:
            assert asyncio.run(begun(journal, "another-plan")) == 2


def test_a_database_that_never_counted_is_copied(
    sqlite_url: str, postgresql_url: str, make_scan: MakeScan
) -> None:
    """A new database has given no id: the target's first scan is number 1."""
    Writer.open(sqlite_url, command="tests", user="ann").close()
    assert set(_copy(sqlite_url, postgresql_url).counters.values()) == {0}
    with Writer.open(postgresql_url, command="tests", user="ann") as writer:
        assert asyncio.run(writer.begin_scan(make_scan("web1"))) == 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_killed_copy_is_refused_and_made_anew(
    full: str, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    """Killed after the first table, half of them or all: no command takes it; copied again, it is whole."""
    target = (
        request.getfixturevalue("postgresql_url")
        if kind == "postgresql"
        else database_url(str(tmp_path / "copy.db"), {})
    )
    for tables in (1, len(rows.TABLES) // 2, len(rows.TABLES)):
        with child("killed_copy.py", source=full, target=target) as victim:
            for _ in range(tables - 1):
                victim.pipe.recv()
                victim.pipe.send("go on")
            victim.pipe.recv()
            victim.kill()
        with pytest.raises(UnfinishedCopyError, match="a copy into it was begun and has not ended"):
            Reader.open(target)
        with pytest.raises(UnfinishedCopyError):
            Writer.open(target, command="tests", user="ann")
        with pytest.raises(UnfinishedCopyError):
            _copy(target, database_url(str(tmp_path / "third.db"), {}))
    _copy(full, target)
    assert _contents(target) == _contents(full)


def test_an_older_program_refuses_half_a_copy(
    full: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fleetcheck that knows no copies takes the mark for a schema that is newer than its own."""
    target = database_url(str(tmp_path / "copy.db"), {})
    with child("killed_copy.py", source=full, target=target) as victim:
        victim.pipe.recv()
        victim.kill()
    monkeypatch.setattr(schema, "UNFINISHED", "a word that 0.1 did not know")
    with pytest.raises(TooNewError):
        Reader.open(target)


def test_half_a_copy_by_a_newer_program_is_left_alone(full: str, tmp_path: Path) -> None:
    """What tables it has nobody knows here: nothing is taken away, and its own program can go on."""
    target = database_url(str(tmp_path / "copy.db"), {})
    _copy(full, target)
    newer = f"{schema.UNFINISHED}9999"
    with by_hand(target) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :mark"), {"mark": newer})
    before = _contents(target)
    with pytest.raises(TooNewError):
        _copy(full, target)
    with by_hand(target) as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == newer
    assert _contents(target) == before


def test_a_target_with_results_is_left_alone(full: str, url: str, tmp_path: Path) -> None:
    """A database that holds rows is refused, and is as it was; an empty one that was made before is taken."""
    target = url if url.startswith("postgresql") else database_url(str(tmp_path / "copy.db"), {})
    Writer.open(target, command="tests", user="ann").close()
    _copy(full, target)
    before = _contents(target)
    with pytest.raises(NotEmptyError, match="it is not empty"):
        _copy(full, target)
    assert _contents(target) == before


def test_a_database_is_not_copied_onto_itself(full: str, tmp_path: Path) -> None:
    """Source and target are one, by whatever name: refused before a lock is taken."""
    path = Path(full.removeprefix("sqlite:///"))
    (tmp_path / "link").symlink_to(path.parent)
    for other in (full, database_url(str(tmp_path / "link" / path.name), {})):
        with pytest.raises(SamePlaceError):
            _copy(full, other)


def test_a_source_without_anything_is_told(url: str, tmp_path: Path) -> None:
    """Nothing was ever stored there: nothing is made, here or there."""
    target = tmp_path / "copy.db"
    with pytest.raises(NoDatabaseError):
        _copy(url, database_url(str(target), {}))
    assert not target.exists()


def test_a_writer_of_either_database_holds_the_copy_up(full: str, tmp_path: Path) -> None:
    """Another command writes to the source, or to the target: the copy names it, and does nothing."""
    target = tmp_path / "copy.db"
    for busy in (Path(full.removeprefix("sqlite:///")), target):
        with (
            file_lock(busy, myself("fleetcheck scan", "eve"), wait=0),
            pytest.raises(LockTakenError, match="fleetcheck scan"),
        ):
            _copy(full, database_url(str(target), {}))


def test_nobody_writes_to_either_database_meanwhile(full: str, postgresql_url: str) -> None:
    """From the first row to the last both locks are the copy's."""
    seen: list[str] = []

    def look(_name: str, _done: int, _total: int) -> None:
        for url in (full, postgresql_url):
            with pytest.raises((LockTakenError, UnfinishedCopyError)) as found:
                Writer.open(url, command="tests", user="eve", wait=0)
            seen.append(type(found.value).__name__)

    _copy(full, postgresql_url, look)
    assert set(seen[::2]) == {"LockTakenError"}
    assert set(seen[1::2]) <= {"LockTakenError", "UnfinishedCopyError"}


def test_a_repin_in_its_pause_is_not_copied(sqlite_url: str, tmp_path: Path) -> None:
    """Between two waves a re-pin holds no lock: what it writes next would be in the old database alone."""
    with child("paused_repin.py", url=sqlite_url) as paused:
        paused.pipe.recv()
        with pytest.raises(RunAliveError, match="run 1 of a re-pin is between two waves"):
            _copy(sqlite_url, database_url(str(tmp_path / "copy.db"), {}))


def test_a_row_that_the_target_cannot_hold_is_named(full: str, postgresql_url: str) -> None:
    """A result that belongs to no scan (a damaged source): told with its table; the target stays marked."""
    import sqlite3

    with sqlite3.connect(full.removeprefix("sqlite:///")) as raw:
        raw.execute("UPDATE host_result SET scan_id = 99 WHERE host = 'web1'")
    raw.close()
    with pytest.raises(CopyRefusedError, match="a row of table 'host_result'"):
        _copy(full, postgresql_url)
    with pytest.raises(UnfinishedCopyError):
        Reader.open(postgresql_url)


@pytest.mark.parametrize(
    "change",
    [update(host_result).values(port=1), delete(host_result), text("UPDATE sqlite_sequence SET seq = 77")],
    ids=["another value", "rows gone", "another counter"],
)
def test_what_was_not_stored_as_it_was_read_is_found(
    full: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: object
) -> None:
    """A target that changes a value, loses rows or counts wrongly does not pass, and stays marked."""
    target = database_url(str(tmp_path / "copy.db"), {})
    real = counters.write

    def write(into: object, last: object) -> None:
        real(into, last)  # type: ignore[arg-type]
        into.execute(change)  # type: ignore[attr-defined]

    monkeypatch.setattr(counters, "write", write)
    with pytest.raises(CopyDiffersError):
        _copy(full, target)
    with pytest.raises(UnfinishedCopyError):
        Reader.open(target)
