"""No step of the schema changes more than it means to:
SQLite's own record of it is compared before and after each one.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from orchestrator.store.database import engine, schema
from orchestrator.store.place import SqlitePlace

Objects = Mapping[tuple[str, str], str]
"""Tables, indexes and triggers by kind and name, with the statements that made them;
one blank between two words.
"""

MEANT: Mapping[str, frozenset[tuple[str, str]]] = {
    "0005": frozenset({("table", "scan")}),  # a column more: `fleet`
}
"""By step, what it changes or takes away of what was there before,
on purpose. What it adds needs no line here.
"""


def objects(path: Path) -> Objects:
    """Read what SQLite keeps of a schema. The text holds a trigger's body,
    AUTOINCREMENT and a partial index's WHERE.
    """
    with closing(sqlite3.connect(path)) as using:
        rows = using.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {(kind, name): " ".join(sql.split()) for kind, name, sql in rows if name != "alembic_version"}


def lost(before: Objects, after: Objects) -> frozenset[tuple[str, str]]:
    """Name what was there and is no more, or is another now."""
    return frozenset(key for key, sql in before.items() if after.get(key) != sql)


def upgrade(path: Path, scripts: Path, revision: str) -> None:
    """Bring a database to a revision, as the program does."""
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.set_main_option("path_separator", "os")
    path.touch()
    source = engine.migrating(SqlitePlace(path))
    with source.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    source.dispose()


def test_each_step_changes_what_it_means_to_and_nothing_else(tmp_path: Path) -> None:
    """A trigger, a counter or an index's condition that a step loses is a guard that nobody misses until it
    is needed.
    """
    path = tmp_path / "f.db"
    before: Objects = {}
    found = {}
    for revision in schema.REVISIONS:
        upgrade(path, schema.scripts(), revision)
        after = objects(path)
        found[revision] = lost(before, after)
        before = after
    assert {revision: gone for revision, gone in found.items() if gone} == dict(MEANT)


def test_the_guards_are_there_at_the_end(tmp_path: Path) -> None:
    """Eleven triggers keep what must not change, and ids of three tables are never used twice."""
    path = tmp_path / "f.db"
    upgrade(path, schema.scripts(), "head")
    found = objects(path)
    assert sorted(name for kind, name in found if kind == "trigger") == [
        "tr_audit_delete",
        "tr_audit_insert",
        "tr_audit_update",
        "tr_operation_delete",
        "tr_operation_insert",
        "tr_operation_place",
        "tr_operation_update",
        "tr_plan_delete",
        "tr_plan_insert",
        "tr_plan_update",
        "tr_run_delete",
    ]
    assert {name for (kind, name), sql in found.items() if kind == "table" and "AUTOINCREMENT" in sql} == {
        "operation",
        "run",
        "scan",
    }


STEP = """
import sqlalchemy as sa
from alembic import op

revision = "0099"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade():
    {act}


def downgrade():
    pass
"""
BATCH = """with op.batch_alter_table("operation", recreate="always") as table:
        table.add_column(sa.Column("note", sa.Text()))"""
PLAIN = 'op.add_column("operation", sa.Column("note", sa.Text()))'


@pytest.fixture
def step(tmp_path: Path) -> Callable[[str], frozenset[tuple[str, str]]]:
    """Return a way to run one more step after the program's own, and say what it lost."""

    def run(act: str) -> frozenset[tuple[str, str]]:
        folder, path = tmp_path / "migrations", tmp_path / "f.db"
        shutil.copytree(schema.scripts(), folder, ignore=shutil.ignore_patterns("__pycache__"))
        script = STEP.format(before=schema.REVISIONS[-1], act=act)
        (folder / "versions" / "v0099_next.py").write_text(script, "utf-8")
        upgrade(path, folder, schema.REVISIONS[-1])
        with closing(sqlite3.connect(path)) as using:
            using.execute("CREATE INDEX ix_open ON operation (host) WHERE state = 'sent'")
        before = objects(path)
        upgrade(path, folder, "0099")
        return lost(before, objects(path))

    return run


def test_a_step_in_batch_mode_would_be_found(step: Callable[[str], frozenset[tuple[str, str]]]) -> None:
    """Alembic's batch drops the table's triggers and its counter: the comparison names each of them."""
    assert step(BATCH) == {
        ("table", "operation"),
        ("trigger", "tr_operation_delete"),
        ("trigger", "tr_operation_insert"),
        ("trigger", "tr_operation_place"),
        ("trigger", "tr_operation_update"),
    }


def test_a_column_that_is_added_plainly_loses_no_guard(
    step: Callable[[str], frozenset[tuple[str, str]]],
) -> None:
    """`add_column` changes the table's own statement and nothing else."""
    assert step(PLAIN) == {("table", "operation")}
