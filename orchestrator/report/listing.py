"""Lists: past scans, an inventory's hosts, one host's settings. Each as a table and as plain rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from inventory.model import Host
from orchestrator.domain.primitives.inventories import in_words
from orchestrator.domain.record import ScanRecord, ScanState
from orchestrator.report.hints import Hints, over_sites
from orchestrator.report.parts import next_section
from orchestrator.report.words import age, duration, moment, shown

SCAN_COLUMNS = ("id", "started", "state", "mode", "hosts", "inventory", "selection")
HOST_COLUMNS = ("host", "address", "site", "groups", "profile", "desired", "credential")


def listing(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> RenderableType:
    """Draw rows as a table that folds long cells rather than cutting them."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(shown(cell) for cell in row))
    return table


def scan_rows(scans: Iterable[ScanRecord]) -> Iterable[tuple[str, ...]]:
    """Yield one plain row per scan, in the columns of SCAN_COLUMNS; times in ISO 8601."""
    for scan in scans:
        yield (
            str(scan.id),
            scan.started.isoformat(),
            scan.state,
            scan.mode,
            str(len(scan.hosts)),
            in_words(scan.inventory),
            scan.selection,
        )


def scan_table(scans: Sequence[ScanRecord], now: datetime, hints: Hints) -> RenderableType:
    """Draw scans for a person: ages, durations, and what goes on with one that was killed."""
    rows = [
        (
            str(scan.id),
            f"{moment(scan.started).removesuffix(' UTC')}, {age(scan.started, now)}",
            _state(scan),
            scan.mode,
            f"{len(scan.hosts):,}",
            scan.selection or "all",
        )
        for scan in scans
    ]
    if not rows:
        return Text("no scan yet: fleetcheck scan")
    table = listing(("id", "started (UTC)", "state", "mode", "hosts", "selection"), rows)
    return Group(table, *next_section(_resumed(scans, hints))) if any(map(_was_killed, scans)) else table


def _resumed(scans: Iterable[ScanRecord], hints: Hints) -> Iterator[tuple[str, str]]:
    newest = next(filter(_was_killed, scans))
    yield (
        f"fleetcheck scan --resume {newest.id}{over_sites(newest)}{hints.inventory}{hints.database}",
        f"go on with scan {newest.id}, which was killed",
    )


def _was_killed(scan: ScanRecord) -> bool:
    return scan.state is ScanState.KILLED


def _state(scan: ScanRecord) -> str:
    took = f", {duration((scan.ended - scan.started).total_seconds())}" if scan.ended else ""
    return f"{scan.state}{took}"


def host_rows(hosts: Iterable[Host]) -> Iterable[tuple[str, ...]]:
    """Yield one row per host of an inventory, in the columns of HOST_COLUMNS."""
    for host in hosts:
        yield (
            host.name,
            f"{host.address}:{host.port}{f' via {host.via}' if host.via else ''}",
            host.site or "",
            ",".join(host.groups),
            host.profile.name,
            desired_words(host.desired),
            host.credential or "",
        )


def desired_words(desired: Mapping[str, int]) -> str:
    """Write desired pins: one number where the roles agree, else `primary 2147, backup 443`."""
    if len(set(desired.values())) == 1 and len(desired) > 1:
        return str(next(iter(desired.values())))
    return ", ".join(f"{role} {port}" for role, port in desired.items())
