"""A CSV table, one host a row: the first row names the columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from inventory.errors import InventoryError, Problem
from inventory.importers.draft import UNKNOWN_USER, Draft
from inventory.scalars import plain
from inventory.tree import Map, Seq
from inventory.words import did_you_mean, quoted, shown

_TEXTS = (
    "address",
    "transport",
    "auth",
    "profile",
    "ca",
    "tls_pin",
    "configuration",
    "site",
    "repin",
    "canary_address",
)
_NUMBERS = ("port", "pin", "timeout")
_ROLES = {
    "pin_primary": ("pin", "primary"),
    "pin_backup": ("pin", "backup"),
    "gateway_primary": ("gateways", "primary"),
    "gateway_backup": ("gateways", "backup"),
}
_SPECIAL = ("name", "username", "tags", "groups")
COLUMNS = (*_SPECIAL[:1], *_TEXTS, *_NUMBERS, *_ROLES, *_SPECIAL[1:])
_SECRET = re.compile(r"pass|secret|pwd", re.IGNORECASE)
_APART = re.compile(r"[;,\s]+")


def read(text: str, file: str) -> Draft:
    """Return a draft of the table. Raises InventoryError for columns and rows that cannot be read."""
    draft = Draft(file)
    problems: list[Problem] = []
    rows = _rows(text, file, problems)
    line, header = next(rows, (1, []))
    columns = [column.strip().lower().replace(" ", "_") for column in header]
    _check(columns, line, draft, problems)
    if not problems:
        for line, row in rows:
            _host(dict(zip(columns, row, strict=False)), line, draft, problems)
            if len(row) > len(columns):
                problems.append(
                    Problem(file, line, f"{len(row)} cells, and the first row names {len(columns)} columns")
                )
    if problems:
        raise InventoryError(problems)
    if any("credential" not in host for host in draft.section("hosts").values()):
        draft.section("defaults").put("credential", draft.credential(UNKNOWN_USER, line), line)
    return draft


def _rows(text: str, file: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold something, with the line that each begins in."""
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begin = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield begin, [cell.strip() for cell in row]
            begin = reader.line_num + 1
    except csv.Error as exc:
        problems.append(Problem(file, begin, f"not CSV: {exc}"))


def _check(columns: list[str], line: int, draft: Draft, problems: list[Problem]) -> None:
    if "name" not in columns:
        message = f"no column `name`; the first row names the columns, out of {quoted(COLUMNS)}"
        problems.append(Problem(draft.file, line, message))
        return
    for position, column in enumerate(columns):
        if _SECRET.search(column):
            draft.note(
                f"The column {shown(column)} was not taken over: secrets do not belong in an inventory."
            )
        elif column not in COLUMNS:
            near = did_you_mean(column, COLUMNS) or f"; known are {quoted(COLUMNS)}"
            problems.append(Problem(draft.file, line, f"unknown column {shown(column)}{near}"))
        elif column in columns[:position]:
            problems.append(Problem(draft.file, line, f"column `{column}` stands here twice"))


def _host(cells: dict[str, str], line: int, draft: Draft, problems: list[Problem]) -> None:
    """Add a row's host; an empty cell says nothing."""
    name = cells.get("name", "")
    hosts = draft.section("hosts")
    if not name:
        problems.append(Problem(draft.file, line, "a row without a name"))
    elif name in hosts:
        message = (
            f"host {shown(name)} stands here for the second time; the first is in line {hosts.lines[name]}"
        )
        problems.append(Problem(draft.file, line, message))
    else:
        said = {column: cell for column, cell in cells.items() if cell}
        hosts.put(name, _settings(said, line, draft), line)
        for group in _APART.split(said.get("groups", "")):
            if group:
                draft.join(group, name, line)


def _settings(said: dict[str, str], line: int, draft: Draft) -> Map:
    """Return what a row says of its host."""
    host = Map(line)
    for column, cell in said.items():
        if column in _TEXTS or column in _NUMBERS:
            host.put(column, plain(cell) if column in _NUMBERS else cell, line)
    for column, (key, role) in _ROLES.items():
        if column in said:
            if not isinstance(host.get(key), Map):  # a `pin` for all roles gives way to one by role
                host.put(key, Map(line), line)
            host[key].put(role, plain(said[column]) if key == "pin" else said[column], line)
    if "username" in said:
        host.put("credential", draft.credential(said["username"], line), line)
    if "tags" in said:
        tags = Seq(line)
        for tag in filter(None, _APART.split(said["tags"])):
            tags.put(tag, line)
        host.put("tags", tags, line)
    return host
