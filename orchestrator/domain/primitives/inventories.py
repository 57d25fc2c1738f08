"""The files that a scan or a plan was made from, as they are kept: their names, one a line."""

from __future__ import annotations

from inventory.errors import file_words


def paths_of(kept: str) -> tuple[str, ...]:
    """Return the files' names."""
    return tuple(kept.splitlines())


def in_words(kept: str) -> str:
    """Write the files' names for people, with commas between."""
    return ", ".join(map(file_words, paths_of(kept)))
