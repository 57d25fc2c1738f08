"""What belongs to other programs is recognised, and left as it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from orchestrator.store.errors import NotOursError
from orchestrator.store.place import database_url
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.store.repin_rows import by_hand


@pytest.mark.parametrize("way", [Reader.open, lambda url: Writer.open(url, command="scan", user="ann")])
@pytest.mark.parametrize("content", [b"# my notes\n" * 400, b"x"])
def test_a_file_that_is_no_database_is_left_alone(
    tmp_path: Path, content: bytes, way: Callable[[str], object]
) -> None:
    """`--db` with the wrong file costs nobody that file."""
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(NotOursError, match="found a file that is no SQLite database; it was left as it is"):
        way(database_url(str(path), {}))
    assert path.read_bytes() == content


@pytest.mark.parametrize("way", [Reader.open, lambda url: Writer.open(url, command="scan", user="ann")])
@pytest.mark.parametrize("table", ["bookmarks", "scan", "alembic_version"])
def test_the_database_of_another_program_is_left_alone(
    tmp_path: Path, table: str, way: Callable[[str], object]
) -> None:
    """A browser's bookmarks are no place for scans, nor are other programs' tables of our names."""
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute(f'CREATE TABLE "{table}" (version_num TEXT)')
        database.commit()
    before = path.read_bytes()
    with pytest.raises(NotOursError, match="another program's SQLite database"):
        way(database_url(str(path), {}))
    assert path.read_bytes() == before


def test_other_tables_of_a_postgresql_schema_do_not_matter(postgresql_url: str) -> None:
    """A schema may be shared with other programs, as long as no name is taken."""
    with by_hand(postgresql_url) as connection:
        connection.execute(text("CREATE TABLE bookmarks (id int)"))
    Writer.open(postgresql_url, command="scan", user="ann").close()
    with Reader.open(postgresql_url) as reader:
        assert reader.scans() == ()


def test_a_taken_name_in_a_postgresql_schema_is_said(postgresql_url: str) -> None:
    """Another program's table `document` is neither used nor replaced."""
    with by_hand(postgresql_url) as connection:
        connection.execute(text("CREATE TABLE document (id int)"))
    with pytest.raises(NotOursError, match=r"tables without a version \(document\)"):
        Writer.open(postgresql_url, command="scan", user="ann")
