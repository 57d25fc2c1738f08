"""Read whole records: a host_result with its documents, values, attempts and connections."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    Text,
    bindparam,
    exists,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy import Row as SqlRow

from inventory.windows_names import fold
from orchestrator.domain.reading import Reading
from orchestrator.domain.record import PORTS, HostRecord
from orchestrator.store.database.types import among, escape
from orchestrator.store.errors import DatabaseError, StoreTrouble
from orchestrator.store.place import Place
from orchestrator.store.results.readings import Row, reading_of, views_of
from orchestrator.store.results.rows import put_together
from orchestrator.store.tables import MOST, attempt, connection, document, host_result, registry_value, scan

T = TypeVar("T")
Decode = Callable[[Any], Any]
_REFERENCES = ("profile_id", "settings_id", "identity_id", "registry_id", "judgement_id")
_RESULT = host_result.c
ODD = (KeyError, TypeError, ValueError, IndexError, AttributeError)
"""What decoding raises where the database's rows do not go together."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a set of results refers to, by id, each without its id and position."""

    documents: Mapping[int, str]
    values: Mapping[int, list[Row]]
    attempts: Mapping[int, list[Row]]
    connections: Mapping[int, list[Row]]


def records(
    using: Connection, place: Place, *where: ColumnElement[bool], whole: bool
) -> dict[int, HostRecord]:
    """Read the results that `where` selects, by their ids, in no order; not `whole`: without attempts,
    registry values and connections.

    Raises DatabaseError for rows that make no record.
    """
    rows = using.execute(select(host_result).where(*where)).all()
    results = [row.id for row in rows]
    parts = _Parts(
        documents=texts(using, {getattr(row, name) for row in rows for name in _REFERENCES}),
        values=_rows(using, registry_value, {row.registry_id for row in rows} - {None}) if whole else {},
        attempts=_rows(using, attempt, results) if whole else {},
        connections=_rows(using, connection, results) if whole else {},
    )
    return {row.id: _record(place, row, parts) for row in rows}


def texts(using: Connection, documents: Iterable[int | None]) -> Mapping[int, str]:
    """Read documents by their ids."""
    numbers = {number for number in documents if number is not None}
    if not numbers:
        return {}
    query = select(document.c.id, document.c.text).where(among(document.c.id, numbers))
    return {row.id: row.text for row in using.execute(query).all()}


class Shared:
    """Documents that results share: each is decoded once for each way to read it, however many refer to it.

    `texts` are those of the last `take`.
    """

    def __init__(self) -> None:
        self.texts: Mapping[int, str] = {}
        self._known: defaultdict[Decode, dict[int, Any]] = defaultdict(dict)

    def take(
        self,
        using: Connection,
        wanted: Mapping[Decode, Collection[int | None]],
        more: Iterable[int | None] = (),
    ) -> None:
        """Read the documents that were not decoded yet in the way that they are wanted for, and `more`, which
        no two results share.
        """
        new = set(more)
        for read, numbers in wanted.items():
            new.update(set(numbers).difference(self._known[read]))
        self.texts = texts(using, new)

    def get(self, read: Callable[[Any], T], number: int) -> T:
        """Return what `read` makes of a document's content. Raises KeyError, and what `read` raises."""
        known: dict[int, T] = self._known[read]
        found = known.get(number)
        if found is None:
            found = known[number] = read(json.loads(self.texts[number]))
        return found


def damaged(place: Place, host: str, scan_id: int, error: Exception) -> DatabaseError:
    """Say which result's rows do not go together."""
    detail = f"the result of {host!r} in scan {scan_id} does not hang together: {error!r}"
    return DatabaseError(place.shown, StoreTrouble.DAMAGED, detail)


def final() -> ColumnElement[bool]:
    """Keep the last try of each host in a scan."""
    later = host_result.alias()
    same = (later.c.scan_id == _RESULT.scan_id, later.c.host == _RESULT.host)
    return ~exists().where(*same, later.c["try"] > _RESULT["try"])


def of_scan(scan_id: int) -> Select[Any]:
    """Select host and id of a scan's results."""
    return select(_RESULT.host, _RESULT.id).where(_RESULT.scan_id == scan_id, final())


def counted(results: FromClause = host_result) -> ColumnElement[bool]:
    """Leave out results of scans that a plan asked for: no report is about them."""
    return results.c.scan_id.not_in(_ASKED)


_ASKED = select(scan.c.id).where(scan.c.mode == PORTS)


def last_reading(hosts: Collection[str], before: datetime | None) -> Select[Any]:
    """Select host, scan_id, started, verdict and role of each host's newest result that has a reading."""
    other = host_result.alias()
    newest = select(func.max(other.c.started)).where(other.c.host == _RESULT.host, other.c.phase.is_(None))
    newest = newest.where(counted(other))
    if before is not None:
        newest = newest.where(other.c.started < before)
    columns = (_RESULT.host, _RESULT.scan_id, _RESULT.started, _RESULT.verdict, _RESULT.role)
    return (
        select(*columns)
        .where(_RESULT.host.in_(hosts), _RESULT.phase.is_(None), counted())
        .where(_RESULT.started == newest.scalar_subquery())
        .order_by(_RESULT.id)
    )


_NEWEST = (
    select(_RESULT.id, _RESULT.scan_id)
    .where(_RESULT.host == bindparam("name"), _RESULT.started >= bindparam("since"), counted(), final())
    .order_by(_RESULT.started.desc(), _RESULT.id.desc())
    .limit(bindparam("most"))
)
_EVER = datetime.min.replace(tzinfo=UTC)


def newest(using: Connection, host: str, limit: int, since: datetime | None) -> list[tuple[int, int]]:
    """Read the ids and scans of a host's newest results, at most `limit`, one a scan, newest first.

    A query a host: each goes down the index only as far as it has to, however many scans are kept.
    """
    found = using.execute(_NEWEST, {"name": host, "since": since or _EVER, "most": min(limit, MOST)})
    return [(row.id, row.scan_id) for row in found]


def _rows(using: Connection, table: Table, ids: Collection[int]) -> Mapping[int, list[Row]]:
    """Read the rows that belong to each id, in their order."""
    found: defaultdict[int, list[Row]] = defaultdict(list)
    if ids:
        owner, position, *columns = table.columns
        query = select(owner, *columns).where(among(owner, ids)).order_by(owner, position)
        for number, *cells in using.execute(query).all():
            found[number].append(tuple(cells))
    return found


def _record(place: Place, row: SqlRow[Any], parts: _Parts) -> HostRecord:
    try:
        return put_together(
            row._asdict(),
            parts.documents,
            parts.values.get(row.registry_id, ()),
            parts.attempts.get(row.id, ()),
            parts.connections.get(row.id, ()),
        )
    except ODD as error:
        raise damaged(place, row.host, row.scan_id, error) from error


def readings(
    using: Connection,
    place: Place,
    ids: Collection[int],
    values: Collection[str],
    *,
    tried: bool = True,
    connected: bool = True,
) -> dict[int, Reading]:
    """Read the readings of results alone, with the registry values of these names; failed ones are left out.

    Without attempts where not `tried`, without connections where not `connected`. Raises DatabaseError for
    rows that make none.
    """
    query: Select[Any] = select(
        _RESULT.id, _RESULT.host, _RESULT.scan_id, _RESULT.details, _RESULT.identity_id, _RESULT.registry_id
    )
    rows = using.execute(query.where(among(_RESULT.id, ids), _RESULT.phase.is_(None))).all()
    parts = _Parts(
        documents=texts(using, {number for row in rows for number in (row.identity_id, row.registry_id)}),
        values=named_values(using, {row.registry_id for row in rows}, values),
        attempts=_rows(using, attempt, [row.id for row in rows]) if tried else {},
        connections=_rows(using, connection, [row.id for row in rows]) if connected else {},
    )
    return {row.id: _reading(place, row, parts) for row in rows}


def _reading(place: Place, row: SqlRow[Any], parts: _Parts) -> Reading:
    try:
        return reading_of(
            row.details,
            parts.documents[row.identity_id],
            views_of(parts.documents[row.registry_id], parts.values.get(row.registry_id, ())),
            parts.attempts.get(row.id, ()),
            parts.connections.get(row.id, ()),
        )
    except ODD as error:
        raise damaged(place, row.host, row.scan_id, error) from error


def named_values(
    using: Connection, documents: Collection[int], names: Collection[str]
) -> Mapping[int, list[tuple[Any, ...]]]:
    """Read the registry values of these names in their order, and where SQL cannot compare them, all."""
    owner, position, *columns = registry_value.columns
    query = select(owner, *columns).where(among(owner, documents)).order_by(owner, position)
    wanted = {fold(each) for each in names}
    if all(escape(each) == each for each in wanted):  # of ASCII, which both databases bring to one case alike
        name = registry_value.c.name
        query = query.where(
            or_(func.upper(name).in_(sorted(wanted)), type_coerce(name, Text).contains("\\", autoescape=True))
        )
    found: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for number, *cells in using.execute(query).all():
        found[number].append(tuple(cells))
    return found
