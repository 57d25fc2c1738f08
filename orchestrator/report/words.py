"""The small words of every screen: counts, ages, durations, folded names, and what a verdict looks like.

Colour repeats what a word already says; no screen needs it to be understood.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inventory.verdicts import Verdict
from orchestrator.domain.primitives.text import clean
from orchestrator.domain.reading import Result
from orchestrator.report import drawing

if TYPE_CHECKING:
    from rich.text import Text

NAMES_SHOWN = 10  # of a group's hosts; the rest is a count and a command that lists them

_MINUTE, _HOUR, _DAY = 60, 3600, 86400

RESULTS = {
    Result.CONNECTED: "connected",
    Result.REFUSED: "refused",
    Result.TIMED_OUT: "timed out",
    Result.UNREACHABLE: "unreachable",
    Result.RESET: "reset",
    Result.BLOCKED_LOCALLY: "blocked locally",
    Result.NAME_ERROR: "name error",
    Result.ERROR: "error",
}


def shown(text: str, style: str = "", *, limit: int | None = None) -> Text:
    """Make text from anywhere fit to be seen: cleaned, and never read as markup. `limit` is in characters."""
    return drawing.Text(clean(text, limit=limit), style=style)


def styled(verdict: Verdict, label: str | None = None) -> Text:
    """Write a verdict (or its label, with the role) in its colour."""
    return drawing.Text(label or str(verdict), style=verdict.style)


def duration(seconds: float) -> str:
    """Write a length of time in its two largest units: `48 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.

    It is rounded to the smaller of the two: a second less than a day is `1 d`.
    """
    whole = max(0, round(seconds))
    said = f"{whole} s"
    for size, unit, smaller, smaller_unit in (
        (_MINUTE, "min", 1, "s"),
        (_HOUR, "h", _MINUTE, "min"),
        (_DAY, "d", _HOUR, "h"),
    ):
        if whole < size:
            break
        whole = round(seconds / smaller) * smaller
        rest = whole % size // smaller
        said = f"{whole // size} {unit}" + (f" {rest} {smaller_unit}" if rest else "")
    return said


def age(then: datetime, now: datetime) -> str:
    """Write how long ago something was: `just now`, `5 min ago`, `3 d ago`. Both are aware."""
    seconds = (now - then).total_seconds()
    if seconds < 1:
        return "just now"
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return f"{int(seconds)} s ago"


def moment(when: datetime) -> str:
    """Write a time as `2026-03-01 14:02 UTC`."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def folded(names: Sequence[str], *, limit: int = NAMES_SHOWN) -> tuple[str, int]:
    """Join the first `limit` names; the count is of those left out.

    A fold that would hide one name shows it.
    """
    if len(names) <= limit + 1:
        return ", ".join(names), 0
    return ", ".join(names[:limit]), len(names) - limit


def listed(names: Sequence[str], *, limit: int = NAMES_SHOWN) -> str:
    """Write the first `limit` names and count the rest: `web1, web2 and 7 more`."""
    written, more = folded(names, limit=limit)
    return f"{written} and {more:,} more" if more else written
