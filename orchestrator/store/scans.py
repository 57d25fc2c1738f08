"""A scan's own row: taken apart and put together."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from orchestrator.domain.record import ScanRecord, ScanState
from orchestrator.store.errors import UnknownScanError
from orchestrator.store.place import Place
from orchestrator.store.rows import Document, shared
from orchestrator.store.tables import document, id_of, scan
from orchestrator.store.trouble import read_from

_COPIED = (
    "started",
    "ended",
    "mode",
    "inventory",
    "inventory_digest",
    "selection",
    "command",
    "version",
    "script",
    "fleet",
)


def columns(record: ScanRecord) -> dict[str, Any]:
    """Return the scan's columns, but for its id and its hosts."""
    copied = {name: getattr(record, name) for name in _COPIED}
    return {**copied, "state": record.state.value, "user_name": record.user}


def names(record: ScanRecord) -> Document:
    """Return the names of the scan's hosts, as the document that scans of the same hosts share."""
    return shared(list(record.hosts))


def query() -> Select[Any]:
    """Select whole scans."""
    return select(scan, document.c.text.label("hosts")).join(document, document.c.id == scan.c.hosts_id)


def of_row(row: Row[Any]) -> ScanRecord:
    """Make a scan of a row of `query`."""
    cells = row._mapping  # noqa: SLF001 -- SQLAlchemy's public name for it
    return ScanRecord(
        **{name: cells[name] for name in _COPIED},
        id=cells["id"],
        state=ScanState(cells["state"]),
        user=cells["user_name"],
        hosts=tuple(json.loads(cells["hosts"])),
    )


def load(connection: Connection, scan_id: int, place: Place) -> ScanRecord:
    """Read one scan. Raises UnknownScanError, DatabaseError."""
    with read_from(place):
        row = connection.execute(query().where(scan.c.id == id_of(scan_id))).first()
        if row is None:
            latest = connection.execute(select(func.max(scan.c.id))).scalar()
            raise UnknownScanError(place.shown, scan_id, latest)
        return of_row(row)
