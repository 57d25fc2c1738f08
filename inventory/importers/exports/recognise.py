"""Which program's list of hosts a document is, and what to do with one that is not read here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from inventory.errors import InventoryError, Problem
from inventory.importers.ansible.yaml_file import with_lines
from inventory.importers.csv_table import read_rows
from inventory.importers.draft import Draft
from inventory.importers.entries import drafted
from inventory.importers.exports.bolt import is_bolt, read_bolt
from inventory.importers.exports.hosts_file import is_hosts_file, read_hosts_file
from inventory.importers.exports.mremoteng import read_mremoteng
from inventory.importers.exports.nmap import read_nmap
from inventory.importers.exports.others import other_tree
from inventory.importers.exports.rdcman import read_rdcman
from inventory.importers.exports.records import table_of, xml_table
from inventory.importers.exports.xml_tree import Element, XmlError, read_xml
from inventory.importers.table.notes import Notes
from inventory.importers.table.settings import Entry
from inventory.importers.table.text import decode
from inventory.yamlfile.tree import parse

_XML = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*<\0?[?!A-Za-z]|\xfe\xff\0<|\xff\xfe<\0")
_HTML = re.compile(rb"\s*<(?:!doctype )?html\b", re.IGNORECASE)
_DRAWN = re.compile(
    r"\s*\w[^\n:]*\n-+(?: +-+)*[^\S\n]*\r?\n"
)  # a line under the headings; behind a key, and alone, `---` is YAML's
_NO_TREE = re.compile(r"\s*\[\s*[^\s{\[\"]")  # `[web]`: INI
_READERS: dict[str, Callable[[Element, Notes], Iterator[Entry]]] = {
    "RDCMan": read_rdcman,
    "Connections": read_mremoteng,
    "nmaprun": read_nmap,
}
ALL_TAKEN = "nothing in this file says how hosts are reached; all were taken as hosts with WinRM"
_UNREAD = "expected an Ansible inventory, a CSV table, or a list of RDCMan's, mRemoteNG's, nmap's or Bolt's"
_NO_HOST = "it lists no host"


def read_export(data: bytes, path: Path) -> Draft | None:
    """Return the draft of a document that lists hosts; None for what may be Ansible's.

    Raises InventoryError for a document that is somebody's, and cannot be read.
    """
    if _XML.match(data[:64]) and not _HTML.match(data[:64]):
        return _xml(data, path)
    try:
        text = decode(data, str(path)).text
    except InventoryError:
        return None
    if _DRAWN.match(text):
        words = "drawn for a screen (Format-Table); `| Export-Csv hosts.csv` in its place writes a table"
        raise InventoryError([Problem(str(path), 0, f"this is {words}, which is read")])
    if is_hosts_file(text):
        notes = Notes()
        return _draft(read_hosts_file(text, notes), path, notes)
    return _tree(text, path)


def _draft(entries: Iterator[Entry], path: Path, notes: Notes) -> Draft:
    draft = drafted(entries, path, notes, (0, _NO_HOST))
    draft.note(f"{ALL_TAKEN[0].upper()}{ALL_TAKEN[1:]}.")
    return draft


def _xml(data: bytes, path: Path) -> Draft:
    notes = Notes()
    try:
        root = read_xml(data)
        reader = _READERS.get(root.name)
        if reader is not None:
            return _draft(reader(root, notes), path, notes)
        if (table := xml_table(root)) is not None:
            return read_rows(table, path, Notes(table.unit))
    except XmlError as exc:
        raise InventoryError([Problem(str(path), exc.line, str(exc))]) from None
    words = f"this is an XML document with `{root.name[:60]}` as its root; {_UNREAD}"
    raise InventoryError([Problem(str(path), root.line, words)])


def _tree(text: str, path: Path) -> Draft | None:
    if _NO_TREE.match(text):
        return None
    tree = _parsed(text, path)
    if is_bolt(tree):
        notes = Notes()
        return drafted(read_bolt(tree, notes), path, notes, (0, _NO_HOST))
    table = table_of(tree, json=text.lstrip().startswith(("{", "[")))
    if table is not None:
        return read_rows(table, path, Notes(table.unit))
    if other := other_tree(tree):
        raise InventoryError([Problem(str(path), 0, f"this is {other}")])
    return None


def _parsed(text: str, path: Path) -> Any:
    """Return a YAML or JSON text as a tree; None for what is neither, which another reader tells better."""
    problems: list[Problem] = []
    try:
        tree = parse(text, str(path), problems, tags=True)
    except InventoryError:
        try:
            return with_lines(json.loads(text))
        except (ValueError, RecursionError):
            return None
    return None if problems else tree
