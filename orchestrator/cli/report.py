"""`fleetcheck report`: the fleet now, from the database; no host is asked."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.console import document, draw, draws, lines, say
from orchestrator.cli.errors import handled
from orchestrator.cli.options import (
    DatabaseOption,
    HeaderOption,
    InventoryOption,
    JsonOption,
    TableOption,
    one_inventory,
)

if TYPE_CHECKING:
    from orchestrator.cli.fleet_page import PageFile
    from orchestrator.domain.standing import HostNow
    from orchestrator.domain.views.fleet_now import FleetSummariser, Place
    from orchestrator.report.views.fleet_now import FleetReport
    from orchestrator.store.reader import Reader


HtmlOption = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Write it as one page for a browser; - is the output."),
]


class By(StrEnum):
    """What hosts are counted by."""

    SITE = "site"
    GROUP = "group"


@handled
def report(
    *,
    inventory: InventoryOption = None,
    by: Annotated[By, typer.Option(help="Count hosts by site, or by their nearest group.")] = By.SITE,
    max_age: Annotated[
        str, typer.Option(metavar="TIME", help="Mark what is older: a number and s, m, h or d.")
    ] = "7d",
    html: HtmlOption = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 3 where hosts need attention, 4 or 5 as a scan.")
    ] = False,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Show the fleet now, from each host's last known result.

    With an inventory at hand, its hosts only.
    """
    from orchestrator.cli.at_hand import at_hand
    from orchestrator.cli.command import hints
    from orchestrator.cli.fleet_page import page_file
    from orchestrator.domain.primitives.span import parse_span
    from orchestrator.domain.views.fleet_now import FleetSummariser
    from orchestrator.report.views.fleet_now import FLEET_COLUMNS, FleetReport, fleet_rows
    from orchestrator.store.place import database_url, parse
    from orchestrator.store.reader import Reader

    span, now, url = parse_span(max_age, "--max-age"), datetime.now(UTC), database_url(db, os.environ)
    page = page_file(html, before=now - span, by=by.value, alone=not (as_json or table))
    known = at_hand(inventory)
    typed = hints(database=db, inventory=one_inventory(inventory))
    summariser = FleetSummariser(now=now, max_age=span, by=by.value)
    with Reader.open(url) as reader:
        unended = tuple(_killed(reader, db))
        hosts = _counted(known.as_of_today(reader.fleet_now(known.hosts)), summariser)
        if page is not None:
            page.gather(hosts, url)
        elif as_json or draws(table=table):
            deque(hosts, maxlen=0)
        else:
            lines(fleet_rows(hosts, by=by.value, before=now - span, hints=typed), FLEET_COLUMNS)
    fleet = summariser.summary()
    found = FleetReport(
        fleet=fleet,
        now=now,
        max_age=span.total_seconds(),
        by=by.value,
        place=parse(url).shown,
        warnings=(*unended, *known.warnings, *known.missing(fleet.total.hosts)),
        hints=typed,
    )
    _tell(found, page, as_json=as_json, table=table)
    if exit_code:
        raise typer.Exit(_code(fleet.total))


def _killed(reader: Reader, database: str | None) -> Iterator[str]:
    """Say that the latest scan was killed: the fleet is then partly as an earlier one saw it."""
    from orchestrator.cli.stored import hints_of, killed
    from orchestrator.domain.record import ScanState

    latest = reader.latest_scan()
    if latest is not None and latest.state is ScanState.KILLED:
        yield killed(latest, hints_of(latest, database))


def _counted(hosts: Iterable[HostNow], summariser: FleetSummariser) -> Iterator[HostNow]:
    """Let hosts through one by one, counted."""
    for host in hosts:
        summariser.add(host)
        yield host


def _tell(report: FleetReport, page: PageFile | None, *, as_json: bool, table: bool) -> None:
    """Write the page, or print the document or the screen; else the hosts went down a pipe already.

    What is said first on a screen is said beside what goes to a file or a pipe.
    """
    from orchestrator.report.views.fleet_now import fleet_document, fleet_screen

    if page is None and as_json:
        document(fleet_document(report))
    elif page is None and draws(table=table):
        draw(fleet_screen(report))
    else:
        for warning in report.warnings:
            say(f"warning: {warning}")
    if page is not None:
        page.write(report)


def _code(total: Place) -> int:
    from orchestrator.domain.execution.tally import first_exit_code

    unprobed = total.unknown + total.unprobed > 0
    return first_exit_code(
        interrupted=False, failed=False, gate=False, unprobed=unprobed, attention=total.attention > 0
    )
