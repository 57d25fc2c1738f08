"""The commands that come after the demo's scan, as values: a host that fails, a re-pin and its way back."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.verdicts import Verdict

if TYPE_CHECKING:
    from orchestrator.report.summary import ScanReport

_GOES_ON = " \\"  # a shell's sign that a command goes on in the next line


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command worth typing: what it does, and its words behind the program's name."""

    what: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the demo's inventory and database are, and the number that the next re-pin's run gets."""

    inventory: Path
    database: Path
    run: int

    def file(self, name: str) -> str:
        """Return the path of a file beside the database."""
        return str(self.database.with_name(name))


def story(report: ScanReport, place: Place) -> tuple[Step, ...]:
    """Choose five commands by what the scan found, in the order in which they make sense.

    Where a host is pinned wrong and may be written: examine a host, plan, write, plan the way back,
    take it back.
    Else: examine a host, and four ways to look at what is known.
    """
    then = _repin(place) if _drifted(report) else _looks(report, place)
    return (_examined(report, place), *then)


def _examined(report: ScanReport, place: Place) -> Step:
    """Choose a host that could not be probed; where there is none, the first that the summary names."""
    groups = report.summary.groups
    failed = [group for group in groups if group.key.verdict is Verdict.UNKNOWN and not group.key.waived]
    host = (failed or groups)[0].hosts[0]
    what = "see where a host fails, stage by stage" if failed else "go the way to a host, stage by stage"
    return Step(what=what, words=("doctor", host, "-i", str(place.inventory)))


def _repin(place: Place) -> Iterator[Step]:
    where = ("-i", str(place.inventory), "--db", str(place.database))
    plan, undo = place.file("plan.json"), place.file("undo.json")
    run = str(place.run)
    yield Step(
        what="plan what is pinned wrong (asks no host)",
        words=("repin", "plan", *where, "-o", plan, "--force"),
    )
    yield Step(
        what="write it, journaled and read back",
        words=("repin", "apply", plan, *where, "--yes"),
    )
    yield Step(what="plan the way back", words=("repin", "undo", run, *where, "-o", undo, "--force"))
    yield Step(what="take it back", words=("repin", "apply", undo, *where, "--yes"))


def _looks(report: ScanReport, place: Place) -> Iterator[Step]:
    inventory, database = ("-i", str(place.inventory)), ("--db", str(place.database))
    host = report.summary.groups[0].hosts[0]
    yield Step(what="see all that is known of one host", words=("show", host, *database))
    yield Step(what="scan again", words=("scan", *inventory, *database))
    yield Step(what="see what changed since", words=("diff", *database))
    yield Step(what="see the fleet as it is now", words=("report", *inventory, *database))


def _drifted(report: ScanReport) -> bool:
    return any(
        group.key.verdict is Verdict.DRIFTED and not group.key.waived for group in report.summary.groups
    )


def typed(program: Sequence[str], step: Step) -> str:
    """Write a command on one line, as a shell takes it."""
    return shlex.join((*program, *step.words))


def wrapped(program: Sequence[str], step: Step, width: int) -> Iterator[str]:
    """Write a command on lines of at most `width` columns where its words allow it.

    A shell takes them pasted as they are. An option and its value stay together.
    """
    line, *rest = _pieces((*program, *step.words))
    for index, piece in enumerate(rest, start=1):
        needed = len(piece) + 1 + (len(_GOES_ON) if index < len(rest) else 0)
        if len(line) + needed > width:
            yield line + _GOES_ON
            line = f"  {piece}"
        else:
            line += f" {piece}"
    yield line


def _pieces(words: Sequence[str]) -> list[str]:
    """Quote the words for a shell, an option together with the value behind it."""
    pieces: list[str] = []
    for word in words:
        if pieces and pieces[-1].startswith("-") and " " not in pieces[-1] and not word.startswith("-"):
            pieces[-1] += f" {shlex.quote(word)}"
        else:
            pieces.append(shlex.quote(word))
    return pieces
