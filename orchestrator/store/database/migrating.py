"""Bring a database to this program's schema: make it, or take a copy and upgrade it."""

from __future__ import annotations

import os
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from orchestrator.store.database import engine, folder, foreign
from orchestrator.store.database.lock import file_lock, myself
from orchestrator.store.database.schema import APPLICATION, REVISIONS, State, scripts, state
from orchestrator.store.database.server_lock import server_lock, server_name
from orchestrator.store.database.trouble import read_from, translated
from orchestrator.store.errors import DatabaseError, NoDatabaseError, Owner, StoreTrouble
from orchestrator.store.place import Place, SqlitePlace, parse

if TYPE_CHECKING:
    from alembic.config import Config

_SMALLEST = 512  # bytes: the smallest page that an SQLite database can have


def ensure(url: str, *, command: str, user: str = "", wait: float = 5.0) -> Path | None:
    """Make the database at `url`, or upgrade it; a current one is only looked at, without its lock.

    Returns the copy that was taken before an upgrade (SQLite only), None where none was. `command` and `user`
    are what another process reads that finds the lock taken; `wait` (seconds) is how long this one waits for
    it. Raises StoreError: PlaceError, NotOursError, TooNewError, LockTakenError, DatabaseError,
    DriverMissingError.
    """
    place = parse(url)
    with translated(place):
        with suppress(NoDatabaseError):
            if look(place) is State.CURRENT:
                return None
        with locked(place, myself(command, user), wait=wait) as connection:
            return bring_up(place, connection)


def look(place: Place) -> State:
    """Say how the database stands, reading only.

    Raises NoDatabaseError where there is none, and as `schema.state`.
    """
    if isinstance(place, SqlitePlace):
        _look_at_file(place)
    with (
        translated(place),
        disposing(engine.reading(place)) as source,
        source.connect() as connection,
        read_from(place),
        connection.begin(),
    ):
        return state(connection, place)[0]


def _look_at_file(place: SqlitePlace) -> None:
    """Refuse what SQLite itself would only refuse later,
    or take for an empty database (a file of a few bytes).
    """
    if not folder.exists(place.path):
        raise NoDatabaseError(place.shown)
    # A longer file is for SQLite to judge: to close a second descriptor here would give up SQLite's locks.
    with translated(place):
        if 0 < place.path.lstat().st_size < _SMALLEST:
            raise foreign.refused(place.path)


@contextmanager
def locked(place: Place, owner: Owner, *, wait: float) -> Iterator[Connection | None]:
    """Hold the writing lock of a database for the block; an SQLite file and its folder are there then.

    On PostgreSQL the lock lives as long as one connection: that one comes out, to write through. If it
    breaks, the lock and the right to write are gone together. Raises as `look` before it touches anything,
    and LockTakenError.
    """
    if isinstance(place, SqlitePlace):
        with suppress(NoDatabaseError):
            look(place)
    with held(place, owner, wait=wait) as connection:
        yield connection


@contextmanager
def held(place: Place, owner: Owner, *, wait: float) -> Iterator[Connection | None]:
    """Do as `locked`, whatever the database holds."""
    if isinstance(place, SqlitePlace):
        folder.prepare(place.path)
        with file_lock(place.path, owner, wait=wait):
            yield None
    else:
        source = engine.writing(place, name=server_name(owner))
        with disposing(source), source.connect() as connection:
            server_lock(connection, place, wait=wait)
            yield connection


def bring_up(place: Place, connection: Connection | None) -> Path | None:
    """Make or upgrade under the lock, with what `locked` gave. Returns the copy taken, as `ensure`."""
    if connection is not None:
        return _bring_up(place, connection)
    assert isinstance(place, SqlitePlace)  # noqa: S101 -- `locked` gives every other place a connection
    with disposing(engine.migrating(place)) as source, source.connect() as using:
        return _bring_up(place, using)


def _bring_up(place: Place, connection: Connection) -> Path | None:
    with connection.begin():
        found, revision = state(connection, place)
    if found is State.CURRENT:
        return None
    copy = None
    if isinstance(place, SqlitePlace) and found is State.OLDER:
        copy = _copy(place.path, f"{revision}-to-{REVISIONS[-1]}")
    with connection.begin():
        with read_from(place):
            _upgrade(connection)
        if isinstance(place, SqlitePlace):
            _seal(connection, place)
    return copy


def _upgrade(connection: Connection) -> None:
    """Run the steps on a connection inside a transaction."""
    from alembic import command

    with _steps(connection) as config:
        command.upgrade(config, "head")


def downgrade(connection: Connection) -> None:
    """Run all steps backwards, inside a transaction; on SQLite with foreign keys not enforced."""
    from alembic import command

    with _steps(connection) as config:
        command.downgrade(config, "base")


@contextmanager
def _steps(connection: Connection) -> Iterator[Config]:
    """Yield Alembic's settings for this connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    with warnings.catch_warnings():
        # Alembic's about itself; a user cannot act on them
        warnings.simplefilter("ignore", DeprecationWarning)
        yield config


def _seal(connection: Connection, place: SqlitePlace) -> None:
    """Mark the file as ours; refuse to commit an upgrade that left a row pointing nowhere (keys were not
    enforced).
    """
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")
    lost = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if lost is not None:
        raise DatabaseError(
            place.shown, StoreTrouble.DAMAGED, f"after the upgrade a row of {lost[0]} points nowhere"
        )


def _copy(path: Path, step: str) -> Path:
    """Copy the database with SQLite's backup, for the owner's eyes only; a copy that failed is taken away."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    copy = path.with_name(f"{path.name}.before-{step}-{stamp}")
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with (
            closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    return copy


@contextmanager
def disposing(source: Engine) -> Iterator[Engine]:
    """Yield the engine; release its connections at the end of the block."""
    try:
        yield source
    finally:
        source.dispose()
