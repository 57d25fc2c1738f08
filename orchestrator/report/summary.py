"""What a person is told after a scan: counts, groups that need something, remarks, and what to type next."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from inventory.verdicts import Verdict
from inventory.words import plural
from orchestrator.domain.execution.tally import Counts
from orchestrator.domain.group import Group as HostGroup
from orchestrator.domain.outcome import Phase
from orchestrator.domain.primitives.exit_codes import EXIT_BOTH, EXIT_UNPROBED, MEANINGS
from orchestrator.domain.record import PORTS, ScanRecord, ScanState
from orchestrator.domain.views import summary as domain
from orchestrator.report import drawing
from orchestrator.report.advice import drawn, pieces
from orchestrator.report.hints import Hints, over_sites
from orchestrator.report.parts import (
    INDENT,
    bullets,
    command,
    group_actions,
    heading,
    next_section,
    unbroken,
    warned,
)
from orchestrator.report.words import age, duration, folded, listed, moment, shown

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

GROUPS_SHOWN = 30  # worst first; the others are a count and a command

MEANING = {
    **MEANINGS,
    EXIT_UNPROBED: "hosts could not be probed, or were not started",
    EXIT_BOTH: "hosts need attention, and hosts could not be probed or were not started",
}
"""What the exit code of a scan says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastKnown:
    """What an earlier scan concluded about a host that failed in this one."""

    scan: int
    at: datetime
    verdict: Verdict
    role: str | None


class Outline(Protocol):
    """What rows of a scan's hosts need of the scan itself: a report has it, and so has a ScanOutline."""

    @property
    def scan(self) -> ScanRecord:
        """The scan's record."""

    @property
    def counts(self) -> Counts:
        """Its hosts by state and verdict."""

    @property
    def not_started(self) -> tuple[str, ...]:
        """Its hosts without a result, in its order."""

    @property
    def code(self) -> int:
        """The exit code."""

    @property
    def hints(self) -> Hints:
        """What suggested commands repeat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOutline:
    """A stored scan in counts, for who lists its hosts and does not sum them up."""

    scan: ScanRecord
    counts: Counts
    not_started: tuple[str, ...]
    code: int
    hints: Hints


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    """A scan's summary with what surrounds it. `warnings` are said first: a tripped breaker, expired waivers.

    `not_started` keeps the scan's order. `code` is the exit code, `place` names the database without its
    password. `last_known` has the last conclusion about hosts that failed, from earlier scans. `unanswered`:
    the database does not answer any more, and is not to be asked.
    """

    scan: ScanRecord
    summary: domain.Summary
    not_started: tuple[str, ...]
    code: int
    place: str
    warnings: tuple[str, ...] = ()
    hints: Hints = field(default_factory=Hints)
    last_known: Mapping[str, LastKnown] = field(default_factory=lambda: MappingProxyType({}))
    unanswered: bool = False

    @property
    def counts(self) -> Counts:
        """The scan's hosts by state and verdict."""
        return self.summary.counts


def scan_report(report: ScanReport) -> RenderableType:
    """Draw a scan's summary; fits 80 columns."""
    waived = [group for group in report.summary.groups if group.key.waived]
    attention = [group for group in report.summary.groups if group.key.needs_attention]
    failed = [
        group
        for group in report.summary.groups
        if group.key.verdict is Verdict.UNKNOWN and not group.key.waived
    ]
    counts = report.summary.counts
    return drawing.Group(
        *_head(report),
        *warned([*report.warnings, *filter(None, [report.summary.tunnel_hint])]),
        *_groups(f"Need attention: {plural(counts.attention, 'host')}", attention, report, "attention"),
        *_groups(f"Could not be probed: {plural(counts.unknown, 'host')}", failed, report, "failed"),
        *_waived(f"Waived: {plural(counts.waived, 'host')}", waived, report),
        *_not_started(report),
        *_remarks([remark for remark in report.summary.remarks if remark != report.summary.tunnel_hint]),
        *_foot(report),
    )


def last_line(report: ScanReport) -> str:
    """Say a scan in one line, the last one that it prints."""
    return f"{counts_line(report)}, exit {report.code}"


def counts_line(report: ScanReport) -> str:
    """Say a scan's counts in one line."""
    counts = report.summary.counts
    parts = [
        f"{counts.ok:,} ok",
        f"{counts.attention:,} need attention",
        f"{counts.unknown:,} not probed",
        *([f"{counts.not_started:,} not started"] if counts.not_started else []),
    ]
    return f"scan {report.scan.id}: {', '.join(parts)}"


def next_commands(report: ScanReport) -> Iterator[tuple[str, str]]:
    """Yield commands worth typing next, each with what it does; most useful first."""
    scan, hints, sites = report.scan, report.hints, over_sites(report.scan)
    goes_on = scan.state is not ScanState.RUNNING and scan.mode != PORTS
    if report.not_started and hints.can_scan and goes_on:
        yield (
            f"fleetcheck scan --resume {scan.id}{sites}{hints.inventory}{hints.database}",
            "ask the hosts that were not started",
        )
    worst = next((group for group in report.summary.groups if group.key.needs_attention), None)
    if worst is not None:
        yield f"fleetcheck show {worst.hosts[0]}{hints.database}", "see all that is known of one host"
    failed = [group for group in report.summary.groups if group.key.cause and not group.key.waived]
    # a refused logon last: doctor tries it once more, and from here, where a site's host may not be reached
    if failed and hints.can_scan and not sites:
        first = min(failed, key=lambda group: group.key.cause.startswith(f"{Phase.AUTH}:"))
        yield (
            f"fleetcheck doctor {shlex.quote(first.hosts[0])}{hints.inventory}",
            "examine one that failed, stage by stage",
        )
    if report.summary.counts.unknown and hints.can_scan:
        yield (
            f"fleetcheck scan --from {scan.id} --only failed{sites}{hints.inventory}{hints.database}",
            "ask again those that failed, once that is mended",
        )
    yield f"fleetcheck show --scan {scan.id}{hints.database}", "see this summary again"


def _head(report: ScanReport) -> Iterator[Text]:
    scan, counts = report.scan, report.summary.counts
    title = drawing.Text(f"Scan {scan.id}", style="bold")
    title.append(f"  {plural(counts.selected, 'host')}, mode {scan.mode}, {_end(scan)}", style="")
    yield title
    words = [
        (f"{counts.ok:,} ok", "green"),
        (f"{counts.attention:,} need attention", "bold red"),
        (f"{counts.unknown:,} not probed", "blue"),
        (f"{counts.waived:,} waived", "cyan"),
        (f"{counts.not_started:,} not started", "magenta"),
    ]
    line = drawing.Text("  ")
    for index, (word, style) in enumerate(words):
        line.append(", " if index else "").append(word, "dim" if word.startswith("0 ") else style)
    yield line


def _end(scan: ScanRecord) -> str:
    if scan.ended is None:
        how = "still running" if scan.state is ScanState.RUNNING else "killed before it ended"
        return f"begun {moment(scan.started)}, {how}"
    word = "interrupted" if scan.state is ScanState.INTERRUPTED else "finished"
    return f"{word} {moment(scan.ended)} after {duration((scan.ended - scan.started).total_seconds())}"


def _groups(
    title: str, groups: Sequence[HostGroup], report: ScanReport, only: str
) -> Iterator[RenderableType]:
    if not groups:
        return
    yield from heading(title)
    for group in groups[:GROUPS_SHOWN]:
        yield from _group(group, report)
    if rest := groups[GROUPS_SHOWN:]:
        hosts = sum(len(group.hosts) for group in rest)
        yield drawing.Text(f"and {plural(len(rest), 'more group')} with {plural(hosts, 'host')}:")
        yield command(f"fleetcheck show --scan {report.scan.id} --only {only}{report.hints.database}")


def _group(group: HostGroup, report: ScanReport) -> Iterator[RenderableType]:
    key = group.key
    head = drawing.Text(key.cause or key.label, style=key.verdict.style).append(
        f"  {plural(len(group.hosts), 'host')}", style="bold"
    )
    if key.any_live:
        head.append(", a tunnel is up", style="")
    yield head
    if key.ports:
        yield drawing.Padding(shown(key.ports), INDENT)
    yield from _names(group, report)
    yield from _last_known(group, report)
    only = "failed" if key.verdict is Verdict.UNKNOWN else key.verdict
    again = f" --from {report.scan.id} --only {only}"
    said = group_actions(key.verdict, group.actions)
    yield from drawn((pieces(each, group.hosts, report.hints, again=again) for each in said), mark=">")


def _names(group: HostGroup, report: ScanReport) -> Iterator[RenderableType]:
    names, more = folded(group.hosts)
    yield drawing.Padding(shown(names + (f" and {more:,} more:" if more else "")), INDENT)
    if more:
        yield command(
            f"fleetcheck show --scan {report.scan.id} --only {group.key.verdict}{report.hints.database}"
        )


def _last_known(group: HostGroup, report: ScanReport) -> Iterator[RenderableType]:
    """Say what was last concluded about hosts that failed now, and how old that is at most."""
    known = [report.last_known[host] for host in group.hosts if host in report.last_known]
    if not known:
        return
    verdicts = Counter(item.verdict for item in known)
    words = ", ".join(f"{verdicts[verdict]:,} {verdict}" for verdict in Verdict if verdicts[verdict])
    oldest = age(min(item.at for item in known), report.scan.ended or report.scan.started)
    yield drawing.Padding(
        drawing.Text(f"last known: {words} ({'up to ' if len(known) > 1 else ''}{oldest})"), INDENT
    )


def _waived(title: str, groups: Sequence[HostGroup], report: ScanReport) -> Iterator[RenderableType]:
    if not groups:
        return
    yield from heading(title)
    for group in groups:
        head = drawing.Text(group.key.label, style="cyan").append(
            f"  {plural(len(group.hosts), 'host')}: ", style=""
        )
        yield head.append(shown("; ".join(group.reasons)))
        yield from _names(group, report)


def _not_started(report: ScanReport) -> Iterator[RenderableType]:
    if report.not_started:
        yield from heading(f"Not started: {plural(len(report.not_started), 'host')}")
        yield drawing.Padding(shown(listed(report.not_started)), INDENT)


def _remarks(remarks: Sequence[str]) -> Iterator[RenderableType]:
    if (listed := bullets(remarks)) is not None:
        yield from heading("Remarks")
        yield listed


def _foot(report: ScanReport) -> Iterator[RenderableType]:
    yield from next_section(next_commands(report))
    yield drawing.Text()
    yield unbroken(shown(f"database {report.place}", "dim"))
    yield drawing.Text(
        f"the scan's exit code is {report.code}: {MEANING.get(report.code, 'unknown')}", style="dim"
    )
