"""The writing lock of a PostgreSQL database: an advisory lock,
which the server releases when its connection ends.
"""

from __future__ import annotations

import zlib
from contextlib import suppress
from datetime import UTC
from typing import Any, cast

from sqlalchemy import Connection, Row, text

from orchestrator.store.database.lock import wait_for
from orchestrator.store.errors import Owner
from orchestrator.store.place import Place

_KEY = 0x666C6368  # "flch"; the second half of the key is the schema's, as several may share a database
_NAME = 63  # characters that the server keeps of an application_name


def server_lock(connection: Connection, place: Place, *, wait: float) -> None:
    """Take the lock on this connection, for as long as it lives.

    Raises LockTakenError after `wait` seconds.
    """

    def attempt() -> bool:
        with connection.begin():
            got = connection.execute(text("SELECT pg_try_advisory_lock(:a, :b)"), _keys(connection)).scalar()
        return bool(got)

    def holder() -> Owner:
        with connection.begin():
            return server_holder(connection) or Owner()

    wait_for(attempt, holder, shown=place.shown, wait=wait)


def server_holder(connection: Connection) -> Owner | None:
    """Say who holds the lock now; None for nobody. The server may keep another user's name to itself."""
    query = text(
        "SELECT a.application_name, a.backend_start FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid "
        "= l.pid WHERE l.locktype = 'advisory' AND l.granted AND l.classid = :a AND l.objid = :b AND "
        "l.objsubid = 2 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    row = connection.execute(query, _keys(connection)).first()
    return None if row is None else owner_of(row)


def owner_of(row: Row[Any]) -> Owner:
    """Read an owner from the name and the start of its connection, as the server lists them."""
    since = row.backend_start.astimezone(UTC) if row.backend_start else None
    parts = (row.application_name or "").rsplit("|", 3)
    with suppress(ValueError):
        command, user, host, pid = parts
        return Owner(command=command, user=user, host=host, pid=int(pid), since=since)
    return Owner(since=since)


def server_name(owner: Owner) -> str:
    """Write an owner the way the server lists it, in the 63 characters that it keeps:
    a long command is cut.
    """
    rest = f"|{owner.user[:16]}|{owner.host[:16]}|{owner.pid}"
    return owner.command.replace("|", " ")[: _NAME - len(rest)] + rest


def _keys(connection: Connection) -> dict[str, int]:
    schema = cast("str", connection.execute(text("SELECT coalesce(current_schema(), '')")).scalar())
    return {"a": _KEY, "b": zlib.crc32(schema.encode()) & 0x7FFFFFFF}
