"""What there is to say about a table: each sentence with its lines, the same sentence once."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.words import NAMED, shown


class Notes:
    """Collects sentences by line. `left_out` holds the lines that gave no host, each with the reason."""

    def __init__(self) -> None:
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
            lines = _folded([str(line) for line in sorted(here)])
            said = f"Line{'s' if len(here) > 1 else ''} {lines}: {sentence}{ending}"
            yield said if said.endswith((".", "?")) else f"{said}."


def _folded(words: list[str]) -> str:
    """Write the first words and count the rest: `3, 5, 9 and 12 more`."""
    more = len(words) - NAMED
    return ", ".join(words[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
