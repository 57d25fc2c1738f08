"""What changed since a time: on the screen, as rows, as a document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from inventory.words import plural
from orchestrator.domain.notices.notice import NoticeGroup
from orchestrator.report.document import envelope, plain
from orchestrator.report.hints import Hints
from orchestrator.report.parts import hosts_named, next_section
from orchestrator.report.words import folded, moment, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesReport:
    """What changed between `since` and `now`, aware; `hosts` have a result within that time."""

    since: datetime
    now: datetime
    hosts: int
    groups: tuple[NoticeGroup, ...]
    asked: str  # as it was typed: `last`, `7d`
    hints: Hints = field(default_factory=Hints)

    @property
    def changed(self) -> int:
        """How many hosts changed."""
        return sum(group.count for group in self.groups)


def changes_screen(report: ChangesReport) -> RenderableType:
    """Draw what changed, the worst first, the resolved last."""
    return Group(
        Text(f"Changed since {moment(report.since)}", style="bold").append(
            f"  {report.changed:,} of {plural(report.hosts, 'host')} with a result since then", style=""
        ),
        *_groups(report),
        *_next(report),
    )


def _groups(report: ChangesReport) -> Iterator[RenderableType]:
    for group in report.groups:
        yield Text()
        yield from hosts_named(shown(_title(group)), group.hosts)


def _title(group: NoticeGroup) -> str:
    before = "no result before" if group.before is None else f"before {group.before}"
    return f"{'resolved' if group.resolved else group.after}, {before}"


def _next(report: ChangesReport) -> Iterator[RenderableType]:
    if any(folded(group.hosts)[1] for group in report.groups):
        where = f"{report.hints.inventory}{report.hints.database}"
        typed = f"fleetcheck report --since {report.asked} --json{where}"
        yield from next_section([(typed, "see every host by name")])


CHANGES_COLUMNS = ("host", "before", "after")


def changes_rows(report: ChangesReport) -> Iterator[tuple[str, str, str]]:
    """Yield a row per host that changed: its name, what it was (empty: no result before), what it is."""
    for group in report.groups:
        for host in group.hosts:
            yield host, group.before or "", group.after


def changes_document(report: ChangesReport) -> dict[str, Any]:
    """Say what changed, every host by name."""
    return envelope(
        "changes",
        since=plain(report.since),
        now=plain(report.now),
        hosts=report.hosts,
        changed=report.changed,
        groups=[
            {
                "before": group.before,
                "after": group.after,
                "resolved": group.resolved,
                "hosts": list(group.hosts),
            }
            for group in report.groups
        ],
    )
