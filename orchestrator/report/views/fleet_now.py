"""The fleet now: on the screen, as plain rows, as a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from inventory.verdicts import Verdict
from inventory.words import plural
from orchestrator.domain.standing import HostNow
from orchestrator.domain.views.fleet_now import FleetNow, NowGroup, Place, PortUse, place_of, state
from orchestrator.report.advice import drawn, pieces, told
from orchestrator.report.document import envelope, plain
from orchestrator.report.hints import Hints
from orchestrator.report.parts import (
    INDENT,
    group_actions,
    heading,
    hosts_named,
    next_section,
    unbroken,
    warned,
)
from orchestrator.report.views.diff import change_words
from orchestrator.report.words import age, duration, folded, listed, shown, styled

GROUPS_SHOWN = 30  # worst first; the others are a count and a command
QUIET_SHOWN = 3  # places where all is well; more of them are one line


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetReport:
    """The fleet with what surrounds it: `warnings` are said first.

    `max_age` is in seconds, `by` says what the fleet's places are, `place` names the database.
    """

    fleet: FleetNow
    now: datetime
    max_age: float
    by: str
    place: str
    warnings: tuple[str, ...] = ()
    hints: Hints = field(default_factory=Hints)


def fleet_screen(report: FleetReport) -> RenderableType:
    """Draw the fleet, worst first; fits 80 columns."""
    return Group(
        *_head(report),
        *warned(report.warnings),
        *_places(report),
        *(line for title, groups in sections(report.fleet) for line in _groups(title, groups, report)),
        *_ports(report.fleet.ports),
        *_changes(report),
        *_next(report),
        Text(),
        unbroken(shown(f"database {report.place}", "dim")),
    )


def sections(fleet: FleetNow) -> Iterator[tuple[str, list[NowGroup]]]:
    """Yield the groups that are worth reading under their titles, worst first; a section may be empty."""
    unwell = [group for group in fleet.groups if group.key.verdict is not Verdict.OK]
    well = [group for group in fleet.groups if group.key.verdict is Verdict.OK]
    yield "Need attention", [group for group in unwell if not group.key.waived and not _never(group)]
    yield "Never read", [group for group in unwell if _never(group)]
    yield "Ok, but not probed last time", [group for group in well if group.key.cause and not group.since]
    yield "Ok, but re-pinned since", [group for group in well if group.since]
    yield "Waived", [group for group in unwell if group.key.waived]


def _never(group: NowGroup) -> bool:
    return group.key.verdict is Verdict.UNKNOWN and not group.key.waived


def _head(report: FleetReport) -> Iterator[Text]:
    total = report.fleet.total
    title = Text("The fleet now", style="bold").append(f"  {plural(total.hosts, 'host')}", style="")
    if report.fleet.oldest is not None and report.fleet.newest is not None:
        newest, oldest = age(report.fleet.newest, report.now), age(report.fleet.oldest, report.now)
        title.append(f", last read {newest}" + (f" to {oldest}" if newest != oldest else ""), style="")
    yield title
    yield Text(
        f"  {total.ok:,} ok, {total.attention:,} need attention, {total.waived:,} waived, "
        f"{total.unknown:,} never read"
    )
    if total.unprobed or total.old:
        yield Text(
            f"  {total.unprobed:,} not probed last time, {total.old:,} older than {duration(report.max_age)}"
        )


def _places(report: FleetReport) -> Iterator[RenderableType]:
    places = sorted(report.fleet.places, key=lambda each: (each.worst.severity, -each.attention, each.name))
    if not places:
        return
    quiet = [place for place in places if place.ok == place.hosts and not place.unprobed + place.old]
    if len(quiet) <= QUIET_SHOWN:
        quiet = []
    yield from heading(f"By {report.by}")
    table = _table(report.by)
    for word in ("hosts", "ok", "attention", "waived", "never read", "not probed", "old"):
        table.add_column(word, justify="right", no_wrap=True)
    table.add_column("worst", no_wrap=True)
    for place in places:
        if place not in quiet:
            table.add_row(shown(place.name or "(none)"), *_numbers(place), styled(place.worst))
    if table.row_count:
        yield table
    if quiet:
        hosts = plural(sum(place.hosts for place in quiet), "host")
        names = listed([place.name or "(none)" for place in quiet])
        yield shown(f"{len(quiet):,} more, all {hosts} ok: {names}")


def _numbers(place: Place) -> Iterator[str]:
    counts = (place.hosts, place.ok, place.attention, place.waived, place.unknown, place.unprobed, place.old)
    return (f"{count:,}" if count else "-" for count in counts)


def _groups(title: str, groups: list[NowGroup], report: FleetReport) -> Iterator[RenderableType]:
    if not groups:
        return
    yield from heading(f"{title}: {plural(sum(len(group.hosts) for group in groups), 'host')}")
    for group in groups[:GROUPS_SHOWN]:
        yield from _group(group, report)
    if rest := groups[GROUPS_SHOWN:]:
        hosts = sum(len(group.hosts) for group in rest)
        yield Text(f"and {plural(len(rest), 'more group')} with {plural(hosts, 'host')}, see --json")


def _group(group: NowGroup, report: FleetReport) -> Iterator[RenderableType]:
    key = group.key
    words = [key.label] if key.verdict is not Verdict.UNKNOWN else []
    words += [f"not probed: {key.cause}"] if key.cause else []
    head, *names = hosts_named(Text(", ".join(words), style=key.verdict.style), group.hosts)
    yield head
    notes = [key.ports, "a tunnel was up" if key.any_live else "", *group.reasons, group_age(group, report)]
    yield from (Padding(shown(note), INDENT) for note in notes if note)
    yield from names
    if not key.waived:
        said = group_actions(key.verdict, group.actions)
        yield from drawn((pieces(each, group.hosts, report.hints) for each in said), mark=">")


def group_age(group: NowGroup, report: FleetReport) -> str:
    """Say how old is what is known, where that is not what the last scan said."""
    if _never(group) or not (group.old or group.key.cause):
        return ""
    upto = "up to " if len(group.hosts) > 1 else ""
    mark = ""
    if group.old:
        which = "" if group.old == len(group.hosts) else f"{group.old:,} of them "
        mark = f", OLD: {which}beyond {duration(report.max_age)}"
    return f"as of {upto}{age(group.oldest, report.now)}{mark}"


def _ports(ports: Iterable[PortUse]) -> Iterator[RenderableType]:
    listed = list(ports)
    if not listed:
        return
    roles = list(dict.fromkeys(role for use in listed for part in _parts(use) for role in part))
    yield from heading(f"Ports, in hosts ({' / '.join(sorted(roles, key=_role_order))})")
    table = _table("port")
    table.add_column("", overflow="fold")
    for word in ("pinned", "live", "open", "closed"):
        table.add_column(word, justify="right", no_wrap=True)
    for use in listed:
        table.add_row(
            str(use.port),
            shown(use.label),
            *(_both(part, sorted(roles, key=_role_order)) for part in _parts(use)),
        )
    yield table


def _parts(use: PortUse) -> tuple[Mapping[str, int], ...]:
    return use.pinned, use.live, use.opened, use.closed


def _role_order(role: str) -> tuple[bool, str]:
    return role != "primary", role


def _both(counts: Mapping[str, int], roles: list[str]) -> str:
    return " / ".join(f"{counts.get(role, 0):,}" for role in roles) if counts else "-"


def _changes(report: FleetReport) -> Iterator[RenderableType]:
    groups = report.fleet.changes
    if not groups:
        return
    yield from heading(f"Changed since last time: {plural(sum(len(g.hosts) for g in groups), 'host')}")
    for group in groups[:GROUPS_SHOWN]:
        words = "; ".join(change_words(change) for change in group.changes)
        yield from hosts_named(shown(words, group.verdict.style), group.hosts)
    if rest := groups[GROUPS_SHOWN:]:
        yield Text(f"and {plural(len(rest), 'more group')} of changes, see --json")


def _next(report: FleetReport) -> Iterator[RenderableType]:
    groups = [group for group in report.fleet.groups if group.key.verdict is not Verdict.OK]
    commands = []
    if groups:
        typed = f"fleetcheck show {groups[0].hosts[0]}{report.hints.database}"
        commands.append((typed, "see all that is known of one host"))
    if any(group.key.verdict in {Verdict.CUT_OFF, Verdict.BLOCKED} for group in groups):
        commands.append(
            (
                f"fleetcheck unblock{report.hints.inventory}{report.hints.database}",
                "see which firewall rules to ask for",
            )
        )
    lists = [*(group.hosts for group in groups), *(group.hosts for group in report.fleet.changes)]
    if any(folded(names)[1] for names in lists):
        typed = f"fleetcheck report --json{report.hints.inventory}{report.hints.database}"
        commands.append((typed, "see every host by name"))
    if commands:
        yield from next_section(commands)


def _table(first: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    table.add_column(first, overflow="fold")
    return table


FLEET_COLUMNS = ("host", "state", "verdict", "ports", "since", "old", "cause", "place", "action")


def fleet_rows(
    hosts: Iterable[HostNow], *, by: str, before: datetime, hints: Hints | None = None
) -> Iterator[tuple[str, ...]]:
    """Yield a row per host: host, state, verdict, ports, since when it is known, `old`, why not probed,
    place, to do.
    """
    for host in hosts:
        standing = host.standing
        yield (
            standing.host,
            state(standing),
            standing.judgement.label,
            standing.key.ports,
            standing.at.isoformat(),
            "old" if standing.at < before else "",
            host.latest.cause,
            place_of(standing, by),
            told(host.action, standing.host, hints),
        )


def fleet_document(report: FleetReport) -> dict[str, Any]:
    """Say the whole report; hosts stand by name in their groups."""
    fleet = report.fleet
    return envelope(
        "fleet",
        now=plain(report.now),
        max_age=report.max_age,
        by=report.by,
        database=report.place,
        warnings=list(report.warnings),
        oldest=plain(fleet.oldest),
        newest=plain(fleet.newest),
        total=plain(fleet.total),
        places=plain(fleet.places),
        groups=[_group_document(group) for group in fleet.groups],
        ports=plain(fleet.ports),
        changes=plain(fleet.changes),
    )


def _group_document(group: NowGroup) -> dict[str, Any]:
    return {
        "verdict": group.key.verdict.value,
        "label": group.key.label,
        "ports": group.key.ports,
        "cause": group.key.cause,
        "any_live": group.key.any_live,
        "waived": list(group.reasons) if group.key.waived else None,
        "action": group.action,
        "since": group.since,
        "oldest": plain(group.oldest),
        "old": group.old,
        "hosts": list(group.hosts),
    }
