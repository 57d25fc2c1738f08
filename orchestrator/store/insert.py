"""Put a batch of records into the tables: few statements, each prepared once and given all rows of the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, func, insert, select

from orchestrator.domain.record import HostRecord
from orchestrator.store.rows import Document, Row, Taken, of_text, take_apart
from orchestrator.store.tables import attempt, connection, document, gist, host_result, registry_value
from orchestrator.store.types import AsciiText, escape

_REFERENCES = ("profile_id", "settings_id", "identity_id", "registry_id", "judgement_id")


class Inserter:
    """Writes through one connection, the only one that writes: so it can give out ids by itself."""

    def __init__(self, using: Connection) -> None:
        """Read where the ids stand. The connection must be inside a transaction here and in every call."""
        self.connection = using
        self._next_document = _after_last(using, document)
        self._next_result = _after_last(using, host_result)
        self._into = {table.name: _statement(using, table) for table in _TABLES}

    def records(self, batch: Sequence[tuple[int, HostRecord]]) -> None:
        """Store (scan id, record) pairs. A (scan, host, try) that is there already is replaced.

        The scans must exist. Raises what SQLAlchemy raises.
        """
        taken = {(scan_id, r.host, r.outcome.trace.tries): take_apart(r) for scan_id, r in batch}
        known = self._known(taken)
        if known:
            self.connection.execute(delete(host_result).where(host_result.c.id.in_(known.values())))
        documents = self.documents([d for parts in taken.values() for d in parts.documents.values()])
        results, attempts, connections = [], [], []
        for key, parts in taken.items():
            result_id = known.get(key) or self._new_result()
            results.append(_result(result_id, key[0], parts, documents))
            attempts += [(result_id, n, *row) for n, row in enumerate(parts.attempts)]
            connections += [(result_id, n, *row) for n, row in enumerate(parts.connections)]
        self._rows(host_result, results)
        self._rows(attempt, attempts)
        self._rows(connection, connections)

    def documents(self, wanted: Iterable[Document]) -> dict[str, int]:
        """Store the documents that are not there yet, and their gists; return the id of each by its digest."""
        by_digest = {each.digest: each for each in wanted}
        query = select(document.c.digest, document.c.id).where(document.c.digest.in_(by_digest))
        ids: dict[str, int] = {row.digest: row.id for row in self.connection.execute(query)}
        rows: list[Row] = []
        values: list[Row] = []
        short: dict[int, Document] = {}
        for digest, each in by_digest.items():
            if digest not in ids:
                number = ids[digest] = self._next_document
                self._next_document += 1
                rows.append((number, digest, each.text))
                values += [(number, n, *row) for n, row in enumerate(each.values)]
                if each.gist and each.gist != each.text:
                    short[number] = of_text(each.gist)
        self._rows(document, rows)
        self._rows(registry_value, values)
        if short:
            gists = self.documents(short.values())
            self._rows(gist, [(number, gists[each.digest]) for number, each in short.items()])
        return ids

    def _known(self, keys: Iterable[tuple[int, str, int]]) -> dict[tuple[int, str, int], int]:
        """Find which of these results are stored already, and their ids."""
        wanted = set(keys)
        columns = host_result.c
        query = select(columns.scan_id, columns.host, columns["try"], columns.id).where(
            columns.scan_id.in_({key[0] for key in wanted}), columns.host.in_({key[1] for key in wanted})
        )
        rows = {(scan, host, n): number for scan, host, n, number in self.connection.execute(query)}
        return {key: number for key, number in rows.items() if key in wanted}

    def _new_result(self) -> int:
        self._next_result += 1
        return self._next_result - 1

    def _rows(self, table: Table, rows: list[Row]) -> None:
        if rows:
            statement, processors = self._into[table.name]
            self.connection.exec_driver_sql(statement, [_bound(processors, row) for row in rows])


_TABLES = (document, registry_value, gist, host_result, attempt, connection)
Processor = Callable[[Any], Any]


def _result(result_id: int, scan_id: int, parts: Taken, documents: dict[str, int]) -> Row:
    """Lay a host_result out in the order of its columns."""
    ids = {column: documents[each.digest] for column, each in parts.documents.items()}
    cells = {"id": result_id, "scan_id": scan_id, **parts.columns, **ids}
    return tuple(cells.get(column.name) for column in host_result.columns)


def _bound(processors: Sequence[tuple[int, Processor]], row: Row) -> Row:
    """Turn the values that the driver does not take as they are."""
    cells = list(row)
    for place, process in processors:
        cells[place] = process(cells[place])
    return tuple(cells)


def _statement(using: Connection, table: Table) -> tuple[str, list[tuple[int, Processor]]]:
    """Compile an insert of all columns, and what each column's type does on the way in."""
    processors = [(place, _processor(using, column)) for place, column in enumerate(table.columns)]
    statement = str(insert(table).compile(dialect=using.dialect))
    return statement, [(place, process) for place, process in processors if process]


def _processor(using: Connection, column: Column[Any]) -> Processor | None:
    if isinstance(column.type, AsciiText):
        return escape  # without SQLAlchemy's two layers around it: most cells of a scan go through here
    return column.type.dialect_impl(using.dialect).bind_processor(using.dialect)


def _after_last(using: Connection, table: Table) -> int:
    last: int | None = using.execute(select(func.max(table.c.id))).scalar()
    return (last or 0) + 1
