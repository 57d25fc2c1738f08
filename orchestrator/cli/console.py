"""The two streams of every command: what was asked for goes to standard output, what is said about it to the
other.

A table is drawn where a person looks (a terminal, or `--table`); down a pipe go plain tab-separated lines.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from orchestrator.domain.primitives.text import clean

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from orchestrator.app.events import Note

_WORD = re.compile(r"(?:`[^`]*`|\S)+")  # what stands in backticks is one word: it is to be pasted
_SET_IN = "  "  # a line that begins so is a command of its own
_USUAL = 80  # columns of a terminal that does not say


def prepare_streams() -> None:
    """Let a character that the terminal's encoding lacks come out as an escape, and a closed stream take
    anything.

    A closed stream's number would go to the next file that is opened: to the null device, before it is the
    database.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  # open until the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def draws(*, table: bool) -> bool:
    """Tell whether standard output gets drawn tables: on a terminal, or where `--table` asks for them."""
    return table or sys.stdout.isatty()


def console(stream: TextIO) -> Console:
    """Make a console that reads no markup and guesses no colours into text;
    it honours NO_COLOR and TERM=dumb.
    """
    from rich.console import Console

    return Console(file=stream, markup=False, emoji=False, highlight=False)


def draw(drawing: RenderableType) -> None:
    """Print a table or text to standard output.

    A command to be pasted may be wider than the screen: it is not cut.
    """
    if sys.stdout.isatty():
        console(sys.stdout).print(drawing, crop=False)
        return
    text = io.StringIO()
    console(text).print(drawing, crop=False)
    sys.stdout.writelines(line.rstrip() + "\n" for line in text.getvalue().rstrip("\n").split("\n"))


_header: ContextVar[bool] = ContextVar("header", default=False)


def with_header(wanted: bool) -> None:
    """Take what `--header` says, for the rows that this command will print."""
    _header.set(wanted)


def lines(rows: Iterable[Iterable[object]], columns: Sequence[str]) -> None:
    """Print rows as tab-separated lines, behind the columns' names where `--header` asked for them.

    Each field is cleaned, so a line has as many fields as its row.
    """
    for row in chain([columns] if _header.get() else [], rows):
        sys.stdout.write("\t".join(clean(str(field)) for field in row) + "\n")


def say(message: str) -> None:
    """Print a remark to standard error, cleaned; a terminal gets it wrapped between words.

    A line that is set in is a command to be pasted: it stays whole, and so does one in backticks.
    """
    sys.stderr.writelines(f"{line}\n" for line in fitted(clean(line) for line in message.splitlines()))


def fitted(lines_: Iterable[str]) -> Iterator[str]:
    """Yield lines for standard error: on a terminal as wide as that is, else as they are."""
    if not sys.stderr.isatty():
        yield from lines_
        return
    width = _columns()
    for line in lines_:
        yield from wrapped(line, width)


def wrapped(line: str, width: int) -> Iterator[str]:
    """Yield a line as lines of at most `width` columns; a word that is longer runs over, and a line that is
    set in stays whole.
    """
    if len(line) <= width or line.startswith(_SET_IN):
        yield line
        return
    now, *rest = _WORD.findall(line) or [""]
    for word in rest:
        if len(now) + 1 + len(word) > width:
            yield now
            now = word
        else:
            now += f" {word}"
    yield now


def _columns() -> int:
    """Return the width of standard error's terminal."""
    if (said := os.environ.get("COLUMNS", "")).isdigit() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _USUAL
    except (OSError, ValueError):  # no terminal after all
        return _USUAL


def say_note(note: Note) -> None:
    """Print what a use case tells on its way."""
    from orchestrator.app.events import Warned

    say(f"{'warning' if isinstance(note, Warned) else 'remark'}: {note.words}")


def unsaid(_note: object) -> None:
    """Say nothing: `--quiet`."""


def hand_over(path: Path, text: str | Iterable[str], *, marker: str, what: str) -> None:
    """Write a text to its file as `orchestrator.app.files.write` does, or to standard output for `-`."""
    if str(path) == "-":
        sys.stdout.writelines((text,) if isinstance(text, str) else text)
        return
    from orchestrator.app.files import write

    write(path, text, marker=marker, what=what)


def document(content: Mapping[str, Any]) -> None:
    """Print a JSON document: ASCII, lossless, indented by two."""
    json.dump(content, sys.stdout, indent=2, ensure_ascii=True)
    sys.stdout.write("\n")


def stream_document(content: Mapping[str, Any], key: str, items: Iterable[Any]) -> None:
    """Print a JSON document whose last key holds an array of any length: each item on a line, none kept."""
    from orchestrator.report.exports.json_text import streamed

    sys.stdout.writelines(streamed(content, key, items))
