"""Decode JSON that a stranger wrote: each value has to be of the type that its class names.

`codec` reads what this program has stored itself, and looks at no type where JSON's is the same.
"""

from __future__ import annotations

import enum
import math
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import MAXYEAR, MINYEAR, datetime
from functools import cache
from typing import Any, TypeVar, cast

from orchestrator.domain.primitives.codec import decode, decode_fields

T = TypeVar("T")
Check = Callable[[Any], None]

LEAST, MOST = -(2**63), 2**64 - 1  # of an integer: what 64 bits hold, with a sign or without


def decode_strict(kind: type[T], jsonable: object) -> T:
    """Do what `codec.decode` does, for JSON from elsewhere.

    Raises KeyError, TypeError or ValueError for what `encode` never gave.
    """
    _check(cast("Any", kind))(jsonable)
    return decode(kind, cast("Mapping[str, Any]", jsonable))


def decode_fields_strict(
    kind: type, jsonable: object, *, without: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Do what `codec.decode_fields` does, for JSON from elsewhere. Raises as `decode_strict`."""
    _of_dataclass(cast("Any", kind), without)(jsonable)
    return decode_fields(kind, cast("Mapping[str, Any]", jsonable), without=without)


def exactly(kind: type[T], value: object) -> T:
    """Return the value. Raises TypeError where it is of another type; True is no int."""
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} expected, {type(value).__name__} found")
    return value


@cache
def _check(kind: Any) -> Check:
    """Make the check of a type, once."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if is_dataclass(kind):
        return _of_dataclass(cast("Any", kind), frozenset())
    if origin in (typing.Union, types.UnionType):
        return _of_union(arguments)
    if origin is tuple:
        return _of_list(_check(arguments[0]))
    if origin is Mapping:
        return _of_mapping(_check(arguments[1]))
    if origin is typing.Literal:
        return _of_literal(arguments)
    return _of_scalar(kind)


def _of_scalar(kind: Any) -> Check:
    if kind is int:
        return _bounded
    if kind is float:
        return _finite
    if kind is datetime:
        return _aware
    if issubclass(kind, enum.StrEnum):  # which member it is, the decoding says
        kind = str

    def check(value: Any) -> None:
        exactly(kind, value)

    return check


def _bounded(value: Any) -> None:
    if not LEAST <= exactly(int, value) <= MOST:
        raise ValueError("an integer of more than 64 bits")


def _finite(value: Any) -> None:
    if type(value) is int:
        _bounded(value)
    elif not math.isfinite(exactly(float, value)):
        raise ValueError("a number that is none")


def _aware(value: Any) -> None:
    found = datetime.fromisoformat(exactly(str, value))
    if found.utcoffset() is None:
        raise ValueError("a time without a time zone")
    if found.year in (MINYEAR, MAXYEAR):  # no other time zone may be able to say it
        raise ValueError("a time that no clock shows")


def _of_literal(members: tuple[Any, ...]) -> Check:
    def check(value: Any) -> None:
        if not any(type(value) is type(member) and value == member for member in members):
            raise ValueError("none of the words that are known here")

    return check


def _of_list(item: Check) -> Check:
    def check(value: Any) -> None:
        for each in exactly(list, value):
            item(each)

    return check


def _of_mapping(item: Check) -> Check:
    def check(value: Any) -> None:  # JSON's keys are text
        for each in exactly(dict, value).values():
            item(each)

    return check


def _of_union(members: tuple[Any, ...]) -> Check:
    checks = [_check(member) for member in members if member is not type(None)]
    optional = type(None) in members

    def check(value: Any) -> None:
        if not (value is None and optional) and not any(_passes(each, value) for each in checks[:-1]):
            checks[-1](value)

    return check


def _passes(check: Check, value: object) -> bool:
    try:
        check(value)
    except (TypeError, ValueError):
        return False
    return True


@cache
def _of_dataclass(kind: Any, without: frozenset[str]) -> Check:
    hints = typing.get_type_hints(kind)
    checks = {f.name: _check(hints[f.name]) for f in fields(kind) if f.name not in without}

    def check(value: Any) -> None:
        for name, cell in exactly(dict, value).items():
            if name in checks:
                checks[name](cell)

    return check
