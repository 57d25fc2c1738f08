"""Names in the Windows registry: compared as it compares them."""

from __future__ import annotations


def fold(name: str) -> str:
    """Bring a registry name to one case, one character at a time.

    Letters that only look related stay apart: the registry does not take a dotless i or a Kelvin sign for i
    or k.
    """
    return name.upper() if name.isascii() else "".join(map(_fold_character, name))


def _fold_character(character: str) -> str:
    upper = character.upper()
    return upper if len(upper) == 1 and upper.isascii() == character.isascii() else character
