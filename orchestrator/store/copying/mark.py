"""The mark of a copy that has not ended: it stands in the schema's version, which older ones refuse."""

from __future__ import annotations

from sqlalchemy import Connection, text

from orchestrator.store.copying.errors import NotEmptyError
from orchestrator.store.copying.rows import TABLES, count
from orchestrator.store.database import schema
from orchestrator.store.database.migrating import downgrade
from orchestrator.store.errors import TooNewError
from orchestrator.store.place import Place


def put(into: Connection) -> None:
    """Mark a database of this program's schema."""
    _version(into, schema.UNFINISHED + schema.REVISIONS[-1])


def take_away(into: Connection) -> None:
    """Let everybody use the database."""
    _version(into, schema.REVISIONS[-1])


def clear(into: Connection, place: Place) -> None:
    """Take away what an unfinished copy left; on SQLite with foreign keys not enforced.

    Raises NotEmptyError for an unmarked database that holds rows, TooNewError for a newer program's copy.
    """
    marked = schema.unfinished(into)
    if marked is None:
        _refuse_rows(into, place)
        return
    if marked not in schema.REVISIONS:
        raise TooNewError(place.shown, marked, schema.REVISIONS[-1], None)
    _version(into, marked)
    downgrade(into)
    into.execute(text("DROP TABLE alembic_version"))


def _refuse_rows(into: Connection, place: Place) -> None:
    there = schema.tables(into)
    if "alembic_version" not in there:
        return
    for table in TABLES:
        if table.name in there and (rows := count(into, table)):
            raise NotEmptyError(place.shown, table.name, rows)


def _version(into: Connection, version: str) -> None:
    into.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
