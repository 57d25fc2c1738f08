"""Cut a selection into its terms, as Ansible does, with more care for brackets and IPv6 addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inventory.schema.shapes import is_ip
from inventory.words import shown

_CLOSING = {"[": "]", "(": ")", "{": "}"}
_CAREFUL = re.compile(r"[\[~]")  # without these no separator can stand inside anything
_REGEX = re.compile(r"\s*[&!]?\s*~")
_ADDRESS_PARTS = 9  # pieces between the colons of an IPv6 address: eight, or nine with a `::` at an end
_OF_ADDRESS = re.compile(r"[0-9A-Fa-f.]{0,15}")
_OF_GLOB = re.compile(r"[0-9A-Fa-f.*?]{0,15}")


@dataclass(frozen=True, slots=True)
class Term:
    """One term: its sign (`&`, `!` or ""), the text behind it, and its place ("hosts.txt:3: " or "")."""

    sign: str
    text: str
    place: str = ""

    @classmethod
    def read(cls, text: str, place: str = "") -> Term:
        """Take the sign off a term's text."""
        sign = text[:1] if text[:1] in ("&", "!") else ""
        return cls(sign, text[len(sign) :].strip(), place)


def split(expression: str) -> list[str]:
    """Cut an expression into its terms, blank ones left out.

    Raises ValueError for a `:` in a list with commas.
    """
    if is_ip(expression.strip()):
        return [expression.strip()]
    pieces = _cut(expression)
    terms = _by_commas(pieces) if any(separator == "," for separator, _ in pieces) else _by_colons(pieces)
    return [term.strip() for term in terms if term.strip()]


def _cut(text: str) -> list[tuple[str, str]]:
    """Cut at each `,` and `:` outside of brackets; return each piece with the separator before it."""
    if not _CAREFUL.search(text):
        parts = re.split("([,:])", text)
        return list(zip(["", *parts[1::2]], parts[::2], strict=True))
    pieces: list[tuple[str, str]] = []
    separator, start = "", 0
    while True:
        end = _end(text, start)
        pieces.append((separator, text[start:end]))
        if end == len(text):
            return pieces
        separator, start = text[end], end + 1


def _end(text: str, start: int) -> int:
    """Return where the piece from `start` ends; `(`, `{` and a backslash count in a regular expression
    alone.
    """
    regex = _REGEX.match(text, start) is not None
    waiting: list[str] = []
    position = start
    while position < len(text):
        char = text[position]
        if regex and char == "\\":
            position += 1
        elif waiting and char == waiting[-1]:
            waiting.pop()
        elif (char == "[" or (regex and char in _CLOSING)) and waiting[-1:] != ["]"]:
            waiting.append(_CLOSING[char])
        elif char in ",:" and not waiting:
            return position
        position += 1
    return len(text)


def _by_commas(pieces: list[tuple[str, str]]) -> list[str]:
    """Put together what a `:` has cut: where a comma stands, commas alone separate."""
    parts: list[list[str]] = []
    for separator, piece in pieces:
        if separator == ":":
            parts[-1].append(piece)
        else:
            parts.append([piece])
    terms = [":".join(part).strip() for part in parts]
    for term, part in zip(terms, parts, strict=True):
        bare = Term.read(term).text
        if len(part) > 1 and not bare.startswith("~") and not is_ip(bare) and not _is_address_glob(part):
            raise ValueError(
                f"{shown(term)}: in a list with commas a `:` separates nothing; write commas alone: `a,!b,&c`"
            )
    return terms


def _by_colons(pieces: list[tuple[str, str]]) -> list[str]:
    """Put together the pieces of each IPv6 address, or glob of such, the longest that fits; the others are
    terms. Raises ValueError where an address and a glob behind it could be one glob.
    """
    texts = [piece.strip() for _, piece in pieces]
    terms: list[str] = []
    position = 0
    while position < len(texts):
        taken = _address(texts[position : position + _ADDRESS_PARTS])
        terms.append(":".join(texts[position : position + taken]))
        position += taken
    return terms


def _address(texts: list[str]) -> int:
    """Return how many of the texts, from the first on, make an IPv6 address; 1 where none do."""
    texts = [Term.read(texts[0]).text, *texts[1:]]
    possible = next(
        (number for number, text in enumerate(texts) if not _OF_ADDRESS.fullmatch(text)), len(texts)
    )
    address = next((length for length in range(possible, 2, -1) if is_ip(":".join(texts[:length]))), 1)
    glob = next((length for length in range(len(texts), 2, -1) if _is_address_glob(texts[:length])), 1)
    if 1 < address < glob:
        whole, alone = ":".join(texts[:glob]), ":".join(texts[:address])
        raise ValueError(
            f"{shown(whole)} is a glob of addresses, or the address {shown(alone)} and more: separate terms "
            f"by commas, `{alone},{texts[address]}`, or end the glob with one, `{whole},`"
        )
    return max(address, glob)


def _is_address_glob(texts: list[str]) -> bool:
    """Say whether texts between colons are a glob of IPv6 addresses: only an address has a `::`."""
    texts = [Term.read(texts[0]).text, *(text.strip() for text in texts[1:])]
    whole = ":".join(texts)
    fits = len(texts) <= _ADDRESS_PARTS and all(map(_OF_GLOB.fullmatch, texts))
    return fits and "::" in whole and ("*" in whole or "?" in whole)
