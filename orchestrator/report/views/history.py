"""One host over time: on the screen, as plain rows, as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from inventory.words import plural
from orchestrator.domain.judgement import Belief
from orchestrator.domain.standing import Standing
from orchestrator.domain.views.history import History, Stretch
from orchestrator.report.document import envelope, plain
from orchestrator.report.parts import INDENT, heading
from orchestrator.report.words import moment, shown

RESULTS_SHOWN = 40  # the newest, one character each; the older ones are a count
STRETCHES_SHOWN = 30

MARKS = {
    Belief.OPEN: ("o", "green"),
    Belief.CLOSED: ("x", "red"),
    Belief.INTERCEPTED: ("!", "magenta"),
    Belief.UNTRIED: (".", "dim"),
    None: ("?", "blue"),
}
_LEGEND = "o open   x closed   ! intercepted   . not tried   ? host not probed   > pin now"


def history_screen(found: History) -> RenderableType:
    """Draw a host over time: its conclusions newest first, its ports newest on the right; fits 80 columns."""
    return Group(
        shown(found.host, "bold").append(f"  {plural(found.results, 'result')}", style=""),
        *heading("Conclusions, newest first"),
        *_stretches(found.stretches),
        *_tracks(found),
    )


def _stretches(stretches: Sequence[Stretch]) -> Iterator[RenderableType]:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("UTC", no_wrap=True)
    table.add_column("scans", no_wrap=True)
    table.add_column("conclusion", overflow="fold")
    for each in stretches[:STRETCHES_SHOWN]:
        pins = ", ".join(f"{role} {pin}" for role, pin in each.pins.items())
        said = Text(each.label, style=each.verdict.style).append(shown(each.cause and f": {each.cause}"))
        said.append(f"  {pins}" if pins else "", style="")
        table.add_row(_when(each), _scans(each), said)
    yield Padding(table, INDENT)
    if rest := stretches[STRETCHES_SHOWN:]:
        yield Text(f"and {plural(len(rest), 'older conclusion')}, see --json")


def _when(each: Stretch) -> str:
    first, last = (moment(time).removesuffix(" UTC") for time in (each.first, each.last))
    return last if first == last else f"{first[:10]} to {last}"


def _scans(each: Stretch) -> str:
    if each.results == 1:
        return str(each.last_scan)
    return f"{each.first_scan}-{each.last_scan} ({each.results:,})"


def _tracks(found: History) -> Iterator[RenderableType]:
    for role in dict.fromkeys(track.role for track in found.tracks):
        yield from heading(f"Ports, {role}, newest on the right")
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(justify="right", no_wrap=True)
        table.add_column(overflow="fold")
        table.add_column(no_wrap=True)
        for track in found.tracks:
            if track.role == role:
                number = ("> " if track.pinned else "") + str(track.port)
                table.add_row(number, shown(track.label), _line(track.beliefs[-RESULTS_SHOWN:]))
        yield Padding(table, INDENT)
    if found.tracks:
        yield Text()
        yield Text(_LEGEND, style="dim")
        if found.results > RESULTS_SHOWN:
            yield Text(f"the newest {RESULTS_SHOWN} of {found.results:,} results, see --json", style="dim")


def _line(beliefs: Sequence[Belief | None]) -> Text:
    line = Text()
    for belief in beliefs:
        line.append(*MARKS[belief])
    return line


HISTORY_COLUMNS = ("scan", "time", "role", "port", "belief", "pin")


def history_rows(newest_first: Sequence[Standing]) -> Iterator[tuple[object, ...]]:
    """Yield a row per result, role and port that was tried: scan, when, role, port, belief, `pin` where it is
    the pin.

    A result without any has one row: scan, when, verdict, and why the host was not probed.
    """
    for standing in newest_first:
        head = standing.scan, standing.at.isoformat()
        if not standing.judgement.roles:
            yield (*head, standing.judgement.label, standing.cause)
        for role in standing.judgement.roles:
            for port, belief in role.beliefs.items():
                if belief is not Belief.UNTRIED:
                    yield (*head, role.role, port, belief, "pin" if port == role.pin.port else "")


def history_document(found: History, newest_first: Sequence[Standing]) -> dict[str, Any]:
    """Say every result with its ports."""
    return envelope(
        "history",
        host=found.host,
        stretches=plain(found.stretches),
        results=[_result(standing) for standing in newest_first],
    )


def _result(standing: Standing) -> dict[str, Any]:
    return {
        "scan": standing.scan,
        "at": plain(standing.at),
        "verdict": standing.judgement.verdict.value,
        "role": standing.judgement.role,
        "cause": standing.cause,
        "waived": standing.waived,
        "roles": [
            {
                "role": role.role,
                "pin": role.pin.port,
                "desired": role.desired,
                "live": list(role.live),
                "beliefs": plain(role.beliefs),
            }
            for role in standing.judgement.roles
        ],
    }
