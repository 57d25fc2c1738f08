"""The rows of a table as hosts; a row that gives none is a note."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from inventory.importers.table import cells
from inventory.importers.table.addresses import Address, address_in
from inventory.importers.table.columns import Column
from inventory.importers.table.doubts import Doubts
from inventory.importers.table.notes import Notes
from inventory.importers.table.rows import Row, Table
from inventory.importers.table.settings import Entry, put
from inventory.schema import shapes
from inventory.words import plural, shown

_NOT_WINDOWS = re.compile(r"ssh\d?|s?ftp|scp|telnet|rlogin|raw|https? ?proxy|x11|xdmcp", re.IGNORECASE)
"""How sessions are opened that no Windows server is reached by."""
_SCREENS = {"rdp": 3389, "vnc": 5900, "ard": 5900, "ica": 1494}
"""How a screen is shared, and at which port: such a session is of a host, and its port is not WinRM's."""
_NEVER = {
    22: "SSH's", 23: "Telnet's", 53: "DNS's", 88: "Kerberos'", 135: "RPC's", 161: "SNMP's", 389: "LDAP's",
    445: "SMB's", 1433: "SQL Server's", 3389: "Remote Desktop's", 5666: "NRPE's", 9100: "node_exporter's",
    9182: "windows_exporter's", 10050: "the Zabbix agent's",
}  # fmt: skip
"""Ports where WinRM does not answer, whatever the table calls them."""
_ACCOUNT = re.compile(r"(?:\\\\|[^\\]+\\)?([^\\]+?)\$?")  # \\SRV01, CORP\SRV01, SRV01$


def entries(table: Table, notes: Notes) -> Iterator[Entry]:
    """Yield a host a row; a row that gives none is a note."""
    width, doubts = table.columns.width, Doubts(table.head.cells, notes)
    for row in table.rows:
        if any(cell.strip() for cell in row.cells[width:]):
            notes.leave_out(
                row.line,
                f"{len(row.cells)} cells where {plural(width, 'column has', 'columns have')} a name, so that "
                "one cannot tell which is which; a cell with the separator in it needs quotes",
            )
        elif not doubts.no_host(row) and (entry := _Row(row, table, notes).entry()):
            doubts.say(row)
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
        line, found = self._row.line, self._address()
        title, name = self._name()
        if _NOT_WINDOWS.fullmatch(session := self._session()):
            self._notes.leave_out(line, f"{shown(title)} is reached by {session}, and not over WinRM")
            return None
        if not title:
            self._notes.leave_out(line, "no name")
            return None
        if found is None:
            try:
                found = Address(address=shapes.address(name))
            except ValueError:
                self._notes.leave_out(line, f"no address, and its name {shown(title)} cannot be one")
                return None
        entry = Entry(line=line, title=cells.one_line(title), name=name, address=found.address)
        self._settings(entry)
        if found.port and (of := _NEVER.get(int(found.port))):
            self._say(f"the port behind an address was left out, because it is {of}", found.port)
        elif found.port and "port" not in entry.settings:
            put(entry, "port", found.port, self._notes)
            self._say("the port behind an address was taken as `port`", found.port)
        return entry

    def _name(self) -> tuple[str, str]:
        """Return the name as it stands there, and without what stands around it;
        both empty where nothing does.
        """
        for column in self._columns.names:
            if text := self._text(column):
                title = cells.one_line(text)
                with suppress(ValueError):
                    if column.key == "address":  # as in `https://srv01:5986/wsman`
                        return text, address_in(text).address
                account = _ACCOUNT.fullmatch(title)
                return text, account[1] if account else title
        return "", ""

    def _text(self, column: Column) -> str:
        """Return what a cell says; cells that say nothing, and what nobody sees, are noted once."""
        if column.position not in self._texts:
            cell = self._cell(column)
            text = self._texts[column.position] = cells.text_of(cell)
            if cell.strip() and not text:
                self._say(f"column {shown(column.title)} says nothing in", cell.strip())
            elif cells.hides(cell):
                self._say(
                    f"marks that nobody sees were taken out of column {shown(column.title)}", cell.strip()
                )
            elif cells.lost_a_letter(text):
                self._say(
                    f"column {shown(column.title)} has a `?` inside a word: so Export-Csv of Windows "
                    "PowerShell writes other letters than ASCII's, unless told `-Encoding UTF8`; look at",
                    text,
                )
        return self._texts[column.position]

    def _cell(self, column: Column) -> str:
        return self._row.cells[column.position] if column.position < len(self._row.cells) else ""

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

    def _session(self) -> str:
        """Return what the row says of its protocol, in the table's words."""
        return next((self._text(each) for each in self._columns.others if each.key == "transport"), "")

    def _of_a_screen(self, column: Column) -> bool:
        """Whether a cell says how a screen is shared, and nothing of WinRM; the port of one is noted."""
        session = self._session()
        text = self._text(column)
        usual = _SCREENS.get(session.casefold())
        if column.key == "transport":
            return usual is not None
        if column.key != "port" or not text:
            return False
        of = f"the one of {session}" if usual else _NEVER.get(int(text) if text.isdecimal() else 0)
        if of is not None:
            self._say(f"`port` was left out, because it is {of}; WinRM's own holds", text)
        return of is not None

    def _settings(self, entry: Entry) -> None:
        for column in self._columns.others:
            if self._of_a_screen(column):
                continue
            text = self._text(column)
            if not text and column.key == "repin":  # `?` is no yes
                text = self._cell(column).strip()
            if text:
                put(entry, column.key, text, self._notes)
        if entry.settings.get("auth") == "certificate":
            entry.settings["auth"] = "negotiate"
            self._say(
                "`auth: certificate` needs a credential such as {from: certificate, path: client.pem}; "
                "`auth: negotiate` is written instead"
            )
        if (entry.settings.get("transport"), entry.settings.get("auth")) == ("http", "basic"):
            entry.settings["auth"] = "negotiate"
            self._say(
                "Basic over plain http shows the password to the network; `auth: negotiate` is written "
                "instead"
            )
