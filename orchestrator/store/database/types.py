"""Column types that lose nothing: aware times, and text that both databases take."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii
from typing import Any

from sqlalchemy import Boolean, ColumnElement, DateTime, Text, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


def escape(text: str | None) -> str | None:
    """Write text in ASCII, as inside a JSON string: PostgreSQL refuses U+0000, SQLite a lone surrogate.

    Two surrogates that stand together come back as the character that they mean, as from any JSON. An
    enumeration's word comes out as exactly `str`, which the drivers take the fast way.
    """
    return None if text is None else encode_basestring_ascii(text)[1:-1]


def unescape(stored: str) -> str:
    """Return the text that `escape` was given."""
    return str(json.loads(f'"{stored}"')) if "\\" in stored else stored


class AsciiText(TypeDecorator[str]):
    """Any Python text, stored by `escape`.

    Comparing for equality works in SQL; patterns see the escaped form.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 -- the same for both
        """Escape on the way in."""
        return escape(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], str | None]:  # noqa: ARG002 -- the same for both
        """Unescape on the way out: in one call a value, since a report reads hundreds of thousands."""
        return lambda value: value if value is None or "\\" not in value else unescape(value)


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC; SQLite alone would drop its time zone.

    A naive one raises ValueError.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse what is naive, turn the rest into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a time zone: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- either form
        """Say that it is UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def among(column: ColumnElement[int], numbers: Iterable[int]) -> ColumnElement[bool]:
    """Whether a column has one of these numbers, which go as one value.

    A list that stands in the statement is compiled anew for each time and length.
    """
    return column.op("IN", return_type=Boolean())(_Numbers(bindparam(None, json.dumps(list(numbers)), Text)))


class _Numbers(FunctionElement[int]):
    """The numbers of a JSON list, as a subquery."""

    name = "numbers"
    inherit_cache = True


@compiles(_Numbers, "sqlite")
def _on_sqlite(element: _Numbers, compiler: Any, **how: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **how)}))"  # noqa: S608 -- a bound parameter


@compiles(_Numbers, "postgresql")
def _on_postgresql(element: _Numbers, compiler: Any, **how: Any) -> str:
    listed = compiler.process(element.clauses, **how)
    return f"(SELECT CAST(value AS BIGINT) FROM json_array_elements_text(CAST({listed} AS JSON)))"  # noqa: S608 -- a bound parameter
