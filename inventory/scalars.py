"""What a plain YAML word means here: the core words of YAML 1.2, and nothing clever.

`yes`, `no`, `on` and `off` are texts; so are `0755`, `0x1F`, `22:30`, `5_986` and dates, where YAML 1.1 would
make a number or a date of them. What is not read as a number here is what PyYAML's dumper leaves unquoted as
a text, too, or quotes.
"""

from __future__ import annotations

import re

Scalar = str | int | float | bool | None

_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FRACTION = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}


def plain(text: str) -> Scalar:
    """Turn an unquoted YAML word into the value that it stands for."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "0123456789+-":
        if _NUMBER.fullmatch(text):
            return int(text)
        if _FRACTION.fullmatch(text):
            return float(text)
    return text
