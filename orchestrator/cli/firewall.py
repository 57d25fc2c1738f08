"""`fleetcheck firewall`: what firewalls have to permit for the fleet as it is;
no host and no firewall is asked.
"""

from __future__ import annotations

import shlex
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.app.errors import UsageError
from orchestrator.cli.command import inventory_at_hand, invocation
from orchestrator.cli.console import document, draw, draws, lines, say, say_note
from orchestrator.cli.errors import handled
from orchestrator.cli.options import DatabaseOption, HeaderOption, InventoryOption, JsonOption, TableOption

if TYPE_CHECKING:
    from orchestrator.app.firewall import FirewallReport
    from orchestrator.domain.firewall.firewall import Firewall


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
    from orchestrator.app.firewall import firewall as work_out

    if format_ is not None and (as_json or table):
        other = "--json" if as_json else "--table"
        raise UsageError(f"--format and {other} are two ways to write the rows: leave one of them out")
    asked = invocation(db, inventory)
    aside = tuple(gone or ())
    found = work_out(asked, inventory_at_hand(inventory), aside=aside, collapse=collapse, on_event=say_note)
    if format_ is not None:
        _write(found, format_)
    else:
        typed = "".join(f" --set-aside {shlex.quote(pattern)}" for pattern in aside)
        again = f"{typed}{asked.hints.inventory}{asked.hints.database}"
        _show(found, again, as_json=as_json, table=table)


def _write(shown: FirewallReport, format_: RowFormat) -> None:
    from orchestrator.report.views.firewall import (
        COLUMNS,
        firewall_aerleon,
        firewall_rows,
        rows_csv,
        without_address,
    )

    left = None
    if format_ is RowFormat.AERLEON:
        rows = shown.found.rows if shown.merged is None else shown.merged
        text, left = firewall_aerleon(rows), without_address(rows)
    elif shown.merged is None:
        text = rows_csv(COLUMNS, firewall_rows(shown.found))
    else:
        from orchestrator.report.views.collapsed import MERGED_COLUMNS, merged_rows

        text = rows_csv(MERGED_COLUMNS, merged_rows(shown.merged))
    sys.stdout.write(text)
    if left is not None:
        say(f"warning: {left}")
    _remark(shown.found)


def _show(shown: FirewallReport, again: str, *, as_json: bool, table: bool) -> None:
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
        draw(firewall_screen(found, f"fleetcheck firewall --format csv{again}", now))
    else:
        command = f"fleetcheck firewall --collapse --format csv{again}"
        draw(merged_screen(merged, found, command, now))


def _remark(found: Firewall) -> None:
    from orchestrator.report.views.firewall_aside import aside_remarks

    for remark in aside_remarks(found):
        say(f"remark: {remark}")
