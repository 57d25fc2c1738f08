"""What there is to say about the headings of a table: which column was read as what, and which was not."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from itertools import pairwise

from inventory.importers.table.columns import OURS, Column, Columns, compact, is_secret
from inventory.importers.table.notes import Notes
from inventory.importers.table.rows import Table
from inventory.words import quoted, shown

_LONGEST = 60  # characters of a heading


def explain(table: Table, notes: Notes) -> None:
    """Note what became of each column that is not ours by name, or that has no word in it."""
    line, titles, columns = table.head.line, [title.strip() for title in table.head.cells], table.columns
    filled = {
        position
        for row in table.rows
        for position, cell in enumerate(row.cells[: columns.width])
        if cell.strip()
    }
    after = {id(one): two for one, two in pairwise(columns.addresses)}
    once = [each for each in columns.addresses if not (each.dotted and _same(each, after.get(id(each))))]
    for each in (*columns.names[:1], *once, *columns.others):
        if each.position in filled and compact(each.title) != compact(each.key):
            notes.say(line, f"column {shown(each.title)} was read as `{each.key}`{_rank(each, columns)}")
    for position, words in _unread(titles, columns, filled):
        name = (
            f"column {shown(titles[position])}"
            if titles[position]
            else f"column {position + 1}, without a name,"
        )
        notes.say(line, f"{name} {words}")
    blank = [position for position, title in enumerate(titles) if not title and position not in filled]
    if blank:
        notes.say(line, f"columns without a name and without a word in them were passed over: {len(blank)}")


def _same(column: Column, other: Column | None) -> bool:
    """Whether two readings are of one column."""
    return other is not None and column.position == other.position


def _rank(column: Column, columns: Columns) -> str:
    """Say when an address is taken from a column."""
    if column.key != "address":
        return ""
    earlier = columns.addresses[: columns.addresses.index(column)]
    before = [each.title for each in earlier if each.position != column.position]
    words = [
        *(["it holds a name with a dot"] if column.dotted else []),
        *([f"{quoted(dict.fromkeys(before))} gives none"] if before else []),
    ]
    return f", where {' and '.join(words)}" if words else ""


def _unread(titles: Sequence[str], columns: Columns, filled: set[int]) -> Iterator[tuple[int, str]]:
    for position, title in enumerate(titles):
        if is_secret(title):
            yield position, "was not taken over: secrets do not belong in an inventory"
        elif position not in filled:
            if title:
                yield position, "has no word in it and was passed over"
        elif position in columns.read:
            continue
        elif compact(title) and compact(title) in map(compact, titles[:position]):
            yield position, "was not taken over: another has that name"
        else:
            yield position, f"was not taken over: it has no meaning here{_near(title, columns)}"


def _near(title: str, columns: Columns) -> str:
    """Suggest the column that was meant, where one is a slip of the pen away:
    most headings are other programs' own.
    """
    read = {each.key for each in (*columns.names[:1], *columns.addresses, *columns.others)}
    ours = {compact(key): key for key in OURS if key not in read}
    found = difflib.get_close_matches(compact(title)[:_LONGEST], ours, n=1, cutoff=0.8)
    return f"; did you mean `{ours[found[0]]}`?" if found else ""
