"""What is left behind by writing on a simulated host: the mutex, and a log of every value that was set.

No I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Data = int | str | tuple[str, ...]
"""A registry value's data, as in `orchestrator.domain.reading.Value`."""


@dataclass(slots=True)
class Mutex:
    """The write script's mutex.

    `holder` says who has it; `refused` is the error where it may not be opened.
    """

    holder: str | None = None
    abandoned: bool = False  # whoever had it died with it, and the next one is told
    refused: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One value that was set. `operation` is the write script's, "" where somebody else did it.

    `found` is what stood there at that very moment, `expected` what the script had just read: where they
    differ, somebody else's change was lost. `back`: the script put the old data back.
    """

    view: int
    name: str
    data: Data
    found: Data | None
    operation: str = ""
    expected: Data | None = None
    back: bool = False


@dataclass(slots=True)
class WriteLog:
    """Every value that was set while the machine was simulated, in order."""

    writes: list[Write] = field(default_factory=list)

    @property
    def ours(self) -> list[Write]:
        """What write scripts set, without what they put back."""
        return [write for write in self.writes if write.operation and not write.back]

    def count(self, name: str, view: int = 64) -> int:
        """How often write scripts set a value, put back or not."""
        return sum(
            bool(write.operation) and write.view == view and write.name.casefold() == name.casefold()
            for write in self.writes
        )

    @property
    def doubles(self) -> int:
        """How many writes came twice: by one operation, or over data that was new already."""
        once = {(write.operation, write.view, write.name.casefold()) for write in self.ours}
        return len(self.ours) - len(once) + sum(write.found == write.data for write in self.ours)

    @property
    def overwrites(self) -> int:
        """How many of somebody else's changes a write script lost."""
        return sum(bool(write.operation) and write.found != write.expected for write in self.writes)
