"""Put a batch of records into the tables: few statements,
each prepared once and given all rows of the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    Select,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    type_coerce,
)

from orchestrator.domain.record import HostRecord
from orchestrator.store.database.types import AsciiText, escape
from orchestrator.store.results.readings import Row
from orchestrator.store.results.rows import Document, Taken, of_text, take_apart
from orchestrator.store.tables import attempt, connection, document, gist, host_result, registry_value

_REFERENCES = ("profile_id", "settings_id", "identity_id", "registry_id", "judgement_id")


class Inserter:
    """Writes through one connection, the only one that writes: so it can give out ids by itself."""

    def __init__(self, using: Connection) -> None:
        """Read where the ids stand. The connection must be inside a transaction here and in every call."""
        self.connection = using
        self._next_document = _after_last(using, document)
        self._next_result = _after_last(using, host_result)
        self._into = {table.name: _statement(using, table) for table in _TABLES}
        self._queries: dict[tuple[Select[Any], int], str] = {}

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
        """Store the documents that are not there yet, and their gists;
        return the id of each by its digest.
        """
        by_digest = {each.digest: each for each in wanted}
        ids: dict[str, int] = dict(self._found(_DIGESTS, (), tuple(by_digest)))
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
        by_scan: dict[int, dict[tuple[str | None, int], tuple[int, str, int]]] = {}
        for key in keys:
            by_scan.setdefault(key[0], {})[escape(key[1]), key[2]] = key
        return {
            wanted[host, number]: result_id
            for scan_id, wanted in by_scan.items()
            for host, number, result_id in self._found(
                _RESULTS, (scan_id,), tuple({each for each, _ in wanted})
            )
            if (host, number) in wanted
        }

    def _found(self, query: Select[Any], fixed: Row, wanted: Row) -> Iterable[Any]:
        """Run a query whose last condition is a list of texts, as they are stored;
        `fixed` are the values before it.
        """
        if not wanted:
            return ()
        room = 1 << (len(wanted) - 1).bit_length()  # few lengths, so few statements
        statement = self._queries.get((query, room))
        if statement is None:
            statement = self._queries[query, room] = _listing(self.connection, query, room)
        padded = (*fixed, *wanted, *wanted[-1:] * (room - len(wanted)))
        return self.connection.exec_driver_sql(statement, padded).fetchall()

    def _new_result(self) -> int:
        self._next_result += 1
        return self._next_result - 1

    def _rows(self, table: Table, rows: list[Row]) -> None:
        if rows:
            statement, processors = self._into[table.name]
            self.connection.exec_driver_sql(statement, [_bound(processors, row) for row in rows])


_TABLES = (document, registry_value, gist, host_result, attempt, connection)
_LIST: BindParameter[str] = bindparam("list", expanding=True)
# Texts go past their column's type here, as they are stored, and come back so: SQLAlchemy's way with a list
# is to write the statement anew each time, which costs more than the database takes to answer it.
_DIGESTS = select(document.c.digest, document.c.id).where(document.c.digest.in_(_LIST))
_STORED_HOST = type_coerce(host_result.c.host, Text)
_RESULTS = select(_STORED_HOST, host_result.c["try"], host_result.c.id).where(
    host_result.c.scan_id == bindparam("scan", 0), _STORED_HOST.in_(_LIST)
)
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


def _listing(using: Connection, query: Select[Any], room: int) -> str:
    """Compile a query whose list has room for so many texts."""
    named = query.params(list=[""] * room)
    return str(named.compile(dialect=using.dialect, compile_kwargs={"render_postcompile": True}))


def _after_last(using: Connection, table: Table) -> int:
    last: int | None = using.execute(select(func.max(table.c.id))).scalar()
    return (last or 0) + 1
