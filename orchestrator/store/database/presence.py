"""A sign that the process of a scan or a run is alive, also while it holds no lock on the database.

Nobody who writes waits for it. The system takes it away with its process, so a scan or a run that was killed
has none.
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, text

from orchestrator.store.database import engine
from orchestrator.store.database.lock import file_holder, file_lock, lock_path
from orchestrator.store.database.migrating import disposing
from orchestrator.store.database.server_lock import owner_of, server_name
from orchestrator.store.database.trouble import translated
from orchestrator.store.errors import Owner, StoreError
from orchestrator.store.place import Place, PostgresPlace, SqlitePlace

_LOOKED_AT = 1.0  # seconds: nobody else holds such a sign, but who looks whether it is there locks it too
_TAKE = text("SELECT pg_advisory_lock_shared(:key)")
_WHO = text(
    "SELECT a.application_name, a.backend_start FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
    " AND (l.classid::bigint << 32 | l.objid::bigint) = :key"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class Presence:
    """The sign of the process that `controller` names. Neither call raises, and a second one changes nothing.

    Where no sign can be given (a full disk) the scan or the run looks killed, and to resume one that is not
    is safe: this process finds its run taken, and stops.
    """

    def __init__(self, place: Place, owner: Owner, controller: str) -> None:
        self._place, self._owner, self._controller = place, owner, controller
        self._held = ExitStack()
        self._shown = False

    def show(self) -> None:
        """Give the sign from now on."""
        if self._shown:
            return
        self._shown = True
        owner = replace(self._owner, since=datetime.now(UTC))
        with suppress(StoreError), translated(self._place):
            if isinstance(self._place, SqlitePlace):
                file = _file(self._place, self._controller)
                self._held.callback(sweep, self._place, self._controller)
                self._held.enter_context(file_lock(file, owner, wait=_LOOKED_AT))
            else:
                self._on_server(self._place, owner)

    def hide(self) -> None:
        """Give it no more."""
        self._shown = False
        with suppress(StoreError), translated(self._place):
            self._held.close()

    def _on_server(self, place: PostgresPlace, owner: Owner) -> None:
        source = self._held.enter_context(disposing(engine.writing(place, name=server_name(owner))))
        connection = self._held.enter_context(source.connect())
        with connection.begin():
            connection.execute(_TAKE, {"key": _key(connection, self._controller)})


def present(place: Place, using: Connection, controller: str) -> Owner | None:
    """Say which process gives the sign of `controller` now, and since when; None: none does."""
    if isinstance(place, SqlitePlace):
        return file_holder(_file(place, controller))
    row = using.execute(_WHO, {"key": _key(using, controller)}).first()
    return None if row is None else owner_of(row)


def sweep(place: Place, controller: str) -> None:
    """Take away the file that a killed process leaves. Never raises; one that is alive is not disturbed."""
    if isinstance(place, SqlitePlace):
        with suppress(OSError):
            lock_path(_file(place, controller)).unlink()


def _file(place: SqlitePlace, controller: str) -> Path:
    path = place.path
    return path.with_name(f"{path.name}.run-{hashlib.sha256(controller.encode()).hexdigest()[:12]}")


def of_scan(scan_id: int) -> str:
    """Return the `controller` of a scan's process: the scan's own number in its database,
    which one process writes to.
    """
    return f"scan {scan_id}"


def _key(connection: Connection, controller: str) -> int:
    """Make a key of 64 bits, positive; the writing lock's keys are of another kind.

    Advisory locks are the whole database's, and scan 1 is in each of its schemas: the schema is part of the
    key.
    """
    schema = str(connection.execute(text("SELECT coalesce(current_schema(), '')")).scalar())
    return int.from_bytes(hashlib.sha256(f"{schema}\0{controller}".encode()).digest()[:8]) >> 1
