"""The text of a table as rows of cells: which sign parts the cells, which row names the columns,
where each row begins.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inventory.errors import InventoryError, Problem
from inventory.importers.table.columns import OURS, REMOTE, TARGETS, Columns, columns_of, compact
from inventory.importers.table.notes import Notes
from inventory.words import quoted

HEAD = 30  # rows among which the one that names the columns is looked for
_SIGNS = ",;\t|"
_SEP = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)
_DRAWN = re.compile(r"-+(?: +-+)+")
_TYPE = re.compile(r'"?#TYPE\b', re.IGNORECASE)

Cells = list[str]


@dataclass(frozen=True, slots=True)
class Row:
    """A row and the line that it begins in, or its number where lines tell nothing (`Table.unit`)."""

    line: int
    cells: Cells


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the headings with their line and their meaning, and the rows below.

    `unit`: what `line` counts, "line", or "record" of a document that has several in one line; its headings
    are in 0 then.
    """

    head: Row
    columns: Columns
    rows: list[Row]
    unit: str = "line"


def read_table(text: str, file: str, notes: Notes) -> Table:
    """Find the headings and return what is below. Raises InventoryError where no row can be them."""
    lines = list(io.StringIO(text, newline=""))
    begin, best = _best(lines)
    if best.row is None and (inner := _unwrapped(lines)):
        begin, best = _best(inner)
        if best.row is not None:
            lines = inner
            notes.say(best.row.line, "each line stands between quotes as a whole; what is inside was read")
    if best.row is None:
        found = (
            "an empty file, where a table was expected" if begin == len(lines) else "no row names the columns"
        )
        message = (
            f"{found}; {_hint(lines[begin:])}write one above the hosts, such as `name,address`: the name of "
            f"a host has to be among them, and known are {quoted(OURS)}"
        )
        raise InventoryError([Problem(file, begin + 1 if begin < len(lines) else 1, message)])
    for line in best.above:
        notes.say(line, "passed over, because it stands above the row that names the columns")
    rows = [row for row in _rows(lines, best.row.line - 1, best.sign, notes) if row.line > best.row.line]
    return Table(best.row, meaning(best.row.cells, rows), rows)


def meaning(titles: Cells, rows: Sequence[Row]) -> Columns:
    """Tell what the headings mean: `PSComputerName` is the host's name where several answered, or no name
    beside it tells more rows apart.

    A directory that was asked through one machine has that one in every row, and so has what one machine says
    of others (Test-Connection).
    """
    columns, words = columns_of(titles), [compact(title) for title in titles]
    if REMOTE not in words or not columns.names or columns.names[0].key != "name":
        return columns
    at = words.index(REMOTE)
    machines, names = _values(rows, at), _values(rows, columns.names[0].position)
    asked = [each for each in columns.addresses if compact(each.title) in TARGETS]
    if len(machines) == 1 and any(len(_values(rows, each.position)) > 1 for each in asked):
        return columns_of(["" if position == at else title for position, title in enumerate(titles)])
    several = len(machines) > 1 or len(names) <= 1
    return columns_of(titles, remote=True) if machines and several else columns


def _values(rows: Sequence[Row], position: int) -> set[str]:
    return {row.cells[position].casefold() for row in rows if len(row.cells) > position} - {""}


def _hint(lines: Sequence[str]) -> str:
    """Name what PowerShell wrote in the place of a table."""
    if any(_DRAWN.fullmatch(line.rstrip()) for line in lines[:HEAD]):
        return "this was drawn for a screen (Format-Table), and `Export-Csv` writes a table; else "
    if lines and lines[0].strip().strip('"') == "Length":
        return "Export-Csv was given texts, of which it writes the length; give it objects with a Name; else "
    return ""


def _best(lines: Sequence[str]) -> tuple[int, _Head]:
    """Return where the table begins at the earliest, and the headings by the sign that makes most of them."""
    begin, sign = _preamble(lines)
    return begin, max((_head(lines, begin, each) for each in sign or _SIGNS), key=lambda found: found.score)


def _unwrapped(lines: Sequence[str]) -> list[str]:
    """Take off the quotes where every line is one cell:
    so a table looks that was saved with the wrong separator.
    """
    bare = [line.strip() for line in lines]
    if not all(len(line) > 1 and line[0] == line[-1] == '"' for line in bare if line):
        return []
    return [line[1:-1].replace('""', '"') + "\n" for line in bare]


def looks_like_table(text: str) -> bool:
    """Whether a text has a row of two headings or more, one of which names a host, before anything else."""
    lines = list(itertools.islice(io.StringIO(text, newline=""), HEAD))
    begin, sign = _preamble(lines)
    found = [_head(lines, begin, each) for each in sign or _SIGNS]
    return any(each.row is not None and not each.above and len(each.row.cells) > 1 for each in found)


def _preamble(lines: Sequence[str]) -> tuple[int, str]:
    """Pass over what programs write above the table; return the first line below,
    and the sign that it tells.
    """
    begin, sign = 0, ""
    for line in lines:
        if found := _SEP.fullmatch(line):
            sign = found[1]
        elif line.strip() and not _TYPE.match(line):
            break
        begin += 1
    return begin, sign


@dataclass(frozen=True, slots=True)
class _Head:
    """The row that is most like headings where `sign` parts the cells, the lines above it,
    and how like it is.
    """

    sign: str
    row: Row | None = None
    above: tuple[int, ...] = ()
    score: tuple[int, int] = (0, 0)


def _head(lines: Sequence[str], begin: int, sign: str) -> _Head:
    best = _Head(sign)
    above: tuple[int, ...] = ()
    for row in itertools.islice(_rows(lines, begin, sign, Notes()), HEAD):
        columns = columns_of(row.cells)
        score = (len(columns.read), len(row.cells))
        if columns.names and score[0] > best.score[0]:
            best = _Head(sign, row, above, score)
        above = (*above, row.line)
    return best


def _rows(lines: Sequence[str], begin: int, sign: str, notes: Notes) -> Iterator[Row]:
    """Yield the rows that hold something.

    A row with a quote out of place is left out, and reading goes on below it.
    """
    while begin < len(lines):  # once, and once more after each row with a quote out of place
        reader = csv.reader(
            itertools.islice(lines, begin, None), delimiter=sign, strict=True, skipinitialspace=True
        )
        done = 0
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield Row(begin + done + 1, cells)
                    _long(begin + done + 1, reader.line_num - done, cells, sign, notes)
                done = reader.line_num
        except csv.Error as exc:
            notes.leave_out(begin + done + 1, f"not CSV, look at its quotes ({exc})")
            done += 1
        begin += done


def _long(line: int, height: int, cells: Cells, sign: str, notes: Notes) -> None:
    """Note a cell over several lines that may have swallowed rows:
    a quote that was forgotten closes at a later one.
    """
    if any(sign in part for cell in cells if "\n" in cell or "\r" in cell for part in cell.splitlines()[1:]):
        words = (
            f"a cell between quotes goes on for {height} lines and holds `{sign}` there; look whether a "
            "quote is missing"
        )
        notes.say(line, words)
