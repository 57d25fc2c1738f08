"""The audit's rows: entries appended to the chain, read, and held against the journal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select

from orchestrator.domain.repin.audit import AuditCheck, BrokenLink, check, content, link
from orchestrator.domain.repin.bound import OPERATION, PLAN, RUN, Key, Told, told
from orchestrator.domain.repin.operation import AuditEntry, Operation
from orchestrator.store.journal.operations import operation_of, operations
from orchestrator.store.journal.tables import audit, operation, plan, run

SIGNED = "plan signed"
"""The audit's word for the signatures that a plan was used with."""

CHUNK = 1000  # entries a query
_COLUMNS = tuple(column.name for column in audit.columns)
_LAST = select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)
_ADD = insert(audit)


def append(
    into: Connection, *, who: str, what: str, subject: str, details: Mapping[str, Any], time: datetime
) -> AuditEntry:
    """Add an entry to the end of the chain, in the caller's transaction. Only the one writer may."""
    last = into.execute(_LAST).first()
    before = None if last is None else (last.number, last.hash)
    entry = link(before, time=time, who=who, what=what, subject=subject, details=details)
    into.execute(_ADD, {name: getattr(entry, name) for name in _COLUMNS})
    return entry


def append_operation(
    into: Connection, who: str, before: str | None, after: Operation, more: Mapping[str, Any]
) -> AuditEntry:
    """Add the entry about an operation that was opened (`before`: None) or moved from the state `before`.

    `more` joins its details: the digest of a plan that was handed out.
    """
    details = {
        **more,
        "operation": after.id,
        "run": after.run,
        "plan": after.plan,
        "undoes": after.undoes,
        "from": before,
        "to": after.state.value,
        "detail": after.detail,
        **told(OPERATION, content(after)),
    }
    return append(into, who=who, what=OPERATION, subject=after.host, details=details, time=after.changed)


def chunk(using: Connection, after: int = 0) -> tuple[AuditEntry, ...]:
    """Return the next thousand entries whose number is above `after`, in order; none at the end."""
    query = select(audit).where(audit.c.number > after).order_by(audit.c.number).limit(CHUNK)
    return tuple(AuditEntry(**row._asdict()) for row in using.execute(query))


def _entries(using: Connection) -> Iterator[AuditEntry]:
    after = 0
    while found := chunk(using, after):
        yield from found
        after = found[-1].number


def verify(using: Connection) -> AuditCheck:
    """Go along the chain, then hold plans, runs and the journal against it: each row is what its last entry
    says.

    What was stored before entries held so much is not compared but named in `not_covered`.
    """
    said = Told()
    found = check(said.noting(_entries(using)))
    if found.broken is not None:
        return found
    every = chain(_operations(using), _plans(using), _runs(using))
    return _compared(found, said, every, set(said.digests))


def prove(using: Connection, run_id: int) -> AuditCheck:
    """Do the same for one run, its plan and its rows. Other rows are not looked at, the whole chain is."""
    said = Told()
    found = check(said.noting(_entries(using)))
    if found.broken is not None:
        return found
    plan_id = select(run.c.plan_id).where(run.c.id == run_id).scalar_subquery()
    own = _operations(using, operation.c.run_id == run_id)
    every = chain(own, _plans(using, plan.c.id == plan_id), _runs(using, run.c.id == run_id))
    return _compared(found, said, every, said.operations_of(run_id))


Row = tuple[Key, str, Mapping[str, Any]]
"""A row as it is stored: which one, how it is called, its columns."""


def _compared(found: AuditCheck, said: Told, rows: Iterable[Row], left: set[Key]) -> AuditCheck:
    """Hold rows against what is said of them, up to the first that differs;
    `left` are those that have to be there.
    """
    bare = []
    for key, name, row in rows:
        left.discard(key)
        if not said.covered(key):
            bare.append(_name(key))
        elif (differs := said.difference(key, row)) is not None:
            what = f"{name} is not what was written: {differs}"
            return replace(found, broken=BrokenLink(number=None, found=what))
    if left:
        name = _name(min(left, key=lambda key: (key[0], str(key[1]).rjust(20))))
        broken = BrokenLink(number=None, found=f"{name} is not in the journal any more")
        return replace(found, broken=broken)
    return replace(found, not_covered=tuple(bare))


def _name(key: Key) -> str:
    return f"{key[0]} {key[1]}"


def _runs(using: Connection, *where: ColumnElement[bool]) -> Iterator[Row]:
    for row in using.execute(select(run).where(*where).order_by(run.c.id)):
        yield (RUN, row.id), _name((RUN, row.id)), dict(row._mapping)  # noqa: SLF001 -- a public name


def _plans(using: Connection, *where: ColumnElement[bool]) -> Iterator[Row]:
    for row in using.execute(select(plan).where(*where).order_by(plan.c.created, plan.c.id)):
        yield (PLAN, row.id), _name((PLAN, row.id)), dict(row._mapping)  # noqa: SLF001 -- a public name


def _operations(using: Connection, *where: ColumnElement[bool]) -> Iterator[Row]:
    after = 0
    while rows := using.execute(operations().where(operation.c.id > after, *where).limit(CHUNK)).all():
        for row in rows:
            found = operation_of(row)
            name = f"operation {row.id} ({found.host}, {found.state})"
            yield (OPERATION, row.id), name, content(found)
        after = rows[-1].id


def signatures(using: Connection, plan_id: str) -> tuple[tuple[str, str], ...]:
    """Return whose signatures a plan was used with, each with its text; none where it was used without."""
    query = select(audit.c.details).where(audit.c.what == SIGNED).order_by(audit.c.number.desc())
    for details in map(json.loads, using.execute(query).scalars()):
        if details["plan"] == plan_id:
            return tuple((each["who"], each["text"]) for each in details["signatures"])
    return ()


def plan_told(using: Connection, plan_id: str) -> dict[str, Any]:
    """Return what an entry's details hold to bind a stored plan, as it is in the database."""
    (row,) = _plans(using, plan.c.id == plan_id)
    return {"plan": plan_id, **told(PLAN, row[2])}


def run_told(using: Connection, run_id: int) -> dict[str, Any]:
    """Return what an entry's details hold to bind a stored run and its plan, as they are in the database."""
    (row,) = _runs(using, run.c.id == run_id)
    return told(RUN, row[2]) | plan_told(using, row[2]["plan_id"])
