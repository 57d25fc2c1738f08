"""Read a pin out of a registry value, by the rules of reading."""

from __future__ import annotations

from collections.abc import Iterable

from inventory.windows_names import fold
from orchestrator.domain.judgement import Pin
from orchestrator.domain.reading import Kind, Value

LOWEST_PORT = 1
HIGHEST_PORT = 65535
_MOST_DIGITS = 5
_DIGITS = frozenset("0123456789")  # not str.isdigit, which takes Arabic digits and superscripts


def parse_pin(value: Value | None) -> Pin:
    """Return the port that a value holds, with its kind and data as they are; None is a value that is
    missing.

    A port is a DWORD or QWORD in 1-65535, or an SZ or EXPAND_SZ of 1-5 ASCII digits in that range and nothing
    around them. Everything else has `port` None. Never raises.
    """
    if value is None:
        return Pin(port=None, kind=None, shown=None)
    return Pin(port=None if value.cut else _port(value), kind=str(value.kind), shown=shown(value))


def shown(value: Value) -> str:
    """Write a value's data as text, uncleaned.

    Decimal digits, the text itself, the texts of a list joined by `; `, or the bytes as hex.
    """
    return "; ".join(value.data) if isinstance(value.data, tuple) else str(value.data)


def find_value(values: Iterable[Value], name: str) -> Value | None:
    """Find a value by its name, as the registry compares names: case does not count."""
    wanted = fold(name)
    return next((value for value in values if fold(value.name) == wanted), None)


def _port(value: Value) -> int | None:
    data = value.data
    if value.kind in (Kind.SZ, Kind.EXPAND_SZ) and isinstance(data, str):
        number = int(data) if 0 < len(data) <= _MOST_DIGITS and _DIGITS.issuperset(data) else 0
    elif value.kind in (Kind.DWORD, Kind.QWORD) and isinstance(data, int):
        number = data
    else:
        number = 0
    return number if LOWEST_PORT <= number <= HIGHEST_PORT else None
