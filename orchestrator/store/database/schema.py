"""Which schema this program speaks, and which one a database has.

Knows no Alembic: asking costs two queries.
"""

from __future__ import annotations

import enum
from pathlib import Path

from sqlalchemy import Connection, text

import orchestrator
from orchestrator.store.errors import NotOursError, TooNewError
from orchestrator.store.place import Place

REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
)  # oldest first; a test holds them against the migrations
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
    know.
    """
    tables = _tables(connection)
    if not tables:
        return State.EMPTY, None
    sqlite = connection.dialect.name == "sqlite"
    if sqlite and connection.exec_driver_sql("PRAGMA application_id").scalar() != APPLICATION:
        raise NotOursError(place.shown, f"another program's SQLite database (table {min(tables)!r})")
    found = _revision(connection) if "alembic_version" in tables else None
    if found is None:
        # A PostgreSQL schema that others use too: ours are made beside theirs, if no name is taken.
        taken = sorted(tables & _OURS)
        if sqlite or taken:
            raise NotOursError(
                place.shown, f"tables without a version ({', '.join(taken) or 'none of ours'})"
            )
        return State.EMPTY, None
    if found not in REVISIONS:
        raise TooNewError(place.shown, found, REVISIONS[-1], _written_by(connection, tables))
    return (State.CURRENT if found == REVISIONS[-1] else State.OLDER), found


def _tables(connection: Connection) -> set[str]:
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite|_%' ESCAPE '|'"
    else:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    return set(connection.execute(text(query)).scalars())


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
