"""Advice with its commands made complete: `--limit` where it is about few hosts,
and the `-i` and `--db` that were given.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from orchestrator.report import drawing
from orchestrator.report.hints import Hints
from orchestrator.report.parts import bullets, command

if TYPE_CHECKING:
    from rich.console import RenderableType

NAMED = 3  # hosts that a command names
_TYPED = re.compile(
    r"fleetcheck (?P<what>scan|repin (?:plan|resume|undo|status))"
    r"(?:(?> --(?:limit|from|only) (?:'[^']*'|[^\s`,;:']++)| --(?!db\b)[a-z][a-z-]*+| \d++))*+(?! -i | --db )"
)
_COMMAND = re.compile(r"(fleetcheck (?:scan|repin plan)(?: --(?:probe|policy) [a-z-]+)*)(?! --limit)")


def pieces(advice: str, hosts: Sequence[str], hints: Hints, *, again: str = "") -> Iterator[tuple[bool, str]]:
    """Yield the pieces of a sentence in order; True: it is a command, complete. `advice` is uncleaned.

    `again` are a scan's options where the hosts are too many to be named, such as ` --from 12 --only
    blocked`.
    """
    for index, piece in enumerate(_COMMAND.split(advice)):
        if not index % 2:
            if piece:
                yield False, piece
            continue
        few = bool(hosts) and len(hosts) <= NAMED
        scans = piece.startswith("fleetcheck scan")
        which = f" --limit {shlex.quote(','.join(hosts))}" if few else again if scans else ""
        yield True, f"{piece}{which}{hints.inventory}{hints.database}"


def told(advice: str, host: str, hints: Hints | None = None) -> str:
    """Write advice about one host on one line, its commands complete."""
    return "".join(piece for _, piece in pieces(advice, [host], hints or Hints()))


def completed(words: str, hints: Hints) -> str:
    """Return a sentence with `-i` and `--db` behind each command in it that takes them and has none."""

    def whole(found: re.Match[str]) -> str:
        reads = found["what"] == "repin status"
        return f"{found[0]}{'' if reads else hints.inventory}{hints.database}"

    return _TYPED.sub(whole, words)


def drawn(sentences: Iterable[Iterable[tuple[bool, str]]], *, mark: str = "-") -> Iterator[RenderableType]:
    """Draw advice as a list; each command stands whole on a line of its own, to be pasted."""
    for sentence in sentences:
        sign = mark
        for is_command, piece in sentence:
            if is_command:
                yield command(piece)
                continue
            words = piece.strip(" ;,")
            if words:
                yield drawing.Padding(bullets([words], mark=sign) or drawing.Text(), (0, 0, 0, 2))
            sign = " "
