"""The rows of a table as hosts: each cell read by its column, and left out with a note where it is not understood."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from inventory import shapes
from inventory.importers.table import cells
from inventory.importers.table.addresses import Address, address_in
from inventory.importers.table.columns import Column
from inventory.importers.table.notes import Notes
from inventory.importers.table.rows import Row, Table
from inventory.schema import HostEntry
from inventory.words import shown

_ROLES = {
    "pin_primary": ("pin", "primary"),
    "pin_backup": ("pin", "backup"),
    "gateway_primary": ("gateways", "primary"),
    "gateway_backup": ("gateways", "backup"),
}
_READ: dict[str, Callable[[str], Any]] = {
    "port": cells.whole_number,
    "pin": cells.whole_number,
    "pin_primary": cells.whole_number,
    "pin_backup": cells.whole_number,
    "timeout": cells.seconds,
    "transport": str.lower,
    "auth": str.lower,
    "repin": cells.may_repin,
    "gateway_primary": lambda text: address_in(text).address,
    "gateway_backup": lambda text: address_in(text).address,
    "canary_address": lambda text: address_in(text).address,
    "username": shapes.line_of_text,
}
_ACCOUNT = re.compile(r"(?:\\\\|[^\\]+\\)?([^\\]+?)\$?")  # \\SRV01, CORP\SRV01, SRV01$
_ZEROS = re.compile(r"[0-9]+(?:[.,]0+)?")


@dataclass(slots=True, kw_only=True)
class Entry:
    """A host in the making: `title` is its name in the table, `name` the one that it gets."""

    line: int
    title: str
    name: str
    address: str
    settings: dict[str, Any] = field(default_factory=dict)
    username: str | None = None
    groups: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


def entries(table: Table, notes: Notes) -> Iterator[Entry]:
    """Yield a host a row; a row that gives none is a note."""
    width = table.columns.width
    for row in table.rows:
        if any(cell.strip() for cell in row.cells[width:]):
            notes.leave_out(
                row.line,
                f"{len(row.cells)} cells where {width} columns have a name, so that one cannot tell which is which;"
                " a cell with the separator in it needs quotes",
            )
        elif entry := _Row(row, table, notes).entry():
            yield entry


class _Row:
    """One row, read cell by cell."""

    def __init__(self, row: Row, table: Table, notes: Notes) -> None:
        self._row = row
        self._columns = table.columns
        self._notes = notes
        self._texts: dict[int, str] = {}

    def entry(self) -> Entry | None:
        """Return the row's host, or None with the reason among the notes."""
        line, port = self._row.line, None
        found = self._address()
        title = next(filter(None, map(self._text, self._columns.names)), "")
        if not title:
            self._notes.leave_out(line, "no name")
            return None
        account = _ACCOUNT.fullmatch(cells.one_line(title))
        name = account[1] if account else cells.one_line(title)
        if found is None:
            try:
                found = Address(address=shapes.address(name))
            except ValueError:
                self._notes.leave_out(line, f"no address, and its name {shown(title)} cannot be one")
                return None
        entry = Entry(line=line, title=cells.one_line(title), name=name, address=found.address)
        port = found.port
        self._settings(entry)
        if port and "port" not in entry.settings:
            self._put(entry, "port", port)
            self._notes.say(line, "the port behind an address was taken as `port`", port)
        return entry

    def _text(self, column: Column) -> str:
        """Return what a cell says; cells that say nothing, and what nobody sees, are noted once."""
        if column.position not in self._texts:
            cell = self._row.cells[column.position] if column.position < len(self._row.cells) else ""
            text = self._texts[column.position] = cells.text_of(cell)
            if cell.strip() and not text:
                self._say(f"column {shown(column.title)} says nothing in", cell.strip())
            elif cells.hides(cell):
                self._say(
                    f"marks that nobody sees were taken out of column {shown(column.title)}", cell.strip()
                )
            elif cells.lost_a_letter(text):
                self._say(
                    f"column {shown(column.title)} has a `?` inside a word: so Export-Csv of Windows PowerShell writes"
                    " other letters than ASCII's, unless told `-Encoding UTF8`; look at",
                    text,
                )
        return self._texts[column.position]

    def _say(self, sentence: str, found: str | None = None) -> None:
        self._notes.say(self._row.line, sentence, found)

    def _address(self) -> Address | None:
        """Return the first address of the row's columns."""
        for column in self._columns.addresses:
            text = self._text(column)
            if not text or (column.dotted and "." not in text):
                continue
            try:
                found = address_in(text)
            except ValueError:
                self._say(f"column {shown(column.title)} holds no address that a server is reached at", text)
                continue
            for remark in found.remarks:
                self._say(remark, cells.one_line(text))
            return found
        return None

    def _settings(self, entry: Entry) -> None:
        for column in self._columns.others:
            if text := self._text(column):
                self._put(entry, column.key, text)
        if (entry.settings.get("transport"), entry.settings.get("auth")) == ("http", "basic"):
            entry.settings["auth"] = "negotiate"
            self._say(
                "Basic over plain http shows the password to the network; `auth: negotiate` is written instead"
            )

    def _put(self, entry: Entry, key: str, text: str) -> None:
        """Take a cell over, or note why not."""
        if key in ("groups", "tags"):
            target = entry.groups if key == "groups" else entry.tags
            target += [part for part in map(cells.one_line, cells.several(text)) if part not in target]
            return
        try:
            value = _READ.get(key, cells.one_line)(text)
            checked = value if key == "username" else _checked(key, value)
        except ValueError as exc:
            self._say(f"`{key}` was left out, {exc}; found", text)
            return
        if key == "repin" and text != value:
            known = cells.is_repin_word(text)
            self._say(f"`repin` was read as `{value}`{'' if known else ', to be safe'}", text)
        elif _READ.get(key) is cells.whole_number and not _ZEROS.fullmatch(text):
            self._say(f"`{key}` was read as a whole number", text)
        if key == "username":
            entry.username = checked
        elif key not in _ROLES:
            entry.settings[key] = checked
        else:
            outer, role = _ROLES[key]
            held = entry.settings.get(outer)
            entry.settings[outer] = {**held, role: checked} if isinstance(held, dict) else {role: checked}


def _checked(key: str, value: Any) -> Any:
    """Return a value as the inventory keeps it. Raises ValueError with what the schema expects."""
    outer, role = _ROLES.get(key, (key, None))
    try:
        model = HostEntry.model_validate({outer: value if role is None else {role: value}})
    except ValidationError:
        raise ValueError(f"{HostEntry.model_fields[outer].description} was expected") from None
    kept = getattr(model, outer)
    return kept if role is None else value
