"""`fleetcheck firewall`: what firewalls have to permit for the fleet as it is; no host and no firewall is asked."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.console import document, draw, draws, lines, say
from orchestrator.cli.errors import CommandError, UsageError, handled
from orchestrator.cli.options import (
    DatabaseOption,
    HeaderOption,
    InventoryOption,
    JsonOption,
    TableOption,
    one_inventory,
)

if TYPE_CHECKING:
    from orchestrator.cli.at_hand import AtHand
    from orchestrator.domain.firewall.collapsed import CollapsedRows
    from orchestrator.domain.firewall.firewall import Firewall


class RowFormat(StrEnum):
    """What others take firewall rows as."""

    CSV = "csv"
    AERLEON = "aerleon"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """The rows, and those merged by subnet where that was asked for; `options` go on what is to be typed next."""

    found: Firewall
    merged: tuple[CollapsedRows, ...] | None
    options: str


@handled
def firewall(
    *,
    format_: Annotated[
        RowFormat | None, typer.Option("--format", help="Rows as CSV, or needed ones as Aerleon's policy.")
    ] = None,
    collapse: Annotated[
        bool,
        typer.Option("--collapse", help="One row per subnet that the inventory names; the rest stays exact."),
    ] = False,
    gone: Annotated[
        list[str] | None,
        typer.Option(
            "--set-aside",
            metavar="PATTERN",
            help="Leave out hosts that are no more, as --limit names them. Can be repeated.",
        ),
    ] = None,
    inventory: InventoryOption = None,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """List what firewalls have to permit, and need not any more."""
    from orchestrator.cli.aside import set_aside, typed
    from orchestrator.cli.at_hand import at_hand
    from orchestrator.cli.command import hints
    from orchestrator.domain.firewall.firewall import firewall as work_out
    from orchestrator.store.place import database_url
    from orchestrator.store.results.standing_reader import StandingReader

    if format_ is not None and as_json:
        raise UsageError("--format and --json are two ways to write the rows: leave one of them out")
    known = at_hand(inventory)
    if collapse:
        _need_subnets(known)
    with StandingReader.open(database_url(db, os.environ)) as reader:
        hosts = list(known.counted(reader.fleet_now(known.hosts, before=False, sources=True)))
    found = work_out(
        hosts,
        listed=known.fleet.hosts if known.fleet else {},
        set_aside=set_aside(gone or (), known.fleet, hosts),
    )
    given = hints(database=db, inventory=one_inventory(inventory))
    shown = _Shown(
        found=found,
        merged=_merged(found, known) if collapse else None,
        options=f"{typed(gone or ())}{given.inventory}{given.database}",
    )
    if format_ is not None:
        _write(shown, format_)
    else:
        _show(shown, as_json=as_json, table=table)


def _need_subnets(known: AtHand) -> None:
    """Refuse to collapse into nothing. Raises CommandError."""
    if known.hosts is None:
        raise CommandError("--collapse needs an inventory that names subnets: -i, or ./fleet.yaml")
    if not known.subnets:
        raise CommandError(
            "--collapse: the inventory names no subnet. Say `subnets: [10.1.0.0/16]` in a group, or leave it out"
        )


def _merged(found: Firewall, known: AtHand) -> tuple[CollapsedRows, ...]:
    from orchestrator.domain.firewall.collapsed import collapse

    return collapse(found.rows, known.subnets, found.needed)


def _write(shown: _Shown, format_: RowFormat) -> None:
    from orchestrator.report.views.collapsed import MERGED_COLUMNS, merged_rows
    from orchestrator.report.views.firewall import COLUMNS, firewall_aerleon, firewall_rows, rows_csv

    if format_ is RowFormat.AERLEON:
        text = firewall_aerleon(shown.found.rows if shown.merged is None else shown.merged)
    elif shown.merged is None:
        text = rows_csv(COLUMNS, firewall_rows(shown.found))
    else:
        text = rows_csv(MERGED_COLUMNS, merged_rows(shown.merged))
    sys.stdout.write(text)
    _remark(shown.found)


def _show(shown: _Shown, *, as_json: bool, table: bool) -> None:
    from orchestrator.report.views.collapsed import (
        MERGED_COLUMNS,
        merged_document,
        merged_rows,
        merged_screen,
    )
    from orchestrator.report.views.firewall import COLUMNS, firewall_document, firewall_rows, firewall_screen

    found, merged, now = shown.found, shown.merged, datetime.now(UTC)
    if as_json:
        document(firewall_document(found) if merged is None else merged_document(merged, found))
    elif not draws(table=table):
        if merged is None:
            lines(firewall_rows(found), COLUMNS)
        else:
            lines(merged_rows(merged), MERGED_COLUMNS)
        _remark(found)
    elif merged is None:
        draw(firewall_screen(found, f"fleetcheck firewall --format csv{shown.options}", now))
    else:
        command = f"fleetcheck firewall --collapse --format csv{shown.options}"
        draw(merged_screen(merged, found, command, now))


def _remark(found: Firewall) -> None:
    from orchestrator.report.views.firewall_aside import aside_remarks

    for remark in aside_remarks(found):
        say(f"remark: {remark}")
