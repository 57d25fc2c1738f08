"""Ansible's ranges in host names: `web[01:10]`, `db-[a:f]`, `x[0:8:2]`."""

from __future__ import annotations

import re

LIMIT = 100_000  # names out of one pattern

_RANGE = re.compile(r"\[([0-9]+|[A-Za-z]):([0-9]+|[A-Za-z])(?::([0-9]+))?\]")


def expand(pattern: str) -> list[str]:
    """Return the names that a pattern stands for. Raises ValueError with words for the user."""
    names = [""]
    position = 0
    for found in _RANGE.finditer(pattern):
        fixed, position = pattern[position : found.start()], found.end()
        values = _values(found)
        if len(names) * len(values) > LIMIT:
            raise ValueError(f"the range stands for more than {LIMIT:,} hosts")
        names = [f"{name}{fixed}{value}" for name in names for value in values]
    return [name + pattern[position:] for name in names]


def _values(found: re.Match[str]) -> list[str]:
    begin, end, step = found[1], found[2], int(found[3] or 1)
    if begin.isdecimal() != end.isdecimal() or step == 0:
        raise ValueError(f"{found[0]} is no range: numbers or letters on both sides, and a step of 1 or more")
    first, last = (int(begin), int(end)) if begin.isdecimal() else (ord(begin), ord(end))
    if first > last or last - first > LIMIT:
        raise ValueError(f"{found[0]} is no range: the first comes after the last, or it is too long")
    width = len(begin) if begin.isdecimal() and begin.startswith("0") else 0
    numbers = range(first, last + 1, step)
    return [str(number).zfill(width) if begin.isdecimal() else chr(number) for number in numbers]
