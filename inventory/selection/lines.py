"""The lines of a file of hosts (`@file`) or of standard input (`-`), bounded."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from inventory.errors import InventoryError, SelectionError, file_words
from inventory.files.textfile import decode, read_bytes
from inventory.words import shown, visible

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
LARGEST = 1024 * 1024  # bytes or characters: 10,000 names of 100 letters


def lines_of(term: str, stdin: TextIO | None) -> list[tuple[str, str]]:
    """Return each line that says something, with its place ("hosts.txt:3: "). Raises SelectionError."""
    named = file_words(term) if term == "-" else visible(term[1:])
    try:
        text = _stdin(stdin) if term == "-" else _file(term[1:])
    except InventoryError as exc:
        raise SelectionError(*map(str, exc.problems)) from None
    found = [(line, f"{named}:{number}: ") for number, line in _said(text)]
    if not found:
        raise SelectionError(f"{named if term == '-' else shown(term)} names no host")
    return found


def _said(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if (said := line.strip()) and not said.startswith("#"):
            yield number, said


def _stdin(stdin: TextIO | None) -> str:
    if stdin is None:
        raise SelectionError("standard input cannot be read: there is none")
    try:
        text = stdin.read(LARGEST + 1)
    except (OSError, ValueError) as exc:
        raise SelectionError(f"standard input cannot be read: {exc}") from None
    if len(text) > LARGEST:
        raise SelectionError(f"standard input has more than {LARGEST // 1024:,} kB: that is no list of hosts")
    return text


def _file(name: str) -> str:
    if not name:
        raise SelectionError("an `@` with no file's name behind it")
    try:
        path = Path(name).expanduser()
    except RuntimeError as exc:  # `~nobody`
        raise SelectionError(f"{visible(name)}: {exc}") from None
    data = read_bytes(path, what="file of hosts", limit=LARGEST)
    if data.startswith(_WIDE):  # `> hosts.txt` and Out-File of Windows PowerShell write nothing else
        with suppress(UnicodeDecodeError):
            return data.decode("utf-16")
    return decode(data, str(path))
