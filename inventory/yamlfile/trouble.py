"""Put libyaml's syntax errors into words for the user."""

from __future__ import annotations

from typing import Any

import yaml

_TIPS = {
    "unknown escape": "; between double quotes a backslash is written twice, without quotes once "
    "(CORP\\name)",
    "cannot start any token": "; indent with blanks, and put a text that begins with a special character "
    "in quotes",
    "mapping values are not allowed": "; a text with a colon and a blank in it needs quotes",
    "did not find expected key": "; look at the indentation and the quotes of the lines before",
    "could not find expected ':'": "; a key is followed by a colon and a blank",
}


def explain(exc: yaml.YAMLError, text: str, depth: int) -> tuple[int, str]:
    """Return line and words for a syntax error; `depth` is the nesting that is allowed.

    Never quotes the file: it might be the line with a secret.
    """
    if isinstance(exc, yaml.reader.ReaderError):
        before = text.encode("utf-8", "replace")[: exc.position]
        return before.count(b"\n") + 1, f"a character that YAML does not allow (U+{_code(exc.character):04X})"
    mark = getattr(exc, "problem_mark", None) or getattr(exc, "context_mark", None)
    what = str(getattr(exc, "problem", None) or "cannot be read")
    if "nesting depth" in what:  # newer libyaml counts too, and looks further ahead than we are
        return (mark.line + 1 if mark else 0), f"nested more than {depth} levels deep"
    tip = next((tip for part, tip in _TIPS.items() if part in what), "")
    return (mark.line + 1 if mark else 0), f"not YAML: {what}{tip}"


def _code(character: Any) -> int:
    return character if isinstance(character, int) else ord(str(character)[:1] or "\0")
