"""`fleetcheck show` and `fleetcheck scans`: what the database knows; no host is asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.choices import only_words
from orchestrator.cli.completing import offers, scan_ids, stored_hosts
from orchestrator.cli.console import document, draw, draws, lines, stream_document
from orchestrator.cli.errors import UsageError, handled
from orchestrator.cli.options import DatabaseOption, HeaderOption, JsonOption, OnlyOption, TableOption

if TYPE_CHECKING:
    from orchestrator.domain.record import HostRecord
    from orchestrator.report.host import Sighting
    from orchestrator.report.summary import ScanReport
    from orchestrator.store.reader import Reader

_RESULTS = 1000  # of a host, the newest: years of daily scans


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
    from orchestrator.cli.stored import scan_of, scan_report_of, sighting
    from orchestrator.store.place import database_url, parse
    from orchestrator.store.reader import Reader

    wanted = only_words(only)
    for given, option in ((wanted, "--only"), (exit_code, "--exit-code")):
        if host is not None and given:
            raise UsageError(f"{option} is for a whole scan: leave it out, or leave {host} out")
    url = database_url(db, os.environ)
    place = parse(url).shown
    with Reader.open(url) as reader:
        if history:
            _show_history(reader, _host_alone(host, scan, wanted), place=place, as_json=as_json, table=table)
            return
        if host is not None:
            _show_host(sighting(reader, host, scan, place=place, database=db), as_json=as_json, table=table)
            return
        report = scan_report_of(reader, scan_of(reader, scan), database=db, place=place)
        show_report(reader, report, wanted, as_json=as_json, table=table)
    if exit_code:
        raise typer.Exit(report.code)


@handled
def scans(
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="The newest so many.")] = 20,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """List past scans, newest first."""
    from orchestrator.cli.stored import hints_of
    from orchestrator.domain.record import ScanState
    from orchestrator.report.document import scans_document
    from orchestrator.report.hints import Hints
    from orchestrator.report.listing import SCAN_COLUMNS, scan_rows, scan_table
    from orchestrator.store.place import database_url
    from orchestrator.store.reader import Reader

    with Reader.open(database_url(db, os.environ)) as reader:
        found = reader.scans(limit)
    gone = next((each for each in found if each.state is ScanState.KILLED), None)
    hints = Hints() if gone is None else hints_of(gone, db)
    if as_json:
        document(scans_document(found))
    elif draws(table=table):
        draw(scan_table(found, datetime.now(UTC), hints))
    else:
        lines(scan_rows(found), SCAN_COLUMNS)


def show_report(
    reader: Reader, report: ScanReport, only: frozenset[str], *, as_json: bool, table: bool
) -> None:
    """Print a scan: a JSON document, plain lines, or drawn: its summary, with `only` the hosts that it means."""
    from orchestrator.report.document import host_line, scan_document
    from orchestrator.report.results import RESULT_COLUMNS, result_rows, result_table
    from orchestrator.report.summary import scan_report

    records, not_started = _chosen(reader, report, only)
    if as_json:
        stream_document(scan_document(report), "hosts", (host_line(record) for record in records))
    elif not draws(table=table):
        lines(result_rows(records, not_started, report.hints), RESULT_COLUMNS)
    elif only:
        draw(result_table(records, not_started))
    else:
        draw(scan_report(report))


def _chosen(
    reader: Reader, report: ScanReport, only: frozenset[str]
) -> tuple[Iterator[HostRecord], tuple[str, ...]]:
    """Give the scan's records that `only` means, read as they are taken, and the hosts without one."""
    from orchestrator.domain.execution.select_hosts import NOT_STARTED, chosen

    assert report.scan.id is not None  # noqa: S101  # it came from the database
    records = reader.records(report.scan.id)
    if not only:
        return records, report.not_started
    missing = report.not_started if NOT_STARTED in only else ()
    return (record for record in records if chosen(only, hosts=[record.host], records=[record])), missing


def _show_host(found: Sighting, *, as_json: bool, table: bool) -> None:
    from orchestrator.report.document import host_document
    from orchestrator.report.host import host_report
    from orchestrator.report.host_lines import HOST_RECORD_COLUMNS, host_rows

    if as_json:
        document(host_document(found))
    elif draws(table=table):
        draw(host_report(found, datetime.now(UTC)))
    else:
        lines(host_rows(found), HOST_RECORD_COLUMNS)


def _host_alone(host: str | None, scan: int | None, only: frozenset[str]) -> str:
    """Give the host that `--history` is about. Raises UsageError where there is none, or more was asked for."""
    if host is None or scan is not None or only:
        raise UsageError("--history is about one host in all scans: fleetcheck show HOST --history")
    return host


def _show_history(reader: Reader, host: str, *, place: str, as_json: bool, table: bool) -> None:
    from orchestrator.cli.stored import stored_name
    from orchestrator.domain.views.history import history
    from orchestrator.report.views.history import (
        HISTORY_COLUMNS,
        history_document,
        history_rows,
        history_screen,
    )

    results = tuple(reader.history(host, _RESULTS))
    if not results:
        results = tuple(reader.history(stored_name(reader, host, place=place), _RESULTS))
    if as_json:
        document(history_document(history(host, results), results))
    elif draws(table=table):
        draw(history_screen(history(host, results)))
    else:
        lines(history_rows(results), HISTORY_COLUMNS)
