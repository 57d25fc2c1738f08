"""The mistakes found so far in one file; what many hosts share is said once, with their names folded."""

from __future__ import annotations

from collections.abc import Iterable

from inventory.errors import Problem
from inventory.words import did_you_mean, folded

SUGGESTIONS = 20  # per file: looking for a near name among 10,000 takes a tenth of a second


class Findings:
    """Collects problems and remarks of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []  # said by `inventory check` alone
        self._shared: dict[tuple[int, str, bool], list[str]] = {}
        self._suggestions = SUGGESTIONS

    def say(self, line: int, message: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(self.file, line, message))

    def note(self, line: int, message: str) -> None:
        """Add what is no mistake, and worth a word to who looks the file over."""
        self.notes.append(Problem(self.file, line, message))

    def of_host(self, host: str, line: int, message: str, *, remark: bool = False) -> None:
        """Add a problem (or a remark) of one host; `{hosts}` in the message becomes the names of all that
        share it.
        """
        self._shared.setdefault((line, message, remark), []).append(host)

    def near(self, word: str, known: Iterable[str]) -> str:
        """Suggest the nearest known word, as long as the budget lasts."""
        self._suggestions -= 1
        return did_you_mean(word, known) if self._suggestions >= 0 else ""

    def all_problems(self) -> list[Problem]:
        """Return every problem, the shared ones included."""
        return self.problems + [problem for problem, remark in self._folded() if not remark]

    def remarks(self) -> tuple[str, ...]:
        """Return the remarks as sentences that begin with file and line."""
        return tuple(str(problem) for problem, remark in self._folded() if remark)

    def _folded(self) -> list[tuple[Problem, bool]]:
        return [
            (Problem(self.file, line, message.replace("{hosts}", folded(hosts))), remark)
            for (line, message, remark), hosts in self._shared.items()
        ]
