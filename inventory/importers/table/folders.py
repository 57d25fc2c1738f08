r"""A table whose rows are a tree: mRemoteNG's CSV, where folders are rows too, named by `Parent`.

Its user is two columns, `Domain` and `Username`; what it exports of a host is how mRemoteNG opens it.
"""

from __future__ import annotations

from dataclasses import replace

from inventory.importers.table.columns import columns_of, compact
from inventory.importers.table.notes import Notes
from inventory.importers.table.rows import Row, Table

_MARKS = ("name", "id", "parent", "nodetype")
_FOLDER = "container"
_DEPTH = 64  # folders within folders


def without_folders(table: Table, notes: Notes) -> Table:
    """Return the table without its folders, which become groups; any other table as it is."""
    words = [compact(title) for title in table.head.cells]
    if not set(_MARKS) <= set(words):
        return table
    place = {word: words.index(word) for word in (*_MARKS, "domain", "username") if word in words}
    whole = [row for row in table.rows if len(row.cells) >= len(words)]
    folders = {
        row.cells[place["id"]]: row for row in whole if row.cells[place["nodetype"]].casefold() == _FOLDER
    }
    for row in folders.values():
        notes.say(row.line, "a folder of mRemoteNG's became a group", row.cells[place["name"]])
    lines = {row.line for row in folders.values()}
    rows = [
        _with_groups(row, folders, place, len(words)) if len(row.cells) >= len(words) else row
        for row in table.rows
        if row.line not in lines
    ]
    head = replace(table.head, cells=[*_kept(table.head.cells, place), "groups"])
    return Table(head, columns_of(head.cells), rows)


def _kept(cells: list[str], place: dict[str, int]) -> list[str]:
    """Return a row without the columns that are read here."""
    read = {place.get(word) for word in ("id", "parent", "nodetype", "domain")}
    return [cell for position, cell in enumerate(cells) if position not in read]


def _with_groups(row: Row, folders: dict[str, Row], place: dict[str, int], width: int) -> Row:
    """Return a host's row with the folders around it in one cell more, and its user with the domain."""
    cells = list(row.cells[:width])
    around: list[str] = []
    parent = cells[place["parent"]]
    while parent in folders and len(around) < _DEPTH:
        around.append(" ".join(folders[parent].cells[place["name"]].replace(",", " ").split()))
        parent = folders[parent].cells[place["parent"]]
    if "domain" in place and "username" in place:
        cells[place["username"]] = full_user(cells[place["username"]], cells[place["domain"]])
    return replace(row, cells=[*_kept(cells, place), ",".join(reversed(around)), *row.cells[width:]])


def full_user(user: str, domain: str) -> str:
    r"""Return a user with its domain, `CORP\svc`, where the user's name does not have one already."""
    user, domain = user.strip(), domain.strip()
    return f"{domain}\\{user}" if user and domain and not set("\\@") & set(user) else user
