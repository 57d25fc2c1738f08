"""The write script's parameters as they came over the wire, checked:
`orchestrator.remote.contract.repin` has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.demo.machine.model import Entry
from orchestrator.demo.machine.parameters import numbers, text, texts
from orchestrator.domain.reading import Kind

_DENIED = ("System.Security.SecurityException", "System.UnauthorizedAccessException")
_THROWN = "System.Management.Automation.RuntimeException 0x80131501"
_NO_FORMAT = "System.FormatException 0x80131537"
_TOO_LARGE = "System.OverflowException 0x80131516"
_BITS = {Kind.DWORD: 32, Kind.QWORD: 64}
_WRITTEN_KINDS = (*_BITS, Kind.SZ, Kind.EXPAND_SZ)


class ScriptError(Exception):
    """An error inside the script, by type name and HResult."""

    @property
    def denied(self) -> bool:
        """Whether the script takes it for a lack of rights."""
        return str(self).startswith(_DENIED)


@dataclass(frozen=True, slots=True)
class Target:
    """One planned value; `old` and `new` are exact data as text."""

    view: int
    name: str
    word: str  # the kind as it was given
    old: str
    new: str

    @property
    def kind(self) -> Kind:
        """The kind that it is written in."""
        return Kind(self.word)

    @property
    def old_data(self) -> int | str:
        """The data before, as the registry holds it."""
        return int(self.old) if self.kind in _BITS else self.old

    @property
    def new_data(self) -> int | str:
        """The data after, as the registry holds it."""
        return int(self.new) if self.kind in _BITS else self.new

    def check(self) -> None:
        """Raise ScriptError where .NET could not make data of the texts."""
        if self.word not in _WRITTEN_KINDS:
            raise ScriptError(_THROWN)
        for digits in (self.old, self.new):
            bits = _BITS.get(self.kind)
            if bits and not (digits.isascii() and digits.isdigit()):
                raise ScriptError(_NO_FORMAT)
            if bits and int(digits) >= 1 << bits:
                raise ScriptError(_TOO_LARGE)

    def holds(self, entry: Entry | None, *, new: bool) -> bool:
        """Whether a value is exactly as planned: kind, and data as text."""
        wanted = self.new if new else self.old
        return entry is not None and (str(entry.kind), str(entry.data)) == (self.word, wanted)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the write script is given, its parallel lists as they came."""

    operation: str
    key: str
    views: tuple[int, ...]
    lists: tuple[tuple[str, ...], ...]
    computer: str
    machine_id: str
    deadline: str

    @classmethod
    def read(cls, given: Mapping[str, object]) -> Asked:
        """Take the parameters by their names; raises BadParameters."""
        return cls(
            operation=text(given, "Operation"),
            key=text(given, "Key"),
            views=numbers(given, "Views"),
            lists=tuple(texts(given, name) for name in ("Names", "Kinds", "Expected", "New")),
            computer=text(given, "Computer"),
            machine_id=text(given, "MachineId"),
            deadline=text(given, "Deadline"),
        )

    def targets(self) -> tuple[Target, ...]:
        """Put the lists together; raises ScriptError where they differ in length or are empty."""
        if not self.views or any(len(column) != len(self.views) for column in self.lists):
            raise ScriptError(_THROWN)
        return tuple(map(Target, self.views, *self.lists))

    def until(self) -> datetime:
        """Return the deadline by the host's own clock; raises ScriptError where it is not written as one."""
        head, dot, tail = self.deadline.partition(".")
        try:
            moment = datetime.strptime(head, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            raise ScriptError(_NO_FORMAT) from None
        if not dot or len(tail) != 8 or tail[-1] != "Z" or not (tail.isascii() and tail[:-1].isdigit()):  # noqa: PLR2004  # seven decimals
            raise ScriptError(_NO_FORMAT)
        return moment.replace(microsecond=int(tail[:6]))
