"""Lines of several files in one count, so that one number says file and line."""

from __future__ import annotations

from bisect import bisect_right

from inventory.errors import InventoryError, Problem


class Places:
    """Gives each file that is read its own stretch of numbers.

    `base`: the folder that notes leave out of names.
    """

    def __init__(self, file: str, base: str) -> None:
        self.file = file
        self._base = base
        self._starts: list[int] = []
        self._files: list[str] = []
        self._lengths: list[int] = []
        self._next = 0

    def add(self, file: str, text: str) -> int:
        """Return what to add to the lines of a file's text."""
        offset = self._next
        self._starts.append(offset)
        self._files.append(file)
        self._lengths.append(len(text.splitlines()))
        self._next += self._lengths[-1] + 2  # a mark may stand behind the last line
        return offset

    def locate(self, line: int) -> tuple[str, int]:
        """Return the file and the line in it; 0 is the import as a whole."""
        index = bisect_right(self._starts, line - 1) - 1
        return (self._files[index], line - self._starts[index]) if line and index >= 0 else (self.file, 0)

    def is_all(self, line: int) -> bool:
        """Whether a line is the only one of its file."""
        index = bisect_right(self._starts, line - 1) - 1
        return index >= 0 and self._lengths[index] == 1

    def short(self, line: int) -> str:
        """Write a place for a note: `hosts.ini:4`."""
        file, number = self.locate(line)
        return f"{self.name(file)}:{number}" if number else self.name(file)

    def name(self, file: str) -> str:
        """Return a file's name without the folder that all of them are in."""
        return file.removeprefix(self._base) or file

    def problem(self, line: int, message: str) -> Problem:
        """Return a mistake with its place."""
        return Problem(*self.locate(line), message)

    def relocated(self, error: InventoryError) -> InventoryError:
        """Return an error whose lines were in this count with real places."""
        return InventoryError(
            self.problem(each.line, each.message) if each.file == self.file else each
            for each in error.problems
        )
