"""Globs and regular expressions over names, bounded in their length, their number and their time."""

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
SECONDS = 2.0  # for all regular expressions of a selection; over 10,000 names a usual one takes 0.02
LONGEST = 1000  # characters of one term; a file name may be as long
MOST = 1000  # patterns of one selection: each goes over every name
_FUZZY = re.compile(r"(?<!\\)(?:\\\\)*\{(?!\d+(?:,\d*)?\}|,\d+\})")  # `regex` would match approximately


class PatternError(ValueError):
    """A pattern that cannot be used; the message is for the user and names it."""


class Patterns:
    """Matches the patterns of one selection; its regular expressions get `seconds` in all."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._spent = 0.0
        self._used = 0

    def matching(
        self, pattern: str, hosts: Iterable[str], others: Iterable[str]
    ) -> tuple[list[str], list[str]]:
        """Return the hosts and the other names that a glob or `~regex` matches; case counts for the others
        alone.

        Raises PatternError where it is no pattern or one too many, or where the time is over.
        """
        self._used += 1
        if self._used > MOST:
            raise PatternError(
                f"more than {MOST:,} globs and regular expressions: name hosts or groups instead"
            )
        if pattern.startswith("~"):
            return self._regex(pattern, hosts, others)
        glob = fnmatch.translate(pattern)
        of_host, of_other = re.compile(glob, re.IGNORECASE).match, re.compile(glob).match
        return [name for name in hosts if of_host(name)], [name for name in others if of_other(name)]

    def _regex(
        self, pattern: str, hosts: Iterable[str], others: Iterable[str]
    ) -> tuple[list[str], list[str]]:
        with self._timed(pattern) as left:
            left()
            of_host, of_other = _compiled(pattern, any_case=True), _compiled(pattern, any_case=False)
            return (
                [name for name in hosts if of_host.match(name, timeout=left())],
                [name for name in others if of_other.match(name, timeout=left())],
            )

    @contextmanager
    def _timed(self, pattern: str) -> Iterator[Callable[[], float]]:
        """Yield a clock of the seconds left, which raises at 0; what is spent counts for later patterns."""
        begun = time.monotonic()
        deadline = begun + self._seconds - self._spent

        def left() -> float:
            if (seconds := deadline - time.monotonic()) <= 0:
                raise TimeoutError
            return seconds

        try:
            yield left
        except TimeoutError:
            raise PatternError(
                f"{shown(pattern)} takes too long: the regular expressions of a selection get "
                f"{self._seconds:g} s in all; write it with fewer repetitions inside of each other, or "
                "name hosts and groups"
            ) from None
        finally:
            self._spent += time.monotonic() - begun


def _compiled(pattern: str, *, any_case: bool) -> regex.Pattern[str]:
    """Compile a `~regex` of Python's `re` for the `regex` package, whose matching can be ended by time.

    `re` decides what is one, so that what only `regex` knows (approximate matches, nested classes) is
    refused.
    """
    import regex

    text = pattern[1:]
    if not text:
        raise PatternError("`~` has no regular expression behind it")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # "Possible nested set": read in two ways
            re.compile(text)
        if found := _FUZZY.search(text):
            raise PatternError(
                f"{shown(pattern)}: the brace at position {found.end() - 1} is no count such as `{{2}}` or "
                "`{1,3}`"
            )
        return regex.compile(text, regex.IGNORECASE if any_case else 0)
    except (re.error, regex.error, OverflowError, RecursionError, FutureWarning) as exc:
        raise PatternError(f"{shown(pattern)} is not a regular expression: {exc}") from None
