"""`fleetcheck show` and `fleetcheck scans`: what the database knows; no host is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.app.errors import UsageError
from orchestrator.cli.command import invocation
from orchestrator.cli.completing import offers, scan_ids, stored_hosts
from orchestrator.cli.console import document, draw, draws, lines, stream_document
from orchestrator.cli.errors import handled
from orchestrator.cli.options import (
    DatabaseOption,
    HeaderOption,
    JsonOption,
    OnlyOption,
    TableOption,
    only_words,
)

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.app.scan.results import ScanResults


@handled
def show(
    host: Annotated[
        str | None,
        typer.Argument(
            metavar="HOST", autocompletion=offers(stored_hosts), help="A host's name; else a whole scan."
        ),
    ] = None,
    *,
    scan: Annotated[
        int | None,
        typer.Option(metavar="ID", autocompletion=offers(scan_ids), help="A scan's id; else the latest."),
    ] = None,
    only: OnlyOption = None,
    history: Annotated[bool, typer.Option("--history", help="The host over time, port by port.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with the scan's exit code, not with 0.")
    ] = False,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Show a host's port report, or a scan's summary."""
    wanted = only_words(only)
    for given, option in ((wanted, "--only"), (exit_code, "--exit-code")):
        if host is not None and given:
            raise UsageError(f"{option} is for a whole scan: leave it out, or leave {host} out")
    asked = invocation(db)
    if history:
        _show_history(asked, _host_alone(host, scan, wanted), as_json=as_json, table=table)
        return
    if host is not None:
        _show_host(asked, host, scan, as_json=as_json, table=table)
        return
    from orchestrator.app.scan.results import stored_scan

    with stored_scan(asked, scan, wanted, logons=as_json) as found:
        print_results(found, chosen=bool(wanted), as_json=as_json, table=table)
    if exit_code:
        raise typer.Exit(found.outline.code)


@handled
def scans(
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="The newest so many.")] = 20,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """List past scans, newest first."""
    from orchestrator.app.scan.results import scans as stored_scans
    from orchestrator.domain.record import ScanState
    from orchestrator.report.document import scans_document
    from orchestrator.report.hints import Hints
    from orchestrator.report.listing import SCAN_COLUMNS, scan_rows, scan_table

    asked = invocation(db)
    found = stored_scans(asked, limit)
    gone = next((each for each in found if each.state is ScanState.KILLED), None)
    hints = Hints() if gone is None else asked.hints_of(gone)
    if as_json:
        document(scans_document(found))
    elif draws(table=table):
        draw(scan_table(found, datetime.now(UTC), hints))
    else:
        lines(scan_rows(found), SCAN_COLUMNS)


def print_results(found: ScanResults, *, chosen: bool, as_json: bool, table: bool) -> None:
    """Print a scan: a JSON document, plain lines, or drawn: its summary, or, where hosts were `chosen`,
    these.
    """
    from orchestrator.report.results import RESULT_COLUMNS, result_rows, result_table
    from orchestrator.report.summary import scan_report

    if as_json:
        from orchestrator.report.document import host_line, scan_document

        items = (host_line(record) for record in found.records)
        stream_document(scan_document(found.summed()), "hosts", items)
    elif not draws(table=table):
        lines(result_rows(found.records, found.not_started, found.outline.hints), RESULT_COLUMNS)
    elif chosen:
        draw(result_table(found.records, found.not_started, found.outline.scan))
    else:
        draw(scan_report(found.summed()))


def _show_host(asked: Invocation, host: str, scan: int | None, *, as_json: bool, table: bool) -> None:
    from orchestrator.app.hosts import sighting
    from orchestrator.report.document import host_document
    from orchestrator.report.host import host_report
    from orchestrator.report.host_lines import HOST_RECORD_COLUMNS, host_rows

    found = sighting(asked, host, scan)
    if as_json:
        document(host_document(found))
    elif draws(table=table):
        draw(host_report(found, datetime.now(UTC)))
    else:
        lines(host_rows(found), HOST_RECORD_COLUMNS)


def _host_alone(host: str | None, scan: int | None, only: frozenset[str]) -> str:
    """Return the host that `--history` is about.

    Raises UsageError where there is none, or more was asked for.
    """
    if host is None or scan is not None or only:
        raise UsageError("--history is about one host in all scans: fleetcheck show HOST --history")
    return host


def _show_history(asked: Invocation, host: str, *, as_json: bool, table: bool) -> None:
    from orchestrator.app.hosts import host_history
    from orchestrator.domain.views.history import history
    from orchestrator.report.views.history import (
        HISTORY_COLUMNS,
        history_document,
        history_rows,
        history_screen,
    )

    results = host_history(asked, host)
    if as_json:
        document(history_document(history(host, results), results))
    elif draws(table=table):
        draw(history_screen(history(host, results)))
    else:
        lines(history_rows(results), HISTORY_COLUMNS)
