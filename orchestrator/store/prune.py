"""Delete what is old, in small transactions of the one writer: a prune that is killed has lost nothing it
should keep.

The latest result of every host stays, and its latest one with a reading, with their attempts, however old
they are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Select, delete, exists, func, or_, select, update

from orchestrator.store.database.connection import ReadingConnection
from orchestrator.store.notices.pruning import count_old, delete_old
from orchestrator.store.results import scans, standings
from orchestrator.store.results.insert import Inserter
from orchestrator.store.tables import attempt, document, gist, host_result, scan
from orchestrator.store.writer import Writer

P = ParamSpec("P")
T = TypeVar("T")

RESULTS = 200  # a transaction; each takes its attempts, connections and documents with it
DOCUMENTS = 500

_RESULT = host_result.c
_REFERENCES = (
    scan.c.hosts_id,
    _RESULT.profile_id,
    _RESULT.settings_id,
    _RESULT.identity_id,
    _RESULT.registry_id,
    _RESULT.judgement_id,
    gist.c.gist_id,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Results that began before `results` go; those that began before `attempts` lose their attempts.

    Aware; None: all stay.
    """

    attempts: datetime | None
    results: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How many rows went. `attempts` counts those of deleted results too; `kept`: results that stay because
    they are a host's latest.

    `documents` is None where it was only counted what would go: what nobody uses is known afterwards.
    """

    attempts: int = 0
    results: int = 0
    scans: int = 0
    kept: int = 0
    notices: int = 0  # that were sent before `results`
    documents: int | None = None


class PruneReader(ReadingConnection):
    """Counts what a prune would delete, on a connection that cannot. Raises DatabaseError."""

    def count(self, limits: Limits) -> Pruned:
        """Count, scan by scan."""
        with self._snapshot() as using:
            kept = _kept(using)
            found = Pruned()
            for scan_id in _before(using, limits.results):
                old = _old(using, scan_id, limits.results)
                going = [number for number in old if number not in kept]
                found = _add(found, using, going, stay=len(old) - len(going))
                found = replace(found, scans=found.scans + (_results_of(using, scan_id) == len(going)))
            gone = limits.results
            for scan_id in _before(using, limits.attempts):
                done = set() if gone is None else set(_old(using, scan_id, gone))
                bare = [n for n in _with_attempts(using, scan_id, limits.attempts) if n not in kept | done]
                found = replace(found, attempts=found.attempts + _attempts_of(using, bare))
            return replace(found, notices=count_old(using, limits.results))


async def prune(writer: Writer, limits: Limits) -> Pruned:
    """Delete what is older than the limits, then the documents that nobody uses any more. Raises StoreError.

    Raised in the middle, what was deleted is gone and everything else is whole; it can be called again.
    """
    kept = await _step(writer, _kept)
    found = Pruned()
    for scan_id in await _step(writer, _before, limits.results):
        found = await _prune_scan(writer, scan_id, limits.results, kept, found)
    for scan_id in await _step(writer, _before, limits.attempts):
        bare = await _step(writer, _with_attempts, scan_id, limits.attempts)
        for chunk in _chunks([number for number in bare if number not in kept]):
            deleted = await _step(writer, _delete_attempts, chunk)
            found = replace(found, attempts=found.attempts + deleted)
    notices = await _step(writer, delete_old, limits.results)
    return replace(found, notices=notices, documents=await _prune_documents(writer))


async def _step(
    writer: Writer, work: Callable[Concatenate[Connection, P], T], *given: P.args, **named: P.kwargs
) -> T:
    """Do one small thing in a transaction of its own."""
    return await writer.alone(lambda into: work(into.connection, *given, **named))


async def _prune_scan(
    writer: Writer, scan_id: int, limit: datetime | None, kept: Collection[int], found: Pruned
) -> Pruned:
    """Delete a scan's old results, and the scan where none is left."""
    old = await _step(writer, _old, scan_id, limit)
    going = [number for number in old if number not in kept]
    for chunk in _chunks(going):
        found = await _step(writer, _delete_results, chunk, found)
    found = replace(found, kept=found.kept + len(old) - len(going))
    gone = await writer.alone(lambda into: _delete_scan(into, scan_id))
    return replace(found, scans=found.scans + gone)


async def _prune_documents(writer: Writer) -> int:
    """Delete what no result uses, then the gists that stood for what is gone."""
    return sum([await _prune_unused(writer), await _prune_unused(writer)])


async def _prune_unused(writer: Writer) -> int:
    deleted = after = 0
    while unused := await _step(writer, _delete_documents, after):
        deleted, after = deleted + len(unused), unused[-1]
    return deleted


def _kept(using: Connection) -> frozenset[int]:
    """Read the ids of every host's latest result, its latest one with a reading,
    and its latest one with the key.
    """
    rows = using.execute(standings.now(readable=True))
    return frozenset(
        number for row in rows for number in (row.latest, row.known, row.readable) if number is not None
    )


def _before(using: Connection, limit: datetime | None) -> Sequence[int]:
    """Read the ids of the scans that may have something to go, oldest first."""
    if limit is None:
        return ()
    return using.execute(select(scan.c.id).where(scan.c.started < limit).order_by(scan.c.id)).scalars().all()


def _of_scan(scan_id: int, limit: datetime | None) -> Select[Any]:
    return select(_RESULT.id).where(_RESULT.scan_id == scan_id, _RESULT.started < limit).order_by(_RESULT.id)


def _old(using: Connection, scan_id: int, limit: datetime | None) -> Sequence[int]:
    return using.execute(_of_scan(scan_id, limit)).scalars().all()


def _with_attempts(using: Connection, scan_id: int, limit: datetime | None) -> Sequence[int]:
    has = exists().where(attempt.c.result_id == _RESULT.id)
    return using.execute(_of_scan(scan_id, limit).where(has)).scalars().all()


def _results_of(using: Connection, scan_id: int) -> int:
    return using.execute(select(func.count()).where(_RESULT.scan_id == scan_id)).scalar_one()


def _attempts_of(using: Connection, results: Sequence[int]) -> int:
    return sum(
        using.execute(select(func.count()).where(attempt.c.result_id.in_(chunk))).scalar_one()
        for chunk in _chunks(results)
    )


def _add(found: Pruned, using: Connection, going: Sequence[int], *, stay: int = 0) -> Pruned:
    return replace(
        found,
        attempts=found.attempts + _attempts_of(using, going),
        results=found.results + len(going),
        kept=found.kept + stay,
    )


def _delete_results(using: Connection, going: Sequence[int], found: Pruned) -> Pruned:
    """Delete results, and with them what is theirs alone."""
    found = _add(found, using, going)
    using.execute(delete(host_result).where(_RESULT.id.in_(going)))
    return found


def _delete_scan(into: Inserter, scan_id: int) -> int:
    """Delete a scan that has no result left; one that has some names no other hosts any more:
    they would count as not started.
    """
    left = set(into.connection.execute(select(_RESULT.host).where(_RESULT.scan_id == scan_id)).scalars())
    if not left:
        into.connection.execute(delete(scan).where(scan.c.id == scan_id))
        return 1
    record = scans.of_row(into.connection.execute(scans.query().where(scan.c.id == scan_id)).one())
    if any(name not in left for name in record.hosts):
        named = scans.names(replace(record, hosts=tuple(name for name in record.hosts if name in left)))
        (hosts_id,) = into.documents([named]).values()
        into.connection.execute(update(scan).where(scan.c.id == scan_id).values(hosts_id=hosts_id))
    return 0


def _delete_attempts(using: Connection, results: Sequence[int]) -> int:
    return using.execute(delete(attempt).where(attempt.c.result_id.in_(results))).rowcount


def _delete_documents(using: Connection, after: int) -> Sequence[int]:
    """Delete the next documents that nobody uses, and return their ids."""
    used = or_(*(exists().where(column == document.c.id) for column in _REFERENCES))
    query = select(document.c.id).where(document.c.id > after, ~used).order_by(document.c.id).limit(DOCUMENTS)
    unused = using.execute(query).scalars().all()
    if unused:
        using.execute(delete(document).where(document.c.id.in_(unused)))
    return unused


def _chunks(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    return (numbers[place : place + RESULTS] for place in range(0, len(numbers), RESULTS))
