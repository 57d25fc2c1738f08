"""`fleetcheck firewall`: what firewalls have to permit for the fleet as it is; no host and no firewall is asked."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.console import document, draw, draws, lines, say
from orchestrator.cli.errors import UsageError, handled
from orchestrator.cli.options import DatabaseOption, InventoryOption, JsonOption, TableOption

if TYPE_CHECKING:
    from orchestrator.domain.firewall import Firewall


class RowFormat(StrEnum):
    """What others take firewall rows as."""

    CSV = "csv"
    AERLEON = "aerleon"


@handled
def firewall(
    *,
    format_: Annotated[
        RowFormat | None, typer.Option("--format", help="Rows as CSV, or needed ones as Aerleon's policy.")
    ] = None,
    inventory: InventoryOption = None,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
) -> None:
    """List what firewalls have to permit, and need not any more."""
    from orchestrator.cli.at_hand import at_hand
    from orchestrator.domain.firewall import firewall as work_out
    from orchestrator.store.place import database_url
    from orchestrator.store.reader import Reader

    if format_ is not None and as_json:
        raise UsageError("--format and --json are two ways to write the rows: leave one of them out")
    known = at_hand(inventory)
    with Reader.open(database_url(db, os.environ)) as reader:
        found = work_out(host.standing for host in reader.fleet_now(known.hosts, before=False))
    if format_ is not None:
        _write(found, format_)
    else:
        _show(found, as_json=as_json, table=table)


def _write(found: Firewall, format_: RowFormat) -> None:
    from orchestrator.report.firewall import firewall_aerleon, firewall_csv

    sys.stdout.write(firewall_csv(found) if format_ is RowFormat.CSV else firewall_aerleon(found))
    _remark(found)


def _show(found: Firewall, *, as_json: bool, table: bool) -> None:
    from orchestrator.report.firewall import firewall_document, firewall_rows, firewall_screen

    if as_json:
        document(firewall_document(found))
    elif draws(table=table):
        draw(firewall_screen(found))
    else:
        lines(firewall_rows(found))
        _remark(found)


def _remark(found: Firewall) -> None:
    if found.unknown:
        say(f"remark: hosts left out, since no reading says what they need: {len(found.unknown):,}")
