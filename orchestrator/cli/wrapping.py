"""Words for a terminal, broken at blanks: never in the middle of a word, and never inside a command."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = re.compile(r"(?:`[^`]*`|\S)+")  # what stands in backticks is one word: it is to be pasted
_SET_IN = "  "  # a line that begins so is a command of its own


def wrapped(line: str, width: int) -> Iterator[str]:
    """Yield a line as lines of at most `width` columns; a word that is longer runs over, and a line that is
    set in stays whole.
    """
    if len(line) <= width or line.startswith(_SET_IN):
        yield line
        return
    now, *rest = _WORD.findall(line) or [""]
    for word in rest:
        if len(now) + 1 + len(word) > width:
            yield now
            now = word
        else:
            now += f" {word}"
    yield now
