"""What a SOAP message is about, and its text for a person. A host's XML is read as text, not parsed."""

from __future__ import annotations

import re

from orchestrator.domain.primitives.text import clean

_HEAD = 8192  # bytes in which the header of a message has its action
_ACTION = re.compile(rb"<(?:[A-Za-z0-9_.-]{1,40}:)?Action(?:\s[^<>]{0,200})?>\s*([^<>\s]{1,400})\s*</")
_BETWEEN = re.compile(r">\s*<")


def action(message: bytes) -> str | None:
    """Return the action that a message names, uncleaned; None where it names none."""
    found = _ACTION.search(message[:_HEAD])
    return found[1].decode("utf-8", "replace") if found else None


def lines(text: str) -> list[str]:
    """Return a body line by line, cleaned: broken between tags, and where it was broken already."""
    return [clean(line) for line in _BETWEEN.sub(">\n<", text).splitlines()]
