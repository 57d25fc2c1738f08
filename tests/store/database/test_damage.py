"""A database that was damaged is told as that, whatever was damaged in it,
and never as a mistake of the program.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator.domain.record import HostRecord, ScanRecord
from orchestrator.domain.repin.journal import State
from orchestrator.store.errors import DatabaseError, NotOursError, StoreTrouble
from orchestrator.store.journal.journal import Journal
from orchestrator.store.place import database_url
from orchestrator.store.reader import Reader
from orchestrator.store.results.insert import Inserter
from orchestrator.store.writer import Writer
from tests.store.repin_rows import PLAN, begun, brought


@pytest.fixture
def database(
    tmp_path: Path,
    make_scan: Callable[..., ScanRecord],
    make_record: Callable[..., HostRecord],
    put: Callable[[Writer, int, Iterable[HostRecord]], None],
) -> Path:
    """Make a database with a scan and a run, closed, so that all of it is in one file."""
    path = tmp_path / "f.db"
    with Writer.open(database_url(str(path), {}), command="scan", user="ann") as writer:
        put(
            writer,
            asyncio.run(writer.begin_scan(make_scan("web1", "web2"))),
            [make_record("web1"), make_record("web2")],
        )

        async def repin(journal: Journal) -> None:
            await brought(journal, await begun(journal), State.VERIFIED)

        with closing(Journal(writer)) as journal:
            asyncio.run(repin(journal))
    return path


def read_all(path: Path) -> None:
    """Ask for everything that there is."""
    with Reader.open(database_url(str(path), {})) as reader:
        for scan in reader.scans():
            assert scan.id is not None
            list(reader.records(scan.id))
        reader.counts(reader.scans())
        reader.latest("web1")
        reader.last_known(["web1"])
        for run in reader.runs():
            assert run.id is not None
            reader.operations(run.id)
        reader.plan(PLAN.id)
        reader.verify_audit()


def trouble(path: Path) -> tuple[StoreTrouble, str]:
    """Say what trouble a database gives to who reads all of it."""
    with pytest.raises(DatabaseError) as caught:
        read_all(path)
    assert "Restore a copy" in str(caught.value)
    return caught.value.trouble, caught.value.detail


def by_hand(path: Path, *acts: str) -> None:
    """Change the file as a tool would that knows nothing of its triggers."""
    with closing(sqlite3.connect(path)) as using:
        for (name,) in using.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            using.execute(f"DROP TRIGGER {name}")
        for act in acts:
            using.execute(act)
        using.commit()


def test_a_whole_database_can_be_read(database: Path) -> None:
    """What the other tests damage is whole before."""
    read_all(database)


@pytest.mark.parametrize(
    ("place", "bytes_", "detail"),
    [
        (0, b"\0" * 4096, "it begins with zeros"),
        (0, b"GARBAGE GARBAGE ", "its first bytes were overwritten"),
        (16, b"\x00\x03", "its first page cannot be read"),
        (100, b"\xff" * 200, "malformed"),
        (4096, b"\xff" * 4096, "malformed"),
    ],
)
def test_overwritten_bytes_are_damage(database: Path, place: int, bytes_: bytes, detail: str) -> None:
    """Wherever the disk lost something, in the head, in the schema or in a page,
    the words are `it is damaged`.
    """
    whole = bytearray(database.read_bytes())
    whole[place : place + len(bytes_)] = bytes_
    database.write_bytes(whole)
    found, said = trouble(database)
    assert (found, detail in said) == (StoreTrouble.DAMAGED, True)


@pytest.mark.parametrize("left", [100, 4096, 20_000])
def test_a_file_that_was_cut_off_is_damage(database: Path, left: int) -> None:
    """A copy that ran out of space is no database any more, and none of another program's."""
    database.write_bytes(database.read_bytes()[:left])
    assert trouble(database)[0] is StoreTrouble.DAMAGED


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE scan SET inventory = CAST(x'ff41ff' AS TEXT)",
        "UPDATE scan SET started = 'yesterday'",
        "UPDATE scan SET state = 'dancing'",
        "UPDATE scan SET started = x'00'",
        "UPDATE document SET text = '{'",
        "UPDATE document SET text = '[]'",
        "UPDATE document SET text = 'null'",
        "UPDATE host_result SET verdict = 'fine'",
        "UPDATE host_result SET details = '7'",
        "UPDATE registry_value SET data = '\"'",
        "UPDATE run SET state = ''",
        "UPDATE operation SET state = 'ended'",
        "DROP TABLE attempt",
        "DROP TABLE operation",
        "ALTER TABLE audit RENAME COLUMN hash TO hush",
    ],
)
def test_a_value_that_makes_no_sense_is_damage(database: Path, act: str) -> None:
    """Texts of another encoding, words that no list has, cut JSON, a table that is gone: damage,
    and no traceback.
    """
    by_hand(database, act)
    assert trouble(database)[0] is StoreTrouble.DAMAGED


def test_undecodable_names_in_the_schema_are_damage(database: Path) -> None:
    """A name in the schema that is no text fails before any question is asked."""
    by_hand(database)
    whole = database.read_bytes()
    assert whole.count(b"host_result") > 2
    database.write_bytes(whole.replace(b"host_result", b"host\xff\xfe\xfdsult"))
    assert trouble(database)[0] is StoreTrouble.DAMAGED


def test_a_writer_tells_damage_too(database: Path) -> None:
    """`scan --resume` on a damaged database ends with the same words."""
    by_hand(database, "UPDATE scan SET inventory = CAST(x'ff41ff' AS TEXT)")
    with (
        Writer.open(database_url(str(database), {}), command="scan", user="ann") as writer,
        pytest.raises(DatabaseError) as caught,
    ):
        writer.resume_scan(1)
    assert caught.value.trouble is StoreTrouble.DAMAGED


def test_an_index_that_was_damaged_is_told_as_damage(database: Path) -> None:
    """An index that lost its entries lets two rows of one key stand;
    what then refuses a value is not our mistake.
    """
    by_hand(
        database,
        "PRAGMA writable_schema = ON",
        "DELETE FROM sqlite_master WHERE name = 'sqlite_autoindex_document_1'",
    )
    with Writer.open(database_url(str(database), {}), command="scan", user="ann") as writer:

        def twice(into: Inserter) -> None:
            row = "INSERT INTO alembic_version VALUES ('0001')"
            for _ in range(2):
                into.connection.exec_driver_sql(row)

        with pytest.raises(DatabaseError) as caught:
            asyncio.run(writer.alone(twice))
    assert caught.value.trouble is StoreTrouble.DAMAGED


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"hosts: {}\n", "found an inventory; `-i` names it; it was left as it is"),
        (b"%PDF-1.7\n" * 100, "found a PDF document; it was left as it is"),
        (b"\x1f\x8b" + b"x" * 600, "found a gzip archive"),
        (
            b'{"fleetcheck": {"document": "plan"}}',
            "found a plan of a re-pin; `fleetcheck repin show` reads it",
        ),
    ],
)
def test_another_kind_of_file_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    """`--db` with another file says which one that is, and leaves it alone."""
    path = tmp_path / "f"
    path.write_bytes(content)
    with pytest.raises(NotOursError) as caught:
        Writer.open(database_url(str(path), {}), command="scan", user="ann")
    assert words in str(caught.value)
    assert path.read_bytes() == content
