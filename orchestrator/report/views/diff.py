"""Two scans compared: on the screen, as plain rows, as a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from inventory.words import plural
from orchestrator.domain.primitives.text import clean
from orchestrator.domain.record import ScanRecord
from orchestrator.domain.views.diff import Change, ChangeGroup, Diff, What
from orchestrator.report.document import envelope, plain, scan_head
from orchestrator.report.hints import Hints
from orchestrator.report.parts import INDENT, heading, hosts_named, next_section
from orchestrator.report.words import folded, moment, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffReport:
    """A comparison with what surrounds it. `code` is the exit code.

    `passed` are scans between the two that asked other hosts, or a part, and were passed over for that.
    """

    earlier: ScanRecord
    later: ScanRecord
    diff: Diff
    code: int
    passed: tuple[int, ...] = ()
    hints: Hints = field(default_factory=Hints)


def change_words(change: Change) -> str:
    """Write one change: `ok -> blocked`, `primary pin 2147 -> 443`, `primary closed 2147, opened 443`."""
    before, after = ", ".join(change.before), ", ".join(change.after)
    match change.what:
        case What.VERDICT:
            return f"{before} -> {after}"
        case What.PORTS:
            moves = [f"closed {before}" if before else "", f"opened {after}" if after else ""]
            return f"{change.role} {', '.join(filter(None, moves))}"
        case What.PIN | What.GATEWAY:
            return f"{change.role} {change.what} {before} -> {after}"


def diff_screen(report: DiffReport) -> RenderableType:
    """Draw the comparison, worst first; fits 80 columns."""
    diff = report.diff
    worse = [group for group in diff.groups if group.worse]
    return Group(
        Text(f"Scan {report.earlier.id} -> {report.later.id}", style="bold").append(
            f"  {moment(report.earlier.started)} -> {moment(report.later.started)}", style=""
        ),
        *(Text(f"  {line}") for line in part_words(report)),
        Text(f"  {plural(diff.compared, 'host')} in both, {diff.changed:,} changed{_not_asked(diff)}"),
        *_section("Worse", worse),
        *_section("Changed", [group for group in diff.groups if not group.worse]),
        *_alone(f"In scan {report.earlier.id} only", diff.only_earlier),
        *_alone(f"In scan {report.later.id} only", diff.only_later),
        *_next(report),
    )


def part_words(report: DiffReport) -> Iterator[str]:
    """Say of each scan that was meant for a part of the fleet which part, which scans were passed over, and
    how others are compared.
    """
    parts = [scan for scan in (report.earlier, report.later) if scan.partial]
    for scan in parts:
        which = f"--limit {scan.selection}" if scan.selection else "--from an earlier scan"
        yield f"scan {scan.id} asked a part of the hosts alone: {clean(which)}"
    if report.passed:
        scans = "scan" if len(report.passed) == 1 else "scans"
        numbers = ", ".join(map(str, sorted(report.passed)))
        yield f"passed over for asking other hosts, or a part of them: {scans} {numbers}"
    if parts or report.passed:
        database = report.hints.database
        yield f"other scans: fleetcheck diff SCAN SCAN{database}; fleetcheck scans{database} lists them"


def _not_asked(diff: Diff) -> str:
    return f"; {diff.not_asked:,} were asked in one scan only" if diff.not_asked else ""


def _section(title: str, groups: Iterable[ChangeGroup]) -> Iterator[RenderableType]:
    listed = list(groups)
    if listed:
        yield from heading(f"{title}: {plural(sum(len(group.hosts) for group in listed), 'host')}")
    for group in listed:
        first, *others = [change_words(change) for change in group.changes]
        head, *names = hosts_named(shown(first, group.verdict.style), group.hosts)
        yield from (head, *(Padding(shown(other), INDENT) for other in others), *names)


def _alone(title: str, names: tuple[str, ...]) -> Iterator[RenderableType]:
    if names:
        yield Text()
        yield from hosts_named(Text(title, style="bold underline"), names)


def _next(report: DiffReport) -> Iterator[RenderableType]:
    diff, database = report.diff, report.hints.database
    if not diff.groups:
        return
    typed = f"fleetcheck show {diff.groups[0].hosts[0]} --history{database}"
    commands = [(typed, "see how one host got there")]
    lists = [*(group.hosts for group in diff.groups), diff.only_earlier, diff.only_later]
    if any(folded(names)[1] for names in lists):
        typed = f"fleetcheck diff {report.earlier.id} {report.later.id} --json{database}"
        commands.append((typed, "see every host by name"))
    yield from next_section(commands)


DIFF_COLUMNS = ("host", "what", "role", "before", "after")


def diff_rows(diff: Diff) -> Iterator[tuple[str, ...]]:
    """Yield a row per change of a host: host, what, role, before, after;
    then the hosts that one scan alone has.
    """
    for group in diff.groups:
        for host in group.hosts:
            for change in group.changes:
                yield (
                    host,
                    change.what,
                    change.role or "",
                    ",".join(change.before),
                    ",".join(change.after),
                )
    yield from ((host, "only-earlier", "", "", "") for host in diff.only_earlier)
    yield from ((host, "only-later", "", "", "") for host in diff.only_later)


def diff_document(report: DiffReport) -> dict[str, Any]:
    """Say the whole comparison."""
    diff = report.diff
    return envelope(
        "diff",
        earlier=scan_head(report.earlier),
        later=scan_head(report.later),
        exit_code=report.code,
        compared=diff.compared,
        changed=diff.changed,
        groups=plain(diff.groups),
        only_earlier=list(diff.only_earlier),
        only_later=list(diff.only_later),
        not_asked=diff.not_asked,
    )
