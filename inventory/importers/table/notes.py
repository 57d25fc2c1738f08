"""What there is to say about a table: each sentence with its lines, the same sentence once."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.errors import Problem
from inventory.words import NAMED, shown


class Notes:
    """Collects sentences by line. `left_out` holds the lines that gave no host, each with the reason.

    `unit`: what a line is called, or what is counted in its place; 0 is none of them.
    """

    def __init__(self, unit: str = "line") -> None:
        self.unit = unit
        self._said: dict[str, dict[int, list[str]]] = {}
        self.left_out: dict[int, str] = {}

    def say(self, line: int, sentence: str, found: str | None = None) -> None:
        """Add a sentence about a line.

        `found` is what stands there; lines that differ in it alone share the sentence.
        """
        here = self._said.setdefault(sentence, {}).setdefault(line, [])
        if found is not None:
            here.append(found)

    def leave_out(self, line: int, reason: str) -> None:
        """Say that a line gives no host, and why."""
        self.left_out.setdefault(line, reason)
        self.say(line, f"left out: {reason}")

    def sentences(self) -> Iterator[str]:
        """Yield every sentence with its lines in front, by the first line."""
        for sentence, here in sorted(self._said.items(), key=lambda item: min(item[1])):
            values = list(dict.fromkeys(found for line in sorted(here) for found in here[line]))
            ending = f": {_folded([shown(value) for value in values])}" if values else ""
            said = f"{self._places(sorted(here))}{sentence}{ending}"
            said = f"{said[0].upper()}{said[1:]}"
            yield said if said.endswith((".", "?")) else f"{said}."

    def problem(self, file: str, line: int, words: str) -> Problem:
        """Return a mistake with its place."""
        if self.unit == "line" or not line:
            return Problem(file, line, words)
        return Problem(file, 0, f"{self.unit} {line}: {words}")

    def _places(self, lines: list[int]) -> str:
        if not any(lines):
            return ""
        units = f"{self.unit}s" if len(lines) > 1 else self.unit
        return f"{units} {_folded([str(line) for line in lines])}: "


def _folded(words: list[str]) -> str:
    """Write the first words and count the rest: `3, 5, 9 and 12 more`."""
    more = len(words) - NAMED
    return ", ".join(words[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
