"""What an import leaves out or changes, as sentences with the places that they are about."""

from __future__ import annotations

from inventory.errors import Problem
from inventory.files.places import Places
from inventory.words import NAMED, plural, quoted, visible

LISTED = 50  # names in one sentence before the rest is counted
SAID = 200  # sentences before the rest is counted


class Notes:
    """Collects sentences. One that many hosts or variables share is said once, with their names."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._said: dict[
            tuple[int, str], dict[str, int]
        ] = {}  # line and sentence -> names, each with its line

    def say(self, sentence: str, line: int = 0) -> None:
        """Say something, about a line where there is one."""
        self._said.setdefault((line, sentence), {})

    def of(self, sentence: str, name: str, line: int = 0) -> None:
        """Say of a name what others may share; `{names}` in the sentence becomes all of them, with their
        lines.

        A name with a backtick in it is taken to be quoted already.
        """
        self._said.setdefault((0, sentence), {}).setdefault(name, line)

    def sentences(self) -> list[str]:
        """Return every sentence, with its places in front, in the order in which it was first said."""
        lines: dict[str, list[int]] = {}
        for (line, sentence), names in self._said.items():
            lines.setdefault(self._written(sentence, names), []).append(line)
        found = [self._placed(sentence, where) for sentence, where in lines.items()]
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

    def _placed(self, sentence: str, lines: list[int]) -> str:
        """Put the places in front: what many lines say alike is one sentence."""
        places = [self._places.short(line) for line in lines if line]
        more = len(places) - NAMED
        listed = ", ".join(places[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
        return f"{listed}: {sentence}" if places else sentence

    def _written(self, sentence: str, names: dict[str, int]) -> str:
        if not names:
            return sentence
        listed = [
            (visible(name) if "`" in name else quoted([name]))
            + (f" ({self._places.short(line)})" if line else "")
            for name, line in list(names.items())[:LISTED]
        ]
        more = len(names) - len(listed)
        return sentence.replace("{names}", ", ".join(listed) + (f" and {more:,} more" if more else ""))
