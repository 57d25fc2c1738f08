"""Sections: named tables, for what runs or sends something, that only the user's and /etc's file
may have.

Each has its module here, and its line in `orchestrator.domain.config.registry`. Its tables are
`[SECTION.NAME]`; `Settings.section(SECTION)` gives what its reader made of them, by NAME, the nearest file's
where two have the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a file's content: `path` leads to the key; the message says what was expected."""

    path: tuple[str, ...]
    message: str


class SectionError(Exception):
    """An entry of a section cannot be used. `mistakes` holds all of them, by paths inside the entry."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__("; ".join(mistake.message for mistake in mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A kind of named table.

    `read` makes a value of an entry's name and content (as TOML gives it), or raises SectionError. `rows`
    gives what `config show` prints of such a value: keys and texts, with nothing secret in them.
    """

    name: str
    what: str
    example: str
    read: Callable[[str, Mapping[str, object]], object]
    rows: Callable[[object], Iterable[tuple[str, str]]]
