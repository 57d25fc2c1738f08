"""What a cell says: nothing, a text, a number, a word of ours, or several names.

Raises ValueError, with words for the user, for what it cannot be.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation

_NOTHING = frozenset(
    {"n/a", "#n/a", "#nv", "#n/d", "n.a.", "n/v", "k.a.", "null", "<null>", "none", "nil", "(none)", "<none>",
     "\\n", "#ref!", "#name?", "#value!", "#wert!", "#bezug!", "(null)"}
)  # fmt: skip
"""How programs write that there is nothing.

`NA` is not among them: North America, and Namibia, have sites.
"""

_TYPES = re.compile(
    r"(?:System|Microsoft|VMware)\.[\w.+`]*(?:\[\]|Collection\S*)"
)  # .NET's name of a list, in its place
_FORMULA = re.compile(r'="(.*)"', re.DOTALL)  # how a text is kept from Excel's guesses
_QUOTED = re.compile(r"'([^']*)'?")  # between single quotes, or behind the one that makes a text in Excel
_TCP = re.compile(r"(?:tcp[ /]?)?([^/]*?)(?:[ /]?tcp)?", re.IGNORECASE)
_GROUPED = re.compile(r"([0-9]{1,3})[.,]([0-9]{3})(?:[.,]0{1,9})?")
_DECIMAL = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,9})?(?:E\+?[0-9]{1,2})?", re.IGNORECASE)
_HIGHEST = 65535
_LINE = re.compile(r"[-\u2013\u2014=_.?]+")  # a dash, or the line that sqlcmd draws below the headings
_LOST = re.compile(r"[^\W\d_]\?[^\W\d_]")
_APART = re.compile(r"[;,|\r\n]+")
_BESIDE_COMMAS = re.compile(r"[;|\r\n]+")
_PART = re.compile(r"(?:CN|OU)=((?:[^,;|\\]|\\.)+)", re.IGNORECASE)
_DISTINGUISHED = re.compile(
    r"(?:CN|OU)=(?:[^,;|\\]|\\.)+(?:, ?(?:CN|OU|DC|O)=(?:[^,;|\\]|\\.)+)+", re.IGNORECASE
)
_BLANKS = re.compile(r"[^\S\r\n]+")

_ALLOW = frozenset({"allow", "true", "yes", "ja", "wahr", "1"})
_FORBID = frozenset({"forbid", "false", "no", "nein", "falsch", "0"})


def text_of(cell: str) -> str:
    """Return what a cell says, with single blanks and without marks that nobody sees;
    empty where it says nothing.
    """
    if found := _FORMULA.fullmatch(cell.strip()):
        cell = found[1].replace('""', '"')
    if found := _QUOTED.fullmatch(cell.strip()):
        cell = found[1]
    cell = (
        "".join(char for char in cell if unicodedata.category(char) != "Cf") if not cell.isascii() else cell
    )
    cell = _BLANKS.sub(" ", cell).strip()
    return "" if cell.casefold() in _NOTHING or _LINE.fullmatch(cell) or _TYPES.fullmatch(cell) else cell


def hides(cell: str) -> bool:
    """Whether a cell holds marks that nobody sees."""
    return not cell.isascii() and any(unicodedata.category(char) == "Cf" for char in cell)


def lost_a_letter(text: str) -> bool:
    """Whether a `?` stands inside a word: Export-Csv of 5.1 writes one for each letter that is not ASCII."""
    return bool(_LOST.search(text))


def one_line(text: str) -> str:
    """Return a text without its line breaks."""
    return " ".join(text.split())


def whole_number(text: str) -> int:
    """Read a port: `5986`, `5986.0`, `5986,0`, `5.986`, `5.986E+03`, `tcp/5986`."""
    bare = found[1].strip() if (found := _TCP.fullmatch(text)) else text
    readings = set()
    if grouped := _GROUPED.fullmatch(bare):
        readings.add(int(grouped[1] + grouped[2]))
    if (plain := _decimal(bare)) is not None and plain == plain.to_integral_value():
        readings.add(int(plain))
    ports = [each for each in readings if 1 <= each <= _HIGHEST]
    if len(ports) != 1:
        raise ValueError("a whole number from 1 to 65535 was expected")
    return ports[0]


def seconds(text: str) -> float:
    """Read a number of seconds, with a decimal point or comma."""
    number = _decimal(text)
    if number is None:
        raise ValueError("a number of seconds was expected")
    return int(number) if number == number.to_integral_value() else float(number)


def _decimal(text: str) -> Decimal | None:
    if not _DECIMAL.fullmatch(text):
        return None
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None


def may_repin(text: str) -> str:
    """Read whether a pin may be rewritten.

    Whatever is not a yes is a no: a mistake here must not let anything write.
    """
    return "allow" if text.casefold() in _ALLOW else "forbid"


def is_repin_word(text: str) -> bool:
    """Whether a text is one that `may_repin` knows."""
    return text.casefold() in _ALLOW | _FORBID


def several(text: str) -> list[str]:
    """Part a cell at `;`, `,`, `|` and line breaks, never at a blank, and take each part once.

    Distinguished names of a directory (`CN=Web,OU=Groups,DC=corp`) stay whole.
    """
    apart = _BESIDE_COMMAS if _DISTINGUISHED.match(text) else _APART
    return list(dict.fromkeys(part for part in map(str.strip, apart.split(text)) if part))


def first_part(name: str) -> str:
    """Return the name in the first part of a distinguished name; any other text as it is."""
    found = _PART.match(name)
    return re.sub(r"\\(.)", r"\1", found[1]) if found and _DISTINGUISHED.fullmatch(name) else name
