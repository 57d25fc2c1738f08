"""The audit's rows: entries appended to the chain, read, and held against the journal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from orchestrator.domain.audit import AuditCheck, BrokenLink, check, link, operation_digest
from orchestrator.domain.operation import AuditEntry, Operation
from orchestrator.store.journal_tables import audit, operation
from orchestrator.store.operations import operation_of, operations

CHUNK = 1000  # entries a query
OPERATION = "operation"
"""The audit's word for a row of the journal that was made or moved; `details` then hold the row's digest."""

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


def append_operation(into: Connection, who: str, before: str | None, after: Operation) -> AuditEntry:
    """Add the entry about an operation that was opened (`before`: None) or moved from the state `before`."""
    details = {
        "operation": after.id,
        "run": after.run,
        "plan": after.plan,
        "undoes": after.undoes,
        "from": before,
        "to": after.state.value,
        "detail": after.detail,
        "row": operation_digest(after),
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
    """Go along the chain, then hold the journal against it: each row has to be what its last entry says it is."""
    told: dict[int, str] = {}
    found = check(_noting(_entries(using), told))
    if found.broken is not None:
        return found
    return replace(found, broken=_first_difference(using, told))


def _noting(chain: Iterable[AuditEntry], told: dict[int, str]) -> Iterator[AuditEntry]:
    """Pass the entries on, and note what the last one about each operation says of its row."""
    for entry in chain:
        if entry.what == OPERATION:
            details = _object(entry.details)
            if "row" in details:
                told[details["operation"]] = details["row"]
        yield entry


def _object(text: str) -> dict[str, Any]:
    """Read an entry's details; what is no object says nothing here, and the chain breaks at it."""
    try:
        details = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return details if isinstance(details, dict) else {}


def _first_difference(using: Connection, told: dict[int, str]) -> BrokenLink | None:
    for number, found in _operations(using):
        said = told.pop(number, None)
        if said != operation_digest(found):
            missing = "no entry tells of it" if said is None else "its last entry tells of other content"
            where = f"operation {number} ({found.host}, {found.state}) is not what was written"
            return BrokenLink(number=None, found=f"{where}: {missing}")
    if told:
        return BrokenLink(number=None, found=f"operation {min(told)} is not in the journal any more")
    return None


def _operations(using: Connection) -> Iterator[tuple[int, Operation]]:
    after = 0
    while rows := using.execute(operations().where(operation.c.id > after).limit(CHUNK)).all():
        yield from ((row.id, operation_of(row)) for row in rows)
        after = rows[-1].id
