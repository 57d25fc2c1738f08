"""Trouble of the database in the middle of a re-pin: SQLite itself does the refusing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from orchestrator.domain.reading import Kind
from orchestrator.store.database import engine
from orchestrator.store.place import Place
from tests.cli.drifted import Drifted

_WRITING = engine.writing

SAID = {
    "full": "no space is left",
    "read-only": "it cannot be written",
    "locked": "another program holds it locked",
}


@dataclass
class Trouble:
    """What befalls the writing connection at its transaction number `at`,
    and stays. SQLite itself does the refusing.
    """

    kind: str
    at: int
    begun: int = 0
    other: sqlite3.Connection | None = None

    def writing(self, place: Place, **named: Any) -> Engine:
        """Make the writer's engine."""
        made = _WRITING(place, **named)
        event.listen(made, "begin", lambda connection: self._begin(place, connection), insert=True)
        return made

    def over(self) -> None:
        """Let the other program go away."""
        if self.other is not None:
            self.other.close()

    def _begin(self, place: Place, connection: Connection) -> None:
        self.begun += 1
        if self.begun < self.at:
            return
        if self.kind == "full":
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        elif self.kind == "read-only":
            connection.exec_driver_sql("PRAGMA query_only=ON")
        elif self.other is None:
            connection.exec_driver_sql("PRAGMA busy_timeout=100")
            self.other = sqlite3.connect(place.shown, isolation_level=None, check_same_thread=False)
            self.other.execute("BEGIN IMMEDIATE")


@contextmanager
def trouble(kind: str, at: int) -> Iterator[Trouble]:
    """Let the database fail from its writer's transaction `at` on, for the block;
    `begun` says whether it came so far.
    """
    found = Trouble(kind, at)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "writing", found.writing)
        yield found
    found.over()


def reset(fleet: Drifted) -> None:
    """Pin every host to 443 again, as it was planned, and forget what was written there."""
    for host in fleet.served.hosts.values():
        registry = host.machine.registry
        for key in [key for view in (64, 32) for key in registry.keys(view)]:
            for entry in [entry for entry in key.values.values() if entry.name.endswith("TunnelPort")]:
                key.set(entry.name, entry.kind, "443" if entry.kind in {Kind.SZ, Kind.EXPAND_SZ} else 443)
        host.machine.log.writes.clear()
