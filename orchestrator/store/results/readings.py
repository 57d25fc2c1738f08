"""What a host said, put together of documents and of rows, which become values without detours. No SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.primitives.codec import decode_fields
from orchestrator.domain.reading import Attempt, Connection, Kind, Reading, Result, Source, Value, View

Row = tuple[Any, ...]

_SOURCES = {each.value: each for each in Source}
_RESULTS = {each.value: each for each in Result}
_KINDS = {each.value: each for each in Kind}
_VALUES = frozenset({"values"})
_OF_ROWS = frozenset({"views", "attempts", "connections"})
_CONNECTION = ("local_address", "local_port", "remote_address", "remote_port", "state")


@dataclass(frozen=True, slots=True)
class Said:
    """What documents hold of a reading, as JSON values; `clock` as text."""

    reading: dict[str, Any]
    clock: str | None
    identity: dict[str, Any]
    targets: list[Any]


def reading_of(
    details: str,
    identity: str,
    views: tuple[View, ...],
    attempts: Iterable[Row],
    connections: Iterable[Row],
) -> Reading:
    """Put a reading together of two documents and its rows, which come without id and position.

    Raises KeyError, TypeError or ValueError where they do not make one.
    """
    said = json.loads(details)
    who, targets, _ = json.loads(identity)
    parts = Said(said["reading"], said.get("clock"), who, targets)
    return put_reading(parts, views, attempts, connections)


def put_reading(
    said: Said, views: tuple[View, ...], attempts: Iterable[Row], connections: Iterable[Row]
) -> Reading:
    """Put a reading together of what its documents say and of its rows. Raises as `reading_of`."""
    who = said.identity if said.clock is None else said.identity | {"clock": said.clock}
    fields = said.reading | {"identity": who, "targets": said.targets}
    return Reading(
        **decode_fields(Reading, fields, without=_OF_ROWS),
        views=views,
        attempts=tuple(map(_attempt_of, attempts)),
        connections=tuple(map(_connection_of, connections)),
    )


def _connection_of(cells: Row) -> Connection:
    return Connection(**dict(zip(_CONNECTION, cells, strict=True)))


def _attempt_of(cells: Row) -> Attempt:
    """Put an attempt together without asking the class for its fields: a reading has dozens of them."""
    role, source, target, address, port, result, milliseconds, number, error = cells
    return Attempt(
        role=role,
        source=_SOURCES[source],
        target=target,
        address=address,
        port=port,
        result=_RESULTS[result],
        milliseconds=milliseconds,
        number=number,
        error=error,
    )


def views_of(document: str, values: Iterable[Row]) -> tuple[View, ...]:
    """Put registry views together again; the values come without id and position.

    Raises as `reading_of`.
    """
    views = json.loads(document)
    held: list[list[Value]] = [[] for _ in views]
    for place, name, kind, data, cut in values:
        said = json.loads(data)
        held[place].append(
            Value(name=name, kind=_KINDS[kind], data=tuple(said) if isinstance(said, list) else said, cut=cut)
        )
    return tuple(
        View(**decode_fields(View, view, without=_VALUES), values=tuple(found))
        for view, found in zip(views, held, strict=True)
    )
