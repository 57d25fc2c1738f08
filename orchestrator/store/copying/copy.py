"""Copy a database to another place, either kind to either, and prove that both hold the same.

Both writers' locks are held from the first row to the last. Until everything was read back and compared, the
target is marked, and no command takes it; copying again begins it anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text
from sqlalchemy.exc import DataError, IntegrityError

from inventory.words import plural
from orchestrator.domain.repin.audit import AuditCheck
from orchestrator.store.copying import counters, mark, rows
from orchestrator.store.copying.errors import (
    CopyDiffersError,
    CopyRefusedError,
    RunAliveError,
    SamePlaceError,
)
from orchestrator.store.database import engine, migrating
from orchestrator.store.database.lock import myself
from orchestrator.store.database.presence import present
from orchestrator.store.database.schema import State
from orchestrator.store.database.trouble import read_from, translated
from orchestrator.store.errors import NoDatabaseError, Owner
from orchestrator.store.journal import audits
from orchestrator.store.journal.tables import run
from orchestrator.store.place import Place, SqlitePlace, parse

COMMIT = 20  # chunks a transaction of the target
Progress = Callable[[str, int, int], None]
"""Called with a table's name, its rows copied so far, and its rows in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedTable:
    """A table, its rows, and the SHA-256 over their canonical text: the same in both databases."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was copied and found equal. `counters`: the last id given, by table; `audit`: its check."""

    source: str
    target: str
    tables: tuple[CopiedTable, ...]
    counters: Mapping[str, int]
    audit: AuditCheck


def copy(
    source_url: str, target_url: str, *, command: str, user: str, on_rows: Progress, wait: float = 5.0
) -> Copied:
    """Copy every row, and return what both databases hold. `wait` is in seconds, for each of the two locks.

    A source of an older fleetcheck is upgraded first, as every command does. Raises StoreError: the source is
    then as it was, and the target as it was, or marked.
    """
    source, target = parse(source_url), parse(target_url)
    if _same(source, target):
        raise SamePlaceError(source.shown)
    if migrating.look(source) is State.EMPTY:
        raise NoDatabaseError(source.shown)
    migrating.ensure(source_url, command=command, user=user)
    owner = myself(command, user)
    with _reading(source, owner, wait) as using, _writing(target, owner, wait) as into:
        _refuse_alive(source, using)
        return _copied(_Way(source, target, using, into), on_rows)


@dataclass(frozen=True, slots=True)
class _Way:
    source: Place
    target: Place
    using: Connection  # inside a transaction: one state of the source
    into: Connection


def _copied(way: _Way, on_rows: Progress) -> Copied:
    tables = tuple(_copy_table(way, table, on_rows) for table in rows.TABLES)
    with translated(way.source):
        last = counters.read(way.using)
    with translated(way.target), way.into.begin():
        counters.write(way.into, last)
    _analyse(way)
    with read_from(way.source):
        audit = audits.verify(way.using)
    _compare(way, tables, last, audit)
    with translated(way.target), way.into.begin():
        mark.take_away(way.into)
    return Copied(source=way.source.shown, target=way.target.shown, tables=tables, counters=last, audit=audit)


def _copy_table(way: _Way, table: Table, on_rows: Progress) -> CopiedTable:
    """Copy a table's rows, and say what they come to."""
    digest = rows.Digest()
    with translated(way.source):
        total = rows.count(way.using, table)
    parts = _chunks(way.source, way.using, table)
    while batch := [part for _, part in zip(range(COMMIT), parts, strict=False)]:
        with _refused(way.target, table), translated(way.target), way.into.begin():
            for part in batch:
                _insert(way.into, table, part)
        for part in batch:
            digest.add(part)
        on_rows(table.name, digest.rows, total)
    return CopiedTable(name=table.name, rows=digest.rows, sha256=digest.hexdigest())


def _insert(into: Connection, table: Table, part: Sequence[tuple[Any, ...]]) -> None:
    names = table.columns.keys()
    into.execute(insert(table), [dict(zip(names, row, strict=True)) for row in part])


def _chunks(place: Place, using: Connection, table: Table) -> Iterator[Sequence[tuple[Any, ...]]]:
    with read_from(place):
        yield from rows.chunks(using, table)


@contextmanager
def _refused(place: Place, table: Table) -> Iterator[None]:
    """Tell of a row that a sound database cannot hold: one that refers to nothing, a text that is none."""
    try:
        yield
    except (DataError, IntegrityError) as error:
        detail = " ".join(str(error.orig or error).split())
        raise CopyRefusedError(place.shown, table.name, detail) from error


def _compare(way: _Way, tables: Sequence[CopiedTable], last: Mapping[str, int], audit: AuditCheck) -> None:
    """Read everything back, over a connection of its own. Raises CopyDiffersError at the first difference."""
    shown = way.target.shown
    with _snapshot(way.target) as back:
        for copied, table in zip(tables, rows.TABLES, strict=True):
            digest = rows.Digest()
            for part in rows.chunks(back, table):
                digest.add(part)
            if (digest.rows, digest.hexdigest()) != (copied.rows, copied.sha256):
                raise CopyDiffersError(
                    shown,
                    f"{digest.rows:,} of {plural(copied.rows, 'row')} in table {copied.name!r}, or "
                    "their content",
                )
        if counters.read(back) != last:
            raise CopyDiffersError(shown, "the numbers that its next scans and runs get")
        if audits.verify(back) != audit:
            raise CopyDiffersError(shown, "its audit does not verify as the source's does")


def _analyse(way: _Way) -> None:
    """Tell PostgreSQL's planner what is there now: it would find out by itself, but some time later."""
    if way.into.dialect.name == "postgresql":
        with translated(way.target), way.into.begin():
            for table in rows.TABLES:
                way.into.execute(text(f'ANALYZE "{table.name}"'))


def _same(source: Place, target: Place) -> bool:
    if isinstance(source, SqlitePlace) and isinstance(target, SqlitePlace):
        return os.path.realpath(source.path) == os.path.realpath(target.path)
    return source == target


@contextmanager
def _snapshot(place: Place) -> Iterator[Connection]:
    """One state of a database, read only."""
    with (
        read_from(place),
        migrating.disposing(engine.reading(place)) as source,
        source.connect() as using,
        using.begin(),
    ):
        yield using


@contextmanager
def _reading(place: Place, owner: Owner, wait: float) -> Iterator[Connection]:
    """One state of the source, with its writer's lock held."""
    with ExitStack() as stack:
        with translated(place):
            stack.enter_context(migrating.locked(place, owner, wait=wait))
            source = stack.enter_context(migrating.disposing(engine.reading(place)))
            using = stack.enter_context(source.connect())
            stack.enter_context(using.begin())
        yield using


@contextmanager
def _writing(place: Place, owner: Owner, wait: float) -> Iterator[Connection]:
    """Yield the target's writing connection: cleared of an unfinished copy, tables made, marked."""
    with ExitStack() as stack:
        with translated(place):
            held = stack.enter_context(migrating.held(place, owner, wait=wait))
            if isinstance(place, SqlitePlace):
                with migrating.disposing(engine.migrating(place)) as bare, bare.connect() as using:
                    _clear(place, using)
            elif held is not None:
                _clear(place, held)
            migrating.bring_up(place, held)
            if held is None:
                source = stack.enter_context(migrating.disposing(engine.writing(place)))
                held = stack.enter_context(source.connect())
            with held.begin():
                mark.put(held)
        yield held


def _clear(place: Place, using: Connection) -> None:
    with using.begin():
        mark.clear(using, place)


def _refuse_alive(place: Place, using: Connection) -> None:
    """Raise RunAliveError for a re-pin that holds no lock because it is in its pause."""
    with translated(place):
        for run_id, controller in using.execute(
            select(run.c.id, run.c.controller).where(run.c.ended.is_(None))
        ):
            if (owner := present(place, using, controller)) is not None:
                raise RunAliveError(place.shown, run_id, owner)
