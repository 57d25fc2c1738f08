"""What gives a scan, a run and an operation their ids: a number that was given once is never given again.

The largest id that is stored does not tell: the newest scan may have been deleted.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import BigInteger, Boolean, Connection, column, select, table, text

from orchestrator.store.journal.tables import metadata

COUNTED = tuple(
    table.name for table in metadata.sorted_tables if table.dialect_options["sqlite"]["autoincrement"]
)
"""The tables whose ids the database itself gives."""


def read(using: Connection) -> Mapping[str, int]:
    """Return the last id that each counter gave; 0 where it gave none."""
    given = _of_sqlite if using.dialect.name == "sqlite" else _of_postgresql
    return {name: given(using, name) for name in COUNTED}


def write(into: Connection, counters: Mapping[str, int]) -> None:
    """Let each counter go on after its number."""
    set_to = _set_sqlite if into.dialect.name == "sqlite" else _set_postgresql
    for name, number in counters.items():
        set_to(into, name, number)


def _of_sqlite(using: Connection, name: str) -> int:
    found = using.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": name})
    return int(found.scalar() or 0)


def _set_sqlite(into: Connection, name: str, number: int) -> None:
    into.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
    row = {"name": name, "number": number}
    into.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), row)


def _of_postgresql(using: Connection, name: str) -> int:
    last, given = column("last_value", BigInteger), column("is_called", Boolean)
    row = using.execute(select(last, given).select_from(table(f"{name}_id_seq"))).one()
    return int(row.last_value) if row.is_called else 0


def _set_postgresql(into: Connection, name: str, number: int) -> None:
    """Set a sequence. None can stand at 0: one that has given nothing is told that its next number is 1."""
    values = {"name": f'"{name}_id_seq"', "number": max(number, 1), "called": number > 0}
    into.execute(text("SELECT setval(CAST(:name AS regclass), :number, :called)"), values)
