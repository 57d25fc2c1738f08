"""Which schema this program speaks, and which one a database has.

Knows no Alembic: asking costs two queries.
"""

from __future__ import annotations

import enum
from pathlib import Path

from sqlalchemy import Connection, text

import orchestrator
from orchestrator.store.errors import NotOursError, TooNewError, UnfinishedCopyError
from orchestrator.store.place import Place

REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0009",
    "0015",
    "0007",
)  # oldest first; a test holds them against the migrations
UNFINISHED = (
    "copying "  # stands before the version while `db copy` fills a database; older programs refuse it, too
)
APPLICATION = 0x666C6368  # "flch", in the head of every SQLite file of ours
_SCANS = ("document", "gist", "scan", "host_result", "attempt", "connection", "registry_value")
_REPINS = ("plan", "run", "operation", "audit")
_NOTICES = ("notice", "told")
_OURS = frozenset((*_SCANS, *_REPINS, *_NOTICES))


class State(enum.Enum):
    """How a database's schema stands to this program's."""

    EMPTY = enum.auto()
    OLDER = enum.auto()
    CURRENT = enum.auto()


def scripts() -> Path:
    """Return the folder of the migrations: inside an installed package, or beside it in a source tree."""
    package = Path(orchestrator.__file__).parent
    inside = package / "_migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def state(connection: Connection, place: Place) -> tuple[State, str | None]:
    """Say how the database stands, and its revision.

    Raises NotOursError for another program's database, TooNewError for a revision that this program does not
    know, UnfinishedCopyError for one that a copy into it was begun.
    """
    found_tables = tables(connection)
    if not found_tables:
        return State.EMPTY, None
    sqlite = connection.dialect.name == "sqlite"
    if sqlite and connection.exec_driver_sql("PRAGMA application_id").scalar() != APPLICATION:
        raise NotOursError(place.shown, f"another program's SQLite database (table {min(found_tables)!r})")
    found = _revision(connection) if "alembic_version" in found_tables else None
    if found is None:
        # A PostgreSQL schema that others use too: ours are made beside theirs, if no name is taken.
        taken = sorted(found_tables & _OURS)
        if sqlite or taken:
            raise NotOursError(
                place.shown, f"tables without a version ({', '.join(taken) or 'none of ours'})"
            )
        return State.EMPTY, None
    if found.startswith(UNFINISHED):
        raise UnfinishedCopyError(place.shown)
    if found not in REVISIONS:
        raise TooNewError(place.shown, found, REVISIONS[-1], _written_by(connection, found_tables))
    return (State.CURRENT if found == REVISIONS[-1] else State.OLDER), found


def tables(connection: Connection) -> set[str]:
    """Name the tables that are there, whoever made them."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite|_%' ESCAPE '|'"
    else:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    return set(connection.execute(text(query)).scalars())


def unfinished(connection: Connection) -> str | None:
    """Return the program's version whose copy into this database did not end; None: none was begun."""
    found = _revision(connection) if "alembic_version" in tables(connection) else None
    return found.removeprefix(UNFINISHED) if found and found.startswith(UNFINISHED) else None


def _revision(connection: Connection) -> str | None:
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _written_by(connection: Connection, tables: set[str]) -> str | None:
    """Read which fleetcheck wrote last, as far as a schema that we do not know allows."""
    from sqlalchemy import inspect

    if "scan" not in tables:
        return None
    columns = {column["name"] for column in inspect(connection).get_columns("scan")}
    if not {"id", "version"} <= columns:
        return None
    return connection.execute(text("SELECT version FROM scan ORDER BY id DESC LIMIT 1")).scalar()
