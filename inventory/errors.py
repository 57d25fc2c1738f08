"""The base of every error whose message is for the user, and what can be wrong with what a user wrote.

FleetcheckError          every room's own errors; `exit_code` is what a command ends with
└── InventoryFailure
    ├── InventoryError   mistakes in a file, all of them at once
    ├── SelectionError   a --limit expression that cannot be used, or that selects nothing
    └── SecretError      a secret that cannot be had; never shows it
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_GATE = 6
"""What an error can end a command with; `orchestrator.domain.primitives.exit_codes` has the whole table."""


class FleetcheckError(Exception):
    """Base of every error that is told to the user as it is:
    `str()` says what was found and what to do next.
    """

    exit_code: ClassVar[int] = EXIT_FAILED


class InventoryFailure(FleetcheckError):  # noqa: N818 - InventoryError is the one about a file
    """Base of everything that this package raises on purpose."""


def file_words(file: object) -> str:
    """Name a file, by its path, as people do: `-` is standard input."""
    return "standard input" if str(file) == "-" else str(file)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake: `line` counts from 1, 0 where it is about the file as a whole."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        """Write it as `file:line: message`, the form that editors jump to."""
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


class InventoryError(InventoryFailure):
    """A file has mistakes. `problems` holds every one of them, sorted by file and line, at least one."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


class SelectionError(InventoryFailure):
    """A selection cannot be used. `problems` holds one sentence for each mistake."""

    exit_code = EXIT_USAGE

    def __init__(self, *problems: str) -> None:
        self.problems: tuple[str, ...] = problems
        super().__init__("\n".join(problems))


class SecretError(InventoryFailure):
    """A secret cannot be had; the message says why and what to do, and never holds the secret."""
