"""The mistakes found so far in one file, or in several that are read as one.

What many hosts share is said once, with their names folded.
"""

from __future__ import annotations

from collections.abc import Iterable

from inventory.errors import Problem
from inventory.files.places import Places
from inventory.words import did_you_mean, folded

SUGGESTIONS = 20  # per file: looking for a near name among 10,000 takes a tenth of a second


class Findings:
    """Collects problems and remarks of one file. `places`: of several, whose lines are in its one count."""

    def __init__(self, file: str, places: Places | None = None) -> None:
        self.file = file
        self._places = places
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

    def file_of(self, line: int) -> str:
        """Return the file that a line is in."""
        return self.file if self._places is None else self._places.locate(line)[0]

    def at(self, line: int) -> str:
        """Write a place for a message: `line 7`, with its file where there are several."""
        return f"line {line}" if self._places is None else self._places.short(line)

    def placed(self, problem: Problem) -> Problem:
        """Return a problem with its own file and line."""
        if self._places is None or problem.file != self.file:
            return problem
        return self._places.problem(problem.line, problem.message)

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
        found = self.problems + [problem for problem, remark in self._folded() if not remark]
        return [self.placed(problem) for problem in found]

    def remarks(self) -> tuple[str, ...]:
        """Return the remarks as sentences that begin with file and line."""
        return tuple(str(self.placed(problem)) for problem, remark in self._folded() if remark)

    def all_notes(self) -> tuple[str, ...]:
        """Return the notes as sentences that begin with file and line."""
        return tuple(str(self.placed(note)) for note in self.notes)

    def _folded(self) -> list[tuple[Problem, bool]]:
        return [
            (Problem(self.file, line, message.replace("{hosts}", folded(hosts))), remark)
            for (line, message, remark), hosts in self._shared.items()
        ]
