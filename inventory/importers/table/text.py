"""The bytes of a table as text: UTF-8, UTF-16 as Windows writes it, or a code page of Windows.

Export-Csv of Windows PowerShell 5.1 and Excel's "Unicode text" write UTF-16, Excel's "CSV" the code page of
the machine. Which one cannot be known: Windows-1252 is the likely one in Western Europe, code page 850 where
1252 would put a character that no word holds. The note says so, with the line of the first such character.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from inventory.errors import InventoryError, Problem

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")  # .xlsx and .ods; .xls
_SAMPLE = 512  # bytes that are looked at for UTF-16 without a mark
_ASCII = 0x7F

# Letters of code page 850 (u, e, a, o with their accents) that 1252 has no character for, or a sign inside a
# word.
_OEM = re.compile(rb"[\x81\x8d\x8f\x90\x9d]|[A-Za-z][\x82\x84\x85\x87\x88\x89\x8b\x93-\x95\x97][A-Za-z]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text; where its encoding is a guess, `note` says so about `line`."""

    text: str
    line: int = 0
    note: str = ""


def is_workbook(data: bytes) -> bool:
    """Whether a file is a spreadsheet program's own, whatever its name."""
    return data.startswith(_WORKBOOKS)


def decode(data: bytes, file: str) -> Decoded:
    """Decode a table. Raises InventoryError for a workbook, and for bytes that are no text."""
    if is_workbook(data):
        message = (
            "a workbook of Excel or LibreOffice, and no text; save it as `CSV UTF-8` and import that file"
        )
        raise InventoryError([Problem(file, 0, message)])
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None) or _unmarked(data)
    try:
        return Decoded(data.decode(encoding))
    except UnicodeDecodeError as exc:
        if encoding != "utf-8-sig":
            message = f"written as {encoding.upper()}, and damaged there; save it as `CSV UTF-8`"
            raise InventoryError([Problem(file, _line(data[: exc.start]), message)]) from None
        return _by_code_page(data, exc.start, file)


def _unmarked(data: bytes) -> str:
    """Tell UTF-16 without a mark by its NULs: in Latin text every second byte is one."""
    odd, even = data[1:_SAMPLE:2], data[0:_SAMPLE:2]
    if odd and odd.count(0) * 10 > len(odd) * 9:
        return "utf-16-le"
    return "utf-16-be" if even and even.count(0) * 10 > len(even) * 9 else "utf-8-sig"


def _by_code_page(data: bytes, first: int, file: str) -> Decoded:
    """Decode line by line: what was appended to a file may be of another encoding than its beginning."""
    page, name = ("cp850", "code page 850") if _OEM.search(data) else ("cp1252", "Windows-1252")
    line, data = _line(data[:first]), data.removeprefix(codecs.BOM_UTF8)
    if 0 in data:
        message = "not UTF-8, and with NULs in it no text of Windows either; save it as `CSV UTF-8`"
        raise InventoryError([Problem(file, line, message)])
    pieces = [_piece(piece, page) for piece in data.splitlines(keepends=True)]
    byte = next(each for each in data.splitlines()[line - 1] if each > _ASCII)
    note = (
        f"not UTF-8, so it was read as {name}: byte 0x{byte:02x} became `{bytes([byte]).decode(page)}`. "
        "Where that is wrong, save the table as `CSV UTF-8`"
    )
    return Decoded("".join(pieces), line, note)


def _piece(line: bytes, page: str) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode(page)


def _line(before: bytes) -> int:
    """Count the lines down to the end of some bytes; `splitlines` of bytes knows CR, LF and both together."""
    return len((before + b".").splitlines())
