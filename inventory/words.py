"""Wording that messages share: how a value, a list of names, a suggestion is written."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inventory.scalars import plain

SHOWN = 60  # characters of a value in a message
_LETTERS = re.compile(r"\\.|[^\W_]|[_.-]")  # of a pattern; what a backslash makes special is none
NAMED = 3  # names in a message before the rest is counted


def visible(text: str) -> str:
    """Make everything that is not printable visible as an escape, so that no message can steer a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shown(value: Any) -> str:
    """Write a value as it looks in YAML, in backticks and cut short; a list or mapping only by its kind."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case Mapping():
            return "a mapping"
        case str():
            cut = visible(value if len(value) <= SHOWN else value[:SHOWN] + "...")
            quotes = "" if isinstance(plain(value), str) else '"'  # a number between quotes is a text
            return f"`{quotes}{cut}{quotes}`" if value else "an empty text"
        case Sequence():
            return "a list"
        case _:
            wide = isinstance(value, int) and value.bit_length() > 64  # noqa: PLR2004 - no machine's word
            return "an integer of more than 64 bits" if wide else f"`{str(value)[:SHOWN]}`"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write `1 host`, `2,000 hosts`; `many` where an s does not make the plural."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def digits(number: float) -> str:
    """Write a number that somebody gave as people write it: 1000000, 0.00005, 86399.75; never 1e+06."""
    written = repr(float(number)).removesuffix(".0")
    if "e" not in written:
        return written
    from decimal import Decimal

    return f"{Decimal(written):f}"


def quoted(names: Iterable[str]) -> str:
    """Write names in backticks, commas between; none is left out."""
    return ", ".join(f"`{visible(name)}`" for name in names)


def folded(names: Sequence[str]) -> str:
    """Write the first names and count the rest: "`a`, `b`, `c` and 7 more"."""
    more = len(names) - NAMED
    return quoted(names) if more <= 0 else f"{quoted(names[:NAMED])} and {more} more"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean `x`?" for the nearest known word, or nothing."""
    word = word[:SHOWN]
    near = [name for name in known if abs(len(name) - len(word)) <= 2]  # noqa: PLR2004 - two letters off is a guess too far
    by_lower = {name.lower(): name for name in near}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean `{visible(by_lower[found[0]])}`?" if found else ""


def near_pattern(pattern: str, known: Iterable[str]) -> str:
    """Return "; the nearest name is `x`" for a glob or `~regex` that nothing fits: by its letters,
    at the same end.
    """
    letters = "".join(part for part in _LETTERS.findall(pattern) if part[0] != "\\")[:SHOWN].lower()
    at_end = pattern[:1] in ("*", "?")
    pieces: dict[str, str] = {}
    for name in known if letters else ():
        piece = name[-len(letters) :] if at_end else name[: len(letters)]
        pieces.setdefault(piece.lower(), name)
    found = difflib.get_close_matches(letters, pieces, n=1, cutoff=0.6)
    return f"; the nearest name is `{visible(pieces[found[0]])}`" if found else ""
