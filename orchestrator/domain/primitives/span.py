"""A length of time as the user types it: `90s`, `2m`, `24h`, `7d`."""

from __future__ import annotations

import re
from datetime import timedelta
from types import MappingProxyType

from inventory.errors import EXIT_USAGE, FleetcheckError

_SPAN = re.compile(r"([0-9]{1,7})([smhd])\Z")
_UNITS = MappingProxyType({"s": "seconds", "m": "minutes", "h": "hours", "d": "days"})
_SIZES = MappingProxyType({"d": 86_400, "h": 3600, "m": 60})  # in seconds
LONGEST = timedelta(days=3660)


class SpanError(FleetcheckError, ValueError):
    """No length of time that can be used; the message is for the user."""

    exit_code = EXIT_USAGE


def parse_span(text: str, option: str, *, least: timedelta = timedelta(0)) -> timedelta:
    """Read a whole number and its unit. Raises SpanError naming `option`."""
    match = _SPAN.match(text.strip())
    if match is None:
        raise SpanError(f"{option}: found {text!r}, expected a number and s, m, h or d, such as 90s, 2m, 24h")
    found = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if found > LONGEST:
        raise SpanError(f"{option}: {text} is too long, at most {span_words(LONGEST)}")
    if found < least:
        raise SpanError(f"{option}: {text} is too short, at least {span_words(least)}")
    return found


def span_words(span: timedelta) -> str:
    """Write whole seconds as the user would type them: in the largest unit that leaves no rest."""
    seconds = int(span.total_seconds())
    for unit, size in _SIZES.items():
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
