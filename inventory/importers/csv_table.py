"""A table, one host a row: a row of it names the columns."""

from __future__ import annotations

from pathlib import Path

from inventory.errors import InventoryError
from inventory.importers.draft import Draft
from inventory.importers.entries import drafted
from inventory.importers.table.folders import without_folders
from inventory.importers.table.headings import explain
from inventory.importers.table.hosts import entries
from inventory.importers.table.notes import Notes
from inventory.importers.table.rows import Table, looks_like_table, read_table
from inventory.importers.table.text import decode, is_workbook

_ENDINGS = (".csv", ".tsv")
_OTHERS = (".yaml", ".yml", ".json", ".ini")


def is_table(data: bytes, path: Path) -> bool:
    """Whether a file is a table: by its name, else by its first row."""
    suffix = path.suffix.lower()
    if suffix in _ENDINGS or is_workbook(data):
        return True
    try:
        return suffix not in _OTHERS and looks_like_table(decode(data, str(path)).text)
    except InventoryError:
        return False


def read(data: bytes, path: Path) -> Draft:
    """Return a draft of the table, which loads; what was changed or left out is in its notes, by line.

    Raises InventoryError where there is no row of headings, or no row gives a host; then with the reason of
    each.
    """
    notes, file = Notes(), str(path)
    decoded = decode(data, file)
    if decoded.note:
        notes.say(decoded.line, decoded.note)
    return read_rows(read_table(decoded.text, file, notes), path, notes)


def read_rows(table: Table, path: Path, notes: Notes) -> Draft:
    """Return a draft of what stands in rows already. Raises InventoryError as `read`."""
    flat = without_folders(table, notes)
    explain(flat, notes)
    nothing = table.head.line, "no row below the one that names the columns"
    return drafted(entries(flat, notes), path, notes, nothing)
