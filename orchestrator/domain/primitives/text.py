"""Make what a host said safe to look at: `clean` is the one door between stored text and a person."""

from __future__ import annotations

_CUT = "…"

# Characters that Python calls printable and that a screen shows as nothing: fillers and variation selectors
# (Unicode's Default_Ignorable_Code_Point outside the categories C and Z), and the braille blank.
_BLANK = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180F, 0x2800, 0x3164, 0xFFA0),
            *range(0x180B, 0x180E),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ),
    ),
)


def clean(text: str, *, limit: int | None = None) -> str:
    r"""Return the text with everything that a screen would obey or hide made visible, as `\x1b`, `\u202e`,
    `\U000e0001`.

    That is every character that is not printable (controls, ESC, line ends, tab, bidirectional and zero-width
    marks, odd spaces, lone surrogates, private and unassigned code points) or shows as nothing. A backslash
    stays as it is, so a cleaned text cleaned again does not change; it cannot be turned back, for that the
    stored text is there. With `limit`, at most so many characters come back, the last one `…` where something
    was left out. Never raises.
    """
    if text.isascii() and text.isprintable():
        return text if limit is None or len(text) <= limit else _cut(text, limit)
    return _cut(text, limit)


def _cut(text: str, limit: int | None) -> str:
    """Build the visible form piece by piece; an escape is left out whole, never cut in two."""
    pieces: list[str] = []
    length = 0
    fits = 0  # how many pieces still leave room for the mark
    for character in text:
        piece = _visible(character)
        pieces.append(piece)
        length += len(piece)
        if limit is None or length < limit:
            fits = len(pieces)
        elif length > limit:
            return "".join([*pieces[:fits], _CUT])[: max(limit, 0)]
    return "".join(pieces)


def _visible(character: str) -> str:
    if character.isprintable() and character not in _BLANK:
        return character
    code = ord(character)
    if code <= 0xFF:  # noqa: PLR2004 - what two hex digits can hold
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - four hex digits
