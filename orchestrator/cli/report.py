"""`fleetcheck report`: the fleet now, from the database; no host is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.app.errors import UsageError
from orchestrator.cli.command import inventory_at_hand, invocation
from orchestrator.cli.console import document, draw, draws, hand_over, lines, say, say_note
from orchestrator.cli.errors import handled
from orchestrator.cli.options import (
    DatabaseOption,
    HeaderOption,
    InventoryOption,
    JsonOption,
    TableOption,
)

if TYPE_CHECKING:
    from inventory.sources.source import Sources
    from orchestrator.app.invocation import Invocation
    from orchestrator.app.report import FleetRequest
    from orchestrator.domain.views.fleet_now import Place
    from orchestrator.report.views.fleet_now import FleetReport


HtmlOption = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Write it as one page for a browser; - is the output."),
]


SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="TIME",
        help="List what changed since then instead: last (in the latest scan), or a time such as 7d.",
    ),
]


class By(StrEnum):
    """What hosts are counted by."""

    SITE = "site"
    GROUP = "group"


@handled
def report(  # noqa: PLR0913  # an option each
    *,
    inventory: InventoryOption = None,
    by: Annotated[By, typer.Option(help="Count hosts by site, or by their nearest group.")] = By.SITE,
    max_age: Annotated[
        str, typer.Option(metavar="TIME", help="Mark what is older: a number and s, m, h or d.")
    ] = "7d",
    html: HtmlOption = None,
    since: SinceOption = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 3 where hosts need attention, 4 or 5 as a scan.")
    ] = False,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Show the fleet now, from each host's last known result.

    With an inventory at hand, its hosts only. What changed in a week: fleetcheck report --since 7d
    """
    from orchestrator.app.report import FleetRequest, fleet_now
    from orchestrator.domain.primitives.span import parse_span
    from orchestrator.report.views.fleet_now import FLEET_COLUMNS, fleet_rows

    if since is not None:
        if html is not None or exit_code:
            raise UsageError(f"--since lists what changed: leave {'--html' if html else '--exit-code'} out")
        _show_changes(invocation(db, inventory), inventory_at_hand(inventory), since, (as_json, table))
        return
    request = FleetRequest(
        inventory=inventory_at_hand(inventory),
        by=by.value,
        max_age=parse_span(max_age, "--max-age"),
        now=datetime.now(UTC),
    )
    asked = invocation(db, inventory)
    if html is not None:
        found = _write_page(asked, request, html, alone=not (as_json or table))
    elif as_json or draws(table=table):
        found = fleet_now(asked, request, on_event=say_note)
        _show(found, as_json=as_json)
    else:
        found = fleet_now(
            asked,
            request,
            on_event=say_note,
            take=lambda hosts: lines(
                fleet_rows(hosts, by=request.by, before=request.before, hints=asked.hints), FLEET_COLUMNS
            ),
        )
        _say_warnings(found)
    if exit_code:
        raise typer.Exit(_code(found.fleet.total))


def _show_changes(asked: Invocation, inventory: Sources, since: str, shape: tuple[bool, bool]) -> None:
    """Print what changed: as a document (the first of `shape`), drawn (the second, or on a terminal), as
    lines.
    """
    from orchestrator.app.notify.changes import changes
    from orchestrator.report.notices.changes import (
        CHANGES_COLUMNS,
        changes_document,
        changes_rows,
        changes_screen,
    )

    as_json, table = shape
    found = changes(asked, inventory, since, datetime.now(UTC), on_event=say_note)
    if as_json:
        document(changes_document(found))
    elif draws(table=table):
        draw(changes_screen(found))
    else:
        lines(changes_rows(found), CHANGES_COLUMNS)


def _write_page(asked: Invocation, request: FleetRequest, path: Path, *, alone: bool) -> FleetReport:
    """Write the page, whole or not at all; whether it can be is looked at first.

    Raises UsageError, CommandError.
    """
    if not alone:
        raise UsageError("--html goes alone: --json and --table are for the output")
    from orchestrator.app.files import check
    from orchestrator.app.report import fleet_page
    from orchestrator.report.html.fleet import MARKER, fleet_html

    what = "page of the fleet of fleetcheck's"
    if str(path) != "-":
        check(path, marker=MARKER, what=what)
    page = fleet_page(asked, request, on_event=say_note)
    _say_warnings(page.report)
    hand_over(path, fleet_html(page), marker=MARKER, what=what)
    if str(path) != "-":
        say(f"written: {path}")
    return page.report


def _show(report: FleetReport, *, as_json: bool) -> None:
    from orchestrator.report.views.fleet_now import fleet_document, fleet_screen

    if as_json:
        document(fleet_document(report))
    else:
        draw(fleet_screen(report))


def _say_warnings(report: FleetReport) -> None:
    """Say beside what goes to a file or a pipe what a screen says first."""
    for warning in report.warnings:
        say(f"warning: {warning}")


def _code(total: Place) -> int:
    from orchestrator.domain.execution.tally import first_exit_code

    unprobed = total.unknown + total.unprobed > 0
    return first_exit_code(
        interrupted=False, failed=False, gate=False, unprobed=unprobed, attention=total.attention > 0
    )
