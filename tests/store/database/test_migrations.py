"""The schema moves forward by named steps, and nobody's database is lost on the way."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from orchestrator.domain.record import HostRecord, ScanRecord
from orchestrator.store.database import engine, migrating, schema
from orchestrator.store.database.lock import file_lock, myself
from orchestrator.store.errors import LockTakenError, TooNewError
from orchestrator.store.journal.journal import Journal
from orchestrator.store.journal.tables import metadata
from orchestrator.store.place import SqlitePlace, parse
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.store.repin_rows import begun

SCANS = {"document", "scan", "host_result", "attempt", "connection", "registry_value"}
TABLES = SCANS | {"plan", "run", "operation", "audit", "gist", "notice", "told"}
COUNTED = {"scan", "run", "operation"}  # SQLite counts their ids itself


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(schema.scripts()))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    source = engine.writing(parse(url))
    with source.connect() as connection, connection.begin():
        yield connection
    source.dispose()


def test_the_steps_form_one_line() -> None:
    """There is one newest step, and the program knows every step by name, in order."""
    script = ScriptDirectory.from_config(_config())
    assert script.get_heads() == [schema.REVISIONS[-1]]
    assert tuple(step.revision for step in script.walk_revisions())[::-1] == schema.REVISIONS


def test_an_empty_database_is_brought_up(url: str) -> None:
    """All tables are there after the first use, and the version."""
    migrating.ensure(url, command="test")
    with _connected(url) as connection:
        assert set(inspect(connection).get_table_names()) == TABLES | {"alembic_version"}
        assert schema.state(connection, parse(url)) == (schema.State.CURRENT, schema.REVISIONS[-1])


def test_the_steps_make_the_tables_that_the_program_uses(url: str) -> None:
    """Migrations and table definitions say the same: types, keys, names of constraints, indexes."""
    migrating.ensure(url, command="test")
    with _connected(url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_constraints_have_the_names_of_the_convention(url: str) -> None:
    """A later step can name every constraint that it has to change."""
    migrating.ensure(url, command="test")
    with _connected(url) as connection:
        found = inspect(connection)
        for table in metadata.sorted_tables:
            if not (connection.dialect.name == "sqlite" and table.name in COUNTED):  # hence unnamed there
                assert found.get_pk_constraint(table.name)["name"] == f"pk_{table.name}"
            wanted = {key.name for key in table.foreign_key_constraints}
            assert {key["name"] for key in found.get_foreign_keys(table.name)} == wanted


def test_every_step_goes_down_and_up_again(url: str) -> None:
    """Down to nothing leaves nothing behind, and up again gives the same tables."""
    migrating.ensure(url, command="test")
    with _connected(url) as connection:
        command.downgrade(_config(connection), "base")
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
        command.upgrade(_config(connection), "head")
        assert set(inspect(connection).get_table_names()) == TABLES | {"alembic_version"}


NEXT_STEP = """
import sqlalchemy as sa
from alembic import op

revision = "0099"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade():
    rebuild = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("scan", recreate=rebuild) as scan:
        scan.add_column(sa.Column("note", sa.Text(), nullable=True))
    {more}


def downgrade():
    pass
"""


@pytest.fixture
def next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a way to let the program be a newer one, with one more step that rebuilds the table `scan`."""

    def add(more: str) -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(schema.scripts(), folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "versions" / "v0099_next.py").write_text(
            NEXT_STEP.format(more=more, before=schema.REVISIONS[-1])
        )
        monkeypatch.setattr(migrating, "scripts", lambda: folder)
        revisions = (*schema.REVISIONS, "0099")
        for module in (migrating, schema):
            monkeypatch.setattr(module, "REVISIONS", revisions)

    return add


@pytest.fixture
def used(
    url: str,
    make_scan: Callable[..., ScanRecord],
    make_record: Callable[..., HostRecord],
    put: Callable[[Writer, int, Iterable[HostRecord]], None],
) -> list[HostRecord]:
    """Fill the database with a scan, and return its results."""
    records = [make_record(f"web{n}") for n in range(5)]
    with Writer.open(url, command="scan", user="ann") as writer:
        put(writer, asyncio.run(writer.begin_scan(make_scan("web1"))), records)
    return records


def _contents(path: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return list(database.iterdump())


def test_an_upgrade_keeps_every_row(
    url: str, used: list[HostRecord], next_step: Callable[[str], None]
) -> None:
    """Rebuilding a table that others refer to deletes nothing from them."""
    next_step("pass")
    migrating.ensure(url, command="test")
    with Reader.open(url) as reader:
        assert sorted(reader.records(1), key=lambda r: r.host) == used
    with _connected(url) as connection:
        assert schema.state(connection, parse(url)) == (schema.State.CURRENT, "0099")


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_copy_is_kept_before_an_upgrade(
    url: str, used: list[HostRecord], next_step: Callable[[str], None]
) -> None:
    """The copy holds everything as it was, has a name that says what it is,
    and only its owner may read it.
    """
    place = parse(url)
    assert used
    assert isinstance(place, SqlitePlace)
    before = _contents(place.path)
    newest = schema.REVISIONS[-1]
    next_step("pass")
    copy = migrating.ensure(url, command="test")
    assert copy is not None
    assert copy.name.startswith(f"fleet.db.before-{newest}-to-0099-2")
    assert (_contents(copy), oct(copy.stat().st_mode & 0o777)) == (before, "0o600")


def test_a_step_that_fails_leaves_the_database_as_it_was(
    url: str, used: list[HostRecord], next_step: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a step is no step: the older program goes on with it."""
    next_step("raise ZeroDivisionError")
    with pytest.raises(ZeroDivisionError):
        migrating.ensure(url, command="test")
    monkeypatch.undo()
    with Reader.open(url) as reader:
        assert sorted(reader.records(1), key=lambda r: r.host) == used


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_an_upgrade_that_leaves_rows_pointing_nowhere_is_undone(
    url: str, used: list[HostRecord], next_step: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys are not enforced while tables are rebuilt, so they are checked before the commit."""
    next_step("op.execute('DELETE FROM scan')")
    with pytest.raises(Exception, match="after the upgrade a row of host_result points nowhere"):
        migrating.ensure(url, command="test")
    monkeypatch.undo()
    with Reader.open(url) as reader:
        assert sorted(reader.records(1), key=lambda r: r.host) == used


def test_scans_of_before_there_were_repins_are_kept(url: str, used: list[HostRecord]) -> None:
    """The step to the journal leaves every scan as it was, and brings the journal's own guard with it."""
    with _connected(url) as connection:
        command.downgrade(_config(connection), "0001")
        assert set(inspect(connection).get_table_names()) == SCANS | {"alembic_version"}
    with Reader.open(url, command="fleetcheck scans", user="ann") as reader:
        assert sorted(reader.records(1), key=lambda r: r.host) == used
        assert (reader.runs(), reader.verify_audit().entries) == ((), 0)
    with Writer.open(url, command="repin", user="ann") as writer, closing(Journal(writer)) as journal:
        asyncio.run(begun(journal))
    with (
        _connected(url) as connection,
        pytest.raises(DBAPIError, match="an entry of the audit is never deleted"),
    ):
        connection.execute(text("DELETE FROM audit"))


def test_scans_of_before_fleets_had_names_are_kept(url: str, used: list[HostRecord]) -> None:
    """The step to the fleet's name leaves scans and results as they were, and no scan gets one."""
    with _connected(url) as connection:
        command.downgrade(_config(connection), "0004")
        assert "fleet" not in {column["name"] for column in inspect(connection).get_columns("scan")}
    with Reader.open(url, command="fleetcheck scans", user="ann") as reader:
        assert sorted(reader.records(1), key=lambda r: r.host) == used
        assert [scan.fleet for scan in reader.scans()] == [None]


def test_reading_an_older_database_upgrades_it(
    url: str, used: list[HostRecord], next_step: Callable[[str], None]
) -> None:
    """After an update of the program `scans` works at once."""
    next_step("pass")
    with Reader.open(url, command="fleetcheck scans", user="ann") as reader:
        assert sorted(reader.records(1), key=lambda r: r.host) == used


@pytest.mark.parametrize("way", [Reader.open, lambda url: Writer.open(url, command="scan", user="ann")])
def test_a_newer_database_is_refused(url: str, used: list[HostRecord], way: Callable[[str], object]) -> None:
    """An old program does not touch what it does not understand, and says which one wrote it."""
    assert used
    with _connected(url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(TooNewError) as caught:
        way(url)
    error = caught.value
    assert (error.found, error.known, error.written_by) == ("9999", schema.REVISIONS[-1], "0.1.0")


def test_making_the_database_waits_for_the_lock(sqlite_url: str, tmp_path: Path) -> None:
    """Two first scans at once cannot both make the tables."""
    (tmp_path / "state").mkdir()
    with (
        file_lock(tmp_path / "state" / "fleet.db", myself("scan", "ann"), wait=0),
        pytest.raises(LockTakenError),
    ):
        migrating.ensure(sqlite_url, command="test", wait=0)


def test_a_current_database_is_opened_without_alembic(
    url: str, used: list[HostRecord], environ: dict[str, str]
) -> None:
    """Alembic takes longer to load than a report takes: it comes only when there is a step to do."""
    assert used
    code = (
        "import sys; from orchestrator.store.writer import Writer; from orchestrator.store.reader import "
        "Reader;Writer.open(sys.argv[1], command='scan', user='ann').close(); "
        "Reader.open(sys.argv[1]).close();print('alembic' in sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, url], env=environ, capture_output=True, text=True, check=True
    )
    assert ended.stdout == "False\n"
