"""Cut a selection into its terms, as Ansible does, with more care for brackets."""

from __future__ import annotations

from inventory.shapes import is_ip

_CLOSING = {"[": "]", "(": ")", "{": "}"}


def split(expression: str) -> list[str]:
    """Cut an expression into its terms, blank ones left out."""
    if is_ip(expression.strip()):
        return [expression.strip()]
    by_comma = _cut(expression, ",")
    terms = by_comma if len(by_comma) > 1 else _cut(expression, ":")
    return [term.strip() for term in terms if term.strip()]


def _cut(text: str, separator: str) -> list[str]:
    """Cut at a separator that stands in no brackets; `(` and `{` only count in a regular expression."""
    parts = [""]
    waiting: list[str] = []
    position = 0
    while position < len(text):
        char = text[position]
        regex = parts[-1].lstrip().lstrip("&!").startswith("~")
        if regex and char == "\\":
            char = text[position : position + 2]
        elif waiting and char == waiting[-1]:
            waiting.pop()
        elif (char == "[" or (regex and char in _CLOSING)) and waiting[-1:] != ["]"]:
            waiting.append(_CLOSING[char])
        position += len(char)
        if char == separator and not waiting:
            parts.append("")
        else:
            parts[-1] += char
    return parts
