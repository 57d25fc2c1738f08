"""What stands in a host's place: `web[01:10].corp:5986`, `db-[a:f]`, `q[:2]`, `[2001:db8::10]:5986`.

The rules are those of ansible-core 2.19: `parsing/utils/addresses.py` and `expand_hostname_range`. An open
begin is 0, an open end a mistake; letters are taken out of a to z and then A to Z, so that `[x:C]` is x, y,
z, A, B, C.
"""

from __future__ import annotations

import re
import string

from inventory.schema.shapes import is_ip
from inventory.words import SHOWN, visible

LIMIT = 100_000  # names out of one pattern

_LONGEST = 9  # digits behind a colon that are looked at
_BRACKETED = re.compile(r"\[(.+)\]:([0-9]+)")
_PLAIN = re.compile(r"((?:[^:\[\]]|\[[^\]]*\])*):([0-9]+)")
_RANGES = re.compile(r"\[(?:[a-z]:[a-z]|[0-9a-f]+:[0-9a-f]+)(?::[0-9]+)?\]", re.IGNORECASE)
_HOST = re.compile(r"(?![_.-])\w[\w-]*(?<![_-])(?:\.\w[\w-]*(?<![_-]))*")


def read_pattern(pattern: str) -> tuple[list[str], int | None]:
    """Return names and port. A port counts only behind what could be a host. Raises ValueError with words."""
    if pattern.startswith("[") and pattern.endswith("]") and is_ip(pattern[1:-1]):
        return [pattern[1:-1]], None  # no range: Ansible stumbles over it
    name, port = pattern, None
    for form in (_BRACKETED, _PLAIN):
        if found := form.fullmatch(name):
            name, port = found[1], _port(found[2])
    shape = _RANGES.sub("1", name)
    if not (is_ip(shape) or _HOST.fullmatch(shape)):
        name, port = pattern, None
    if not name:
        raise ValueError("a host without a name")
    return expand(name), port


def _port(digits: str) -> int:
    """Return a number of port; of one with more digits than any has, only that it is too large."""
    return int(digits) if len(digits) <= _LONGEST else 10**_LONGEST


def expand(pattern: str) -> list[str]:
    """Return the names that a pattern stands for; none for a range of numbers whose end comes first."""
    names, rest = [""], pattern
    while "[" in rest:
        head, _, inside = rest.partition("[")
        values, closed, rest = inside.partition("]")
        if not closed:
            raise ValueError("a `[` is opened and not closed")
        values_ = _values(values)
        if len(names) * len(values_) > LIMIT:
            raise ValueError(f"the range stands for more than {LIMIT:,} hosts")
        names = [f"{name}{head}{value}" for name in names for value in values_]
    return [name + rest for name in names]


def _values(text: str) -> list[str]:
    shown = f"[{visible(text[:SHOWN])}]"
    try:
        begin, end, step = (text if text.count(":") > 1 else f"{text}:1").split(":")
    except ValueError:
        words = "begin, end and perhaps a step, parted by colons"
        raise ValueError(f"{shown} is no range: {words}") from None
    begin = begin or "0"
    if not end:
        raise ValueError(f"{shown} is no range: its end is open")
    width = len(begin) if begin.startswith("0") and len(begin) > 1 else 0
    if width and len(end) != width:
        raise ValueError(f"{shown} is no range: a begin with zeros in front and an end of another length")
    try:
        return [str(value).zfill(width) for value in _sequence(begin, end, int(step))]
    except ValueError:
        words = "letters or numbers on both sides, the first not after the last, and a step of 1 or more"
        raise ValueError(f"{shown} is no range: {words}") from None


def _sequence(begin: str, end: str, step: int) -> list[str] | range:
    letters = string.ascii_letters
    if step < 1:
        raise ValueError
    if begin in letters and end in letters:
        first, last = letters.index(begin), letters.index(end)
        if first > last:
            raise ValueError
        return list(letters[first : last + 1 : step])
    numbers = range(int(begin), int(end) + 1, step)
    if len(numbers) > LIMIT:
        raise ValueError
    return numbers
