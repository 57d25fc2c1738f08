"""Connections to the database: one that writes, any number that only read, one that migrates.

Every SQLite connection is opened here, so that no other ever writes or checkpoints (SQLite before 3.51.3 can
lose data when two do).
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from orchestrator.store.database.pooler import refuse_shared_sessions
from orchestrator.store.errors import DriverMissingError, PlaceError
from orchestrator.store.place import Place, PostgresPlace, SqlitePlace

_CONNECT = 10  # seconds for a connection to a server
_BUSY = 30  # seconds that a statement waits for another program's lock
_SHARED = (f"busy_timeout={_BUSY * 1000}", "trusted_schema=OFF")
_WRITING = (*_SHARED, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
# Rebuilding a table drops the old one, and with foreign_keys=ON that would delete every row that refers to
# it.
_MIGRATING = (*_SHARED, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF")
_READING = (*_SHARED, "query_only=ON")


def writing(place: Place, *, name: str = "fleetcheck") -> Engine:
    """Return an engine whose transactions lock the database from their start.

    `name` is what the server lists.
    """
    if isinstance(place, PostgresPlace):
        return _postgresql(place, name, read_only=False)
    return _sqlite(place, "rw", _WRITING, begin="BEGIN IMMEDIATE")


def migrating(place: SqlitePlace) -> Engine:
    """Return an engine like `writing`, with foreign keys not enforced."""
    return _sqlite(place, "rw", _MIGRATING, begin="BEGIN IMMEDIATE")


def reading(place: Place) -> Engine:
    """Return an engine that cannot change anything. A transaction sees one state of the database."""
    if isinstance(place, PostgresPlace):
        return _postgresql(place, "fleetcheck", read_only=True)
    mode = "ro&immutable=1" if _lies_still(place.path) else "ro"
    return _sqlite(place, mode, _READING, begin="BEGIN")


def _lies_still(path: Path) -> bool:
    """Say whether nobody can be writing: then the file is read as it lies.

    Without the right to write in the folder SQLite could not make the files that a reader shares with a
    writer.
    """
    effective = os.access in os.supports_effective_ids
    if os.access(path.parent, os.W_OK, effective_ids=effective):
        return False
    wal = path.with_name(path.name + "-wal")
    return not wal.exists() or wal.stat().st_size == 0


def _sqlite(place: SqlitePlace, mode: str, pragmas: tuple[str, ...], *, begin: str) -> Engine:
    uri = f"{place.path.as_uri()}?mode={mode}"

    def connect() -> sqlite3.Connection:
        # isolation_level None: the driver starts no transaction of its own behind `begin`.
        connection = sqlite3.connect(
            uri, uri=True, timeout=_BUSY, isolation_level=None, check_same_thread=False
        )
        try:
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}").close()
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgresql(place: PostgresPlace, name: str, *, read_only: bool) -> Engine:
    try:
        # Positional parameters: whole batches go to the driver as tuples.
        engine = create_engine(
            place.url,
            paramstyle="format",
            poolclass=NullPool,
            connect_args={"connect_timeout": _CONNECT, "application_name": name[:63]},
        )
    except ArgumentError:  # its text may quote the URL
        raise PlaceError(place.shown, "this is no URL", "Expected postgresql://user@server/name.") from None
    except ImportError as error:
        raise DriverMissingError(place.shown, "psycopg", f"importing it fails ({error})") from None

    def another() -> Any:
        _, params = engine.dialect.create_connect_args(engine.url)
        return engine.dialect.loaded_dbapi.connect(**params, connect_timeout=_CONNECT)

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: object) -> None:
        refuse_shared_sessions(connection, another, shown=place.shown)
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
            cursor.execute(f"SET lock_timeout = '{_BUSY}s'")
            if read_only:
                cursor.execute("SET default_transaction_read_only = on")
        connection.commit()

    if read_only:
        return engine.execution_options(isolation_level="REPEATABLE READ")
    return engine
