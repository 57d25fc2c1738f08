"""What an import leaves out or changes, as sentences with the places that they are about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from inventory.errors import Problem
from inventory.files.places import Places
from inventory.words import NAMED, plural, quoted, visible

LISTED = 50  # names in one sentence before the rest is counted
SAID = 200  # sentences before the rest is counted


class Notes:
    """Collects sentences. One that many hosts or variables share is said once, with their names.

    `crowded`: lines that are a whole file with several hosts, as of JSON that no person is to read; a host's
    name is the place there.
    """

    def __init__(self, places: Places) -> None:
        self.crowded: frozenset[int] = frozenset()
        self._places = places
        self._host: str | None = None
        self._said: dict[
            tuple[int, str], dict[str, int]
        ] = {}  # line and sentence -> names, each with its line

    def say(self, sentence: str, line: int = 0) -> None:
        """Say something, about a line where there is one."""
        names = self._said.setdefault((line, sentence), {})
        if self._host is not None and line in self.crowded:
            names.setdefault(self._host, line)

    @contextmanager
    def about(self, host: str) -> Iterator[None]:
        """Take what is said meanwhile for something about a host."""
        self._host = host
        try:
            yield
        finally:
            self._host = None

    def of(self, sentence: str, name: str, line: int = 0) -> None:
        """Say of a name what others may share; `{names}` in the sentence becomes all of them, with their
        lines.

        A name with a backtick in it is taken to be quoted already.
        """
        self._said.setdefault((0, sentence), {}).setdefault(name, line)

    def sentences(self) -> list[str]:
        """Return every sentence, with its places in front, in the order in which it was first said."""
        places: dict[str, list[str]] = {}
        for (line, sentence), names in self._said.items():
            places.setdefault(self._written(sentence, names), []).extend(self._where(line, names))
        found = [self._placed(sentence, where) for sentence, where in places.items()]
        more = len(found) - SAID
        return (
            found
            if more <= 0
            else [*found[:SAID], f"{plural(more, 'more note is', 'more notes are')} not shown."]
        )

    def problems(self) -> list[Problem]:
        """Return the sentences as mistakes, for an import that comes to nothing."""
        return [
            self._places.problem(line, self._written(sentence, names))
            for (line, sentence), names in self._said.items()
        ]

    def _where(self, line: int, names: dict[str, int]) -> list[str]:
        """Return what stands in front: the line, or the hosts of a crowded one."""
        if not line:
            return []
        return [quoted([name]) for name in names] or [self._places.short(line)]

    def _placed(self, sentence: str, places: list[str]) -> str:
        """Put the places in front: what many lines say alike is one sentence."""
        more = len(places) - NAMED
        listed = ", ".join(places[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
        return f"{listed}: {sentence}" if places else sentence

    def _written(self, sentence: str, names: dict[str, int]) -> str:
        if not names:
            return sentence
        listed = [
            (visible(name) if "`" in name else quoted([name]))
            + (f" ({self._places.short(line)})" if line and line not in self.crowded else "")
            for name, line in list(names.items())[:LISTED]
        ]
        more = len(names) - len(listed)
        return sentence.replace("{names}", ", ".join(listed) + (f" and {more:,} more" if more else ""))


def listed(names: list[str]) -> str:
    """Write a dozen of many names, and count the rest."""
    most, more = 12, len(names) - 12
    return quoted(names[:most]) + (f" and {more:,} more" if more > 0 else "")
