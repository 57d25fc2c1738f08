"""Globs and regular expressions over names, bounded: how long one may be, how many, and how long they may take."""

from __future__ import annotations

import fnmatch
import re
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from inventory.words import shown

if TYPE_CHECKING:
    import regex

GLOB = re.compile(r"[*?\[]")
SECONDS = 2.0  # for all patterns of a selection; over 10,000 names a usual one takes 0.02
LONGEST = 1000  # characters of one pattern
MOST = 1000  # patterns of one selection: each goes over every name
_FUZZY = re.compile(r"(?<!\\)(?:\\\\)*\{(?!\d+(?:,\d*)?\}|,\d+\})")  # `regex` would match approximately


class PatternError(ValueError):
    """A pattern that cannot be used; the message is for the user and names it."""


class Patterns:
    """Matches the patterns of one selection, and ends the selection where they take longer than `seconds` in all."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._spent = 0.0
        self._used = 0

    def matching(
        self, pattern: str, hosts: Iterable[str], others: Iterable[str]
    ) -> tuple[list[str], list[str]]:
        """Give the hosts and the other names that a glob, or a `~regex`, matches. Case counts for the others alone.

        Raises PatternError where it is no pattern, too long, one too many, or where the time is over.
        """
        self._used += 1
        if self._used > MOST:
            raise PatternError(
                f"more than {MOST:,} globs and regular expressions: name hosts or groups instead"
            )
        if len(pattern) > LONGEST:
            raise PatternError(
                f"{shown(pattern)} has {len(pattern):,} characters, and a pattern at most {LONGEST:,}: name hosts or"
                " groups instead, one a line in a file (`@hosts.txt`)"
            )
        with self._timed(pattern) as deadline:
            matches = [self._matcher(pattern, deadline, any_case=any_case) for any_case in (True, False)]
            return [name for name in hosts if matches[0](name)], [name for name in others if matches[1](name)]

    @contextmanager
    def _timed(self, pattern: str) -> Iterator[float]:
        """Give the moment when the time is over; what is spent counts for the patterns that follow."""
        begun = time.monotonic()
        try:
            yield begun + self._seconds - self._spent
        except TimeoutError:
            raise PatternError(
                f"{shown(pattern)} takes too long: the patterns of a selection get {self._seconds:g} s in all; write it"
                " with fewer repetitions inside of each other, or name the hosts in a file (`@hosts.txt`)"
            ) from None
        finally:
            self._spent += time.monotonic() - begun

    @staticmethod
    def _matcher(pattern: str, deadline: float, *, any_case: bool) -> Callable[[str], object]:
        _look_at_the_clock(deadline)
        if not pattern.startswith("~"):
            return re.compile(fnmatch.translate(pattern), re.IGNORECASE if any_case else 0).match
        compiled = _regex(pattern[1:], any_case=any_case)

        def match(name: str) -> object:
            return compiled.match(name, timeout=_look_at_the_clock(deadline))

        return match


def _look_at_the_clock(deadline: float) -> float:
    """Return the seconds left. Raises TimeoutError where there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _regex(text: str, *, any_case: bool) -> regex.Pattern[str]:
    """Compile a regular expression of Python's `re` for the `regex` package, whose matching can be ended by time.

    `re` decides what is one, so that what only `regex` knows (approximate matches, classes in classes) is refused.
    """
    import regex

    if not text:
        raise PatternError("`~` has no regular expression behind it")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # "Possible nested set": read in two ways
            re.compile(text)
        if found := _FUZZY.search(text):
            raise PatternError(
                f"{shown('~' + text)}: the brace at position {found.end() - 1} is no count such as `{{2}}` or `{{1,3}}`"
            )
        return regex.compile(text, regex.IGNORECASE if any_case else 0)
    except (re.error, regex.error, OverflowError, RecursionError, FutureWarning) as exc:
        raise PatternError(f"{shown('~' + text)} is not a regular expression: {exc}") from None
