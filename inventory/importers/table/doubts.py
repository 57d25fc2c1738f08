"""What a table says of a row that makes its host a doubtful one: another system, switched off, a template.

Such a host is taken all the same, since nobody asked which rows are meant; a note names it. What is no host
at all is left out: of a table of DNS records those that hold no address.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from inventory.importers.table.cells import text_of
from inventory.importers.table.columns import compact
from inventory.importers.table.notes import Notes
from inventory.importers.table.rows import Row
from inventory.words import shown

_SYSTEMS = frozenset(
    {"operatingsystem", "operatingsystemname", "os", "osname", "guestos", "platform", "machinetype", "ostype",
     "betriebssystem", "osaccordingtothevmwaretools", "osaccordingtotheconfigurationfile"}
)  # fmt: skip
_FOREIGN = re.compile(
    r"linux|unix|ubuntu|debian|red ?hat|rhel|centos|rocky|alma|suse|sles|fedora|photon|bsd|solaris|\baix\b"
    r"|hp-ux|mac ?os|os ?x\b|esxi?\b|\bios\b|nx-os|junos|android",
    re.IGNORECASE,
)
_STATES = {
    "enabled": frozenset({"false", "falsch", "faux", "0"}),
    "powerstate": frozenset({"poweredoff", "off", "vmdeallocated", "suspended"}),
    "state": frozenset({"poweredoff", "off", "stopped", "terminated", "vmdeallocated", "suspended", "saved"}),
    "template": frozenset({"true", "wahr", "vrai", "1"}),
}
_RECORD_TYPE = "recordtype"
_OF_ADDRESSES = frozenset({"a", "aaaa", ""})


class Doubts:
    """Looks at rows below these headings."""

    def __init__(self, titles: Sequence[str], notes: Notes) -> None:
        self._notes = notes
        self._columns = [
            (position, title.strip(), compact(title).removesuffix("0"))
            for position, title in enumerate(titles)
        ]

    def no_host(self, row: Row) -> bool:
        """Whether a row is none of a host's; it is noted as left out."""
        if text_of(first := _cell(row, 0)).startswith("#"):
            self._notes.leave_out(row.line, f"{shown(first)} begins with `#`, as a comment does")
            return True
        for position, _title, word in self._columns:
            said = _cell(row, position)
            if word == _RECORD_TYPE and said.lower() not in _OF_ADDRESSES:
                self._notes.leave_out(row.line, f"a DNS record of type {said}, which is no host's own name")
                return True
        return False

    def say(self, row: Row) -> None:
        """Note what speaks against a row that gave a host."""
        for position, title, word in self._columns:
            said = _cell(row, position)
            if word in _SYSTEMS and _FOREIGN.search(said):
                words = f"taken, though {shown(title)} says no Windows; take out what has no WinRM"
            elif compact(said) in _STATES.get(word, ()):
                words = f"taken, though {shown(title)} speaks against it; take out what does not run"
            else:
                continue
            self._notes.say(row.line, words, said)


def _cell(row: Row, position: int) -> str:
    return row.cells[position].strip() if position < len(row.cells) else ""
