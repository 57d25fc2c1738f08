"""Make an inventory of what is there already: an Ansible inventory, a table, or a list of another program."""

from __future__ import annotations

import codecs
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from inventory.errors import InventoryError, Problem, file_words
from inventory.files.kinds import HEAD, INVENTORY, kind_of
from inventory.files.textfile import LIMIT, read_bytes


@dataclass(frozen=True, slots=True)
class Imported:
    """The text of an inventory, and the sentences of its head: what was left out, changed or guessed."""

    text: str
    notes: tuple[str, ...]


def import_inventory(path: Path) -> str:
    """Return the text alone of what `convert` makes."""
    return convert(path).text


def convert(path: Path) -> Imported:
    """Return an inventory made from the file or folder at `path` (`-`: standard input); it loads.

    A table is told by its name or its first row; what no other program's is, is Ansible's. Secrets are not
    taken over: where there were some the text says `{from: prompt}`, and its head says what else was left
    out. Raises InventoryError with every mistake at its line in the file that was read.
    """
    try:
        return _converted(path)
    except InventoryError as error:
        raise InventoryError(replace(each, file=file_words(each.file)) for each in error.problems) from None


def _converted(path: Path) -> Imported:
    from inventory.importers import csv_table
    from inventory.importers.ansible import draft as ansible
    from inventory.importers.exports.recognise import read_export
    from inventory.importers.writing import write

    if str(path) == "-":
        data: bytes | None = _standard_input()
    else:
        data = None if path.is_dir() else read_bytes(path, what="file to import")
    if data is not None and csv_table.is_table(data, path):
        draft = csv_table.read(data, path)
        return Imported(write(draft, path), tuple(draft.notes))
    if data is not None and (export := read_export(data, path)) is not None:
        return Imported(write(export, path), tuple(export.notes))
    try:
        draft, source = ansible.read(path, None if data is None else _utf8(data))
    except InventoryError:
        _refuse_other_kind(data or b"", str(path))
        raise
    try:
        return Imported(write(draft, path), tuple(draft.notes))
    except InventoryError as error:
        raise source.places.relocated(error) from None


def _standard_input() -> bytes:
    """Return what stands on standard input. Raises InventoryError where nothing can be read there."""
    try:
        data = sys.stdin.buffer.read(LIMIT + 1)
    except (AttributeError, OSError, ValueError) as exc:  # closed, or none at all
        raise InventoryError([Problem("-", 0, f"standard input cannot be read: {exc}")]) from None
    if len(data) > LIMIT:
        raise InventoryError([Problem("-", 0, f"more than {LIMIT // 1024 // 1024} MB on standard input")])
    return data


def _refuse_other_kind(data: bytes, file: str) -> None:
    """Name a file that is neither Ansible's nor a table; nothing of it is shown, it may hold passwords."""
    found = kind_of(data[:HEAD])
    if found == INVENTORY:
        words = "this is an inventory of fleetcheck's already; `fleetcheck inventory check` reads it"
        raise InventoryError([Problem(file, 0, words)])
    if other := _other_list(data):
        raise InventoryError([Problem(file, 0, f"this is {other}, and import that")])
    if found not in (None, "a script") and "inventory import" not in found:
        words = "expected an Ansible inventory, or a CSV table with a host a row"
        raise InventoryError([Problem(file, 0, f"this is {found}; {words}")])


def _other_list(data: bytes) -> str | None:
    """Name a text that lists hosts and is not read."""
    from inventory.importers.exports.others import other_text
    from inventory.importers.table.text import decode

    try:
        return other_text(decode(data, "").text)
    except InventoryError:
        return None


def _utf8(data: bytes) -> bytes:
    """Return a text in UTF-16, which `>` of Windows PowerShell writes, as UTF-8; any other as it is."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        with suppress(UnicodeDecodeError):
            return data.decode("utf-16").encode()
    return data
