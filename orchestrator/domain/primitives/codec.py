"""Frozen dataclasses to and from JSON, by their type hints: what a value is made of is written down once, in
its class.

A field that equals its default is left out, so a field that a class gains (with a default) reads well from
old rows; a field that this program does not know is left aside.
"""

from __future__ import annotations

import enum
import json
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast

T = TypeVar("T")
Convert = Callable[[Any], Any]
Pair = tuple[Convert, Convert]  # into JSON's types, and back


_JSON = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def dumps(jsonable: object) -> str:
    """Write JSON as it is stored: ASCII, no blanks."""
    return _JSON.encode(jsonable)


def encode(value: object, *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Turn a dataclass instance into what `dumps` takes, leaving out the fields named."""
    return cast("dict[str, Any]", _encoder(cast("Any", type(value)), without)(value))


def decode(kind: type[T], jsonable: Mapping[str, Any]) -> T:
    """Turn what `encode` gave back into a `kind`.

    Raises KeyError, TypeError or ValueError for what it never gave.
    """
    return cast("T", _pair(cast("Any", kind))[1](jsonable))


def decode_fields(
    kind: type, jsonable: Mapping[str, Any], *, without: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Decode single fields of a `kind`, for a caller who has the others from elsewhere."""
    return _decoder(cast("Any", kind), without)(jsonable)


def _same(value: Any) -> Any:
    return value


@cache
def _pair(kind: Any) -> Pair:
    """Make the converters of a type, once. Raises TypeError for a type that no stored value may have."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if is_dataclass(kind):
        return _of_dataclass(cast("type", kind))
    if origin in (typing.Union, types.UnionType):
        return _of_union(kind, arguments)
    if origin is tuple:
        return _of_tuple(_pair(arguments[0]))
    if origin is Mapping:
        return _of_mapping(cast("type", arguments[0]), _pair(arguments[1]))
    if origin is typing.Literal:
        return _same, _same
    return _of_scalar(kind)


def _of_scalar(kind: Any) -> Pair:
    if kind in (str, int, float, bool):
        return _same, _same
    if kind is datetime:
        return datetime.isoformat, datetime.fromisoformat
    if isinstance(kind, type) and issubclass(kind, enum.StrEnum):
        return _same, {
            member.value: member for member in kind
        }.__getitem__  # four times as fast as calling it
    raise TypeError(f"there is no JSON for a {kind}")


def _of_tuple(item: Pair) -> Pair:
    into, back = item
    return (
        _same if into is _same else lambda value: [into(each) for each in value],
        tuple if back is _same else lambda value: tuple(back(each) for each in value),
    )


def _of_mapping(key: type, item: Pair) -> Pair:
    into, back = item  # JSON's keys are text
    return (
        dict if into is _same else lambda value: {k: into(each) for k, each in value.items()},
        lambda value: types.MappingProxyType({key(k): back(each) for k, each in value.items()}),
    )


def _of_union(kind: Any, members: tuple[Any, ...]) -> Pair:
    """Handle `X | None`, and members that JSON tells apart: plain ones, and one tuple of plain ones."""
    pairs = [_pair(member) for member in members if member is not type(None)]
    if all(pair == (_same, _same) for pair in pairs):
        return _same, _same
    if len(pairs) == 1:
        into, back = pairs[0]
        return (
            _same if into is _same else lambda value: None if value is None else into(value),
            lambda value: None if value is None else back(value),
        )
    if all(pair in ((_same, _same), (_same, tuple)) for pair in pairs):
        return _same, lambda value: tuple(value) if isinstance(value, list) else value
    raise TypeError(f"JSON cannot tell the members of {kind} apart")


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _of_dataclass(kind: type) -> Pair:
    into, back = _encoder(cast("Any", kind), frozenset()), _decoder(cast("Any", kind), frozenset())
    return into, lambda jsonable: kind(**back(jsonable))


@cache
def _decoder(kind: Any, without: frozenset[str]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    hints = typing.get_type_hints(kind)
    backs = {f.name: _pair(hints[f.name])[1] for f in fields(kind) if f.name not in without}
    known, converted = backs.keys(), [(n, back) for n, back in backs.items() if back is not _same]

    def back(jsonable: Mapping[str, Any]) -> dict[str, Any]:
        cells = dict(jsonable)
        if not cells.keys() <= known:
            cells = {name: cell for name, cell in cells.items() if name in known}
        for name, convert in converted:
            if name in cells:
                cells[name] = convert(cells[name])
        return cells

    return back


@cache
def _encoder(kind: Any, without: frozenset[str]) -> Convert:
    hints = typing.get_type_hints(kind)
    wanted = [field for field in fields(kind) if field.name not in without]
    plan = [(field.name, _default(field), _pair(hints[field.name])[0]) for field in wanted]

    def into(value: Any) -> dict[str, Any]:
        jsonable = {}
        for name, default, convert in plan:
            found = getattr(value, name)
            if found is not default and found != default:
                jsonable[name] = found if convert is _same else convert(found)
        return jsonable

    return into
