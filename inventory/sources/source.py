"""One place that hosts come from."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from inventory.errors import file_words

STDIN = Path("-")


@dataclass(frozen=True, slots=True)
class Source:
    """A file by its path, or standard input (`-`), whose bytes are `data`.

    `runs`: the user named it on the command line or in FLEETCHECK_INVENTORY, so that it is run where it is a
    program.
    """

    path: Path
    data: bytes | None = field(default=None, repr=False)
    runs: bool = False

    @property
    def is_stdin(self) -> bool:
        """Whether it is standard input."""
        return self.path == STDIN


Sources = tuple[Source, ...]
"""What one inventory is made of, one source at least."""


def files(*paths: str | os.PathLike[str]) -> Sources:
    """Return files as sources; no program among them is run."""
    return tuple(Source(Path(path)) for path in paths)


def named(sources: Iterable[Source]) -> str:
    """Write the sources' names for people, with commas between."""
    return ", ".join(file_words(source.path) for source in sources)
