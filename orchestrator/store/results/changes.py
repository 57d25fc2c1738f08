"""What every host's results came to before a time and since then, as verdicts in short."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, or_, select

from orchestrator.domain.notices.edges import label_of
from orchestrator.domain.record import PORTS, ScanState
from orchestrator.store.database.connection import ReadingConnection
from orchestrator.store.results.load import counted, final
from orchestrator.store.results.standings import every_host, newest_result
from orchestrator.store.tables import host_result, scan

_RESULT = host_result.c
_CHUNK = 500  # ids in a query
_SAID = (_RESULT.id, _RESULT.host, _RESULT.verdict, _RESULT.role, _RESULT.waived)
History = tuple[str, tuple[str, ...], tuple[str, ...]]
"""A host, its labels before the time (as many as tell what counted then), and those since, oldest first."""


class ChangesReader(ReadingConnection):
    """Every method raises DatabaseError where the database gives trouble."""

    def latest_scan_began(self) -> datetime | None:
        """Return when the latest scan that came to its end began; None where there is none."""
        query = select(scan.c.started).where(scan.c.state == ScanState.FINISHED.value, scan.c.mode != PORTS)
        with self._snapshot() as using:
            found: datetime | None = using.execute(query.order_by(scan.c.id.desc()).limit(1)).scalar()
        return found

    def histories(self, since: datetime, hosts: Collection[str] | None = None) -> Iterator[History]:
        """Yield each host that has a result since then, or those of `hosts`, by name."""
        with self._snapshot() as using:
            later = _later(using, since)
            earlier = _earlier(using, since)
        for host in sorted(later):
            if hosts is None or host in hosts:
                yield host, tuple(earlier.get(host, ())), tuple(later[host])


def _later(using: Connection, since: datetime) -> dict[str, list[str]]:
    """Read the labels since then, found by their scans: one that was resumed may have begun long before."""
    scans = select(scan.c.id).where(
        or_(scan.c.started >= since, scan.c.ended >= since, scan.c.ended.is_(None))
    )
    query = select(*_SAID).where(_RESULT.scan_id.in_(scans), _RESULT.started >= since, counted(), final())
    found: defaultdict[str, list[str]] = defaultdict(list)
    for _, host, verdict, role, waived in using.execute(query.order_by(_RESULT.started, _RESULT.id)):
        found[host].append(label_of(verdict, role, waived))
    return found


def _earlier(using: Connection, since: datetime) -> dict[str, list[str]]:
    """Read of each host its last reading before then, and its last two results, which may be `unknown`."""
    rows = using.execute(_before(since)).all()
    ids = sorted({number for row in rows for number in row[1:] if number is not None})
    said: list[tuple[datetime, int, str, str]] = []
    for place in range(0, len(ids), _CHUNK):
        query = select(*_SAID, _RESULT.started).where(_RESULT.id.in_(ids[place : place + _CHUNK]))
        for number, host, verdict, role, waived, started in using.execute(query):
            said.append((started, number, host, label_of(verdict, role, waived)))
    found: defaultdict[str, list[str]] = defaultdict(list)
    for _, _, host, label in sorted(said):
        found[host].append(label)
    return found


def _before(since: datetime) -> Select[Any]:
    """Select of every host the ids of its last reading, its last result but one, and its last one before
    then.
    """
    every = every_host()
    return select(
        every.c.host,
        newest_result(every, 0, probed=True, until=since),
        newest_result(every, 1, probed=False, until=since),
        newest_result(every, 0, probed=False, until=since),
    ).where(every.c.host.is_not(None))
