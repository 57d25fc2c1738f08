"""What a key takes: how its value is read from a file, where it has a type, and from a variable's text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inventory.errors import FleetcheckError

Value = str | int | float | bool | tuple[str, ...]
"""A value as the options of a command take it."""

_BITS = 63  # of an integer, beside its sign
_WHOLE = re.compile(r"[0-9]{1,9}")
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value.

    `takes` names it for people. `check` gives the value as options take it, or raises ValueError; `of_text`
    turns a variable's text into what `check` is given.
    """

    takes: str
    check: Callable[[object], Value]
    of_text: Callable[[str], object] = str


def whole(least: int, most: int | None = None) -> Kind:
    """Take a whole number from `least` to `most`."""

    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError  # noqa: TRY004  # a value that does not fit, whatever its type
        _within(value, least, most)
        return value

    return Kind(f"a whole number{_range(least, most)}", check, _number)


def number(least: float, most: float | None = None) -> Kind:
    """Take a number from `least` to `most`, whole or not, and finite."""

    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError  # noqa: TRY004  # a value that does not fit, whatever its type
        _within(value, least, most)
        if not math.isfinite(value):
            raise ValueError
        return float(value)

    return Kind(f"a number{_range(least, most)}", check, _number)


def flag() -> Kind:
    """Take true or false."""

    def check(value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueError  # noqa: TRY004  # a value that does not fit, whatever its type
        return value

    return Kind("true or false", check, _truth)


def word(*words: str) -> Kind:
    """Take one of some words."""

    def check(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise ValueError
        return value

    return Kind(f"{', '.join(words[:-1])} or {words[-1]}", check)


def text(takes: str, proof: Callable[[str], object] | None = None) -> Kind:
    """Take a text, or a number where people write one (`max_failed = 3`).

    `proof` raises for what cannot be meant.
    """

    def check(value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise ValueError  # noqa: TRY004  # a value that does not fit, whatever its type
        _written(value)
        if not str(value).strip():
            raise ValueError
        _prove(str(value), proof)
        return str(value)

    return Kind(takes, check)


def span(example: str, least: str = "0s") -> Kind:
    """Take a length of time of `least` or more, such as `example`."""

    def proof(value: str) -> None:
        from orchestrator.domain.primitives.span import parse_span

        parse_span(value, "", least=parse_span(least, ""))

    bound = "" if least == "0s" else f", {least} or more"
    return text(f"a time in s, m, h or d{bound}, such as {example}", proof)


def _prove(value: str, proof: Callable[[str], object] | None) -> None:
    try:
        if proof is not None:
            proof(value)
    except FleetcheckError:
        raise ValueError from None


def _within(value: float, least: float, most: float | None) -> None:
    _written(value)
    if value < least or (most is not None and value > most):
        raise ValueError


def _written(value: object) -> None:
    """Refuse an integer that TOML does not promise to hold: one of thousands of digits cannot be shown."""
    if isinstance(value, int) and value.bit_length() > _BITS:
        raise ValueError


def _range(least: float, most: float | None) -> str:
    return f", {least:,} or more" if most is None else f" from {least:,} to {most:,}"


def _number(value: str) -> object:
    """Read a number; what is none stays text, for `check` to refuse."""
    value = value.strip()
    if _WHOLE.fullmatch(value):
        return int(value)
    try:
        return float(value)
    except ValueError:
        return value


def _truth(value: str) -> object:
    known = value.strip().lower()
    return True if known in _TRUE else False if known in _FALSE else value


def paths(value: object) -> Sequence[str]:
    """Return the paths of a text or of a list of texts. Raises ValueError for anything else, and for none."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not found:
        raise ValueError
    if any(not isinstance(path, str) or not path.strip() or "\0" in path for path in found):
        raise ValueError
    return found
