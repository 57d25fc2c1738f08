"""Rows as they are stored, and one spelling of them that is the same in both databases.

Texts travel as they lie in the column, so nothing is read and written anew on the way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, Text, func, select

from orchestrator.store.database.types import AsciiText
from orchestrator.store.journal.tables import metadata

CHUNK = 1000  # rows in memory at a time


def _raw(table: Table) -> Table:
    """Return the table without what reads and writes our texts."""
    columns = (
        Column(
            column.name,
            Text() if isinstance(column.type, AsciiText) else column.type,
            primary_key=column.primary_key,
            autoincrement=False,
        )
        for column in table.columns
    )
    return Table(table.name, MetaData(), *columns)


TABLES = tuple(_raw(table) for table in metadata.sorted_tables)
"""Every table of a database, those first that others refer to."""


def count(using: Connection, table: Table) -> int:
    """Return how many rows a table holds."""
    return int(using.execute(select(func.count()).select_from(table)).scalar_one())


def chunks(using: Connection, table: Table) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Yield all rows in the order of their key, some at a time; inside one transaction."""
    query = select(table).order_by(*(_ordered(using, key) for key in table.primary_key.columns))
    streaming = using.execution_options(yield_per=CHUNK)
    yield from ([tuple(row) for row in part] for part in streaming.execute(query).partitions())


def _ordered(using: Connection, key: Column[Any]) -> Any:
    """Order texts by their bytes, as SQLite does: a language's order is a server's own matter."""
    text = isinstance(key.type, Text)
    return key.collate("C") if text and using.dialect.name == "postgresql" else key


class Digest:
    """SHA-256 over rows in their order, one line of JSON each."""

    def __init__(self) -> None:
        """Begin without a row."""
        self._hash, self.rows = hashlib.sha256(), 0

    def add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Take in the next rows."""
        self.rows += len(rows)
        self._hash.update("".join(map(canonical, rows)).encode("ascii"))

    def hexdigest(self) -> str:
        """Return what the rows so far come to."""
        return self._hash.hexdigest()


def canonical(row: tuple[Any, ...]) -> str:
    """Write a row as one line of ASCII: times in UTC to the microsecond, everything else as JSON."""
    return json.dumps(row, ensure_ascii=True, separators=(",", ":"), default=_time) + "\n"


def _time(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"no spelling for {value!r}")
    return value.astimezone(UTC).isoformat(timespec="microseconds")
