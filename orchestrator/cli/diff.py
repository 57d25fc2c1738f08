"""`fleetcheck diff`: what changed between two scans; no host is asked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.completing import offers, scan_ids
from orchestrator.cli.console import document, draw, draws, lines
from orchestrator.cli.errors import CommandError, UsageError, handled
from orchestrator.cli.options import DatabaseOption, HeaderOption, JsonOption, TableOption

if TYPE_CHECKING:
    from orchestrator.domain.record import ScanRecord
    from orchestrator.store.reader import Reader

CHANGED = 3


@handled
def diff(
    earlier: Annotated[
        int | None,
        typer.Argument(
            metavar="SCAN", autocompletion=offers(scan_ids), help="The earlier scan; else the last but one."
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
    from orchestrator.cli.command import hints
    from orchestrator.domain.views.diff import diff as compare
    from orchestrator.domain.views.diff import of_what_both_asked
    from orchestrator.report.views.diff import DIFF_COLUMNS, DiffReport, diff_document, diff_rows, diff_screen
    from orchestrator.store.place import database_url
    from orchestrator.store.reader import Reader

    with Reader.open(database_url(db, os.environ)) as reader:
        first, second = _scans(reader, earlier, later)
        assert first.id is not None and second.id is not None  # noqa: S101, PT018  # they came from the database
        found = of_what_both_asked(compare(reader.side_by_side(first.id, second.id)), first, second)
    code = CHANGED if found.groups else 0
    report = DiffReport(
        earlier=first, later=second, diff=found, code=code, hints=hints(database=db, inventory=None)
    )
    if as_json:
        document(diff_document(report))
    elif draws(table=table):
        draw(diff_screen(report))
    else:
        lines(diff_rows(found), DIFF_COLUMNS)
    if code:
        raise typer.Exit(code)


def _scans(reader: Reader, earlier: int | None, later: int | None) -> tuple[ScanRecord, ScanRecord]:
    """Give the two scans: those named, for one that is not the latest that finished. Raises UnknownScanError."""
    if earlier is not None and earlier == later:
        raise UsageError(f"scan {earlier} is named twice: name two scans")
    if earlier is not None and later is not None:
        return reader.scan(earlier), reader.scan(later)
    first = None if earlier is None else reader.scan(earlier)
    finished = reader.scans(2, finished=True)
    wanted = 2 if first is None else 1
    if len(finished) < wanted or (first is not None and finished[0].id == first.id):
        raise CommandError(
            "the database holds no two finished scans to compare: fleetcheck scan, or name two of `fleetcheck scans`"
        )
    return first or finished[1], finished[0]
