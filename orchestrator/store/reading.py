"""A connection that cannot change anything, from its opening to its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from orchestrator.store import engine, migrating
from orchestrator.store.errors import NoDatabaseError
from orchestrator.store.place import Place, parse
from orchestrator.store.schema import State
from orchestrator.store.trouble import read_from, translated


class ReadingConnection:
    """Use it in one thread, and close it."""

    def __init__(self, place: Place, source: Engine, using: Connection) -> None:
        """Use `Reader.open`."""
        self._place, self._source, self._connection = place, source, using

    @classmethod
    def open(cls, url: str, *, command: str = "", user: str = "") -> Self:
        """Open the database, upgraded first where an older fleetcheck made it (under the lock, with a copy).

        Raises NoDatabaseError where nothing was stored yet, and what `migrating.ensure` raises.
        """
        place = parse(url)
        with translated(place):
            found = migrating.look(place)
            if found is State.EMPTY:
                raise NoDatabaseError(place.shown)
            if found is State.OLDER:
                migrating.ensure(url, command=command, user=user)
            source = engine.reading(place)
            return cls(place, source, source.connect())

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()
        self._source.dispose()

    def __enter__(self) -> Self:
        """Close it at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        """One state of the database for the block."""
        with read_from(self._place), self._connection.begin():
            yield self._connection
