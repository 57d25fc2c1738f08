"""`fleetcheck diff`: what changed between two scans; no host is asked."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.command import invocation
from orchestrator.cli.completing import offers, scan_ids
from orchestrator.cli.console import document, draw, draws, lines, say
from orchestrator.cli.errors import handled
from orchestrator.cli.options import DatabaseOption, HeaderOption, JsonOption, TableOption


@handled
def diff(
    earlier: Annotated[
        int | None,
        typer.Argument(
            metavar="SCAN",
            autocompletion=offers(scan_ids),
            help="The earlier scan; else the last before it that covers it.",
        ),
    ] = None,
    later: Annotated[
        int | None,
        typer.Argument(
            metavar="SCAN",
            autocompletion=offers(scan_ids),
            help="The later scan; else the latest that finished.",
        ),
    ] = None,
    *,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Say which hosts changed verdict, pin, open ports or gateways.

    Of the hosts that both scans asked. Exit code 3 when something did.
    """
    from orchestrator.app.scan.diff import diff as compare
    from orchestrator.report.views.diff import (
        DIFF_COLUMNS,
        diff_document,
        diff_rows,
        diff_screen,
        part_words,
    )

    report = compare(invocation(db), earlier, later)
    if as_json:
        document(diff_document(report))
    elif draws(table=table):
        draw(diff_screen(report))
    else:
        for remark in part_words(report):
            say(f"remark: {remark}")
        lines(diff_rows(report.diff), DIFF_COLUMNS)
    if report.code:
        raise typer.Exit(report.code)
