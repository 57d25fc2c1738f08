"""`fleetcheck scan`: probe hosts, store what came, say what needs attention."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import typer

from orchestrator.cli import scan_options as options
from orchestrator.cli.choices import only_words
from orchestrator.cli.console import document, draw, draws, lines, say
from orchestrator.cli.errors import UsageError, handled
from orchestrator.cli.options import (
    DatabaseOption,
    HeaderOption,
    InventoryOption,
    JsonOption,
    LabelOption,
    LimitOption,
    OnlyOption,
    QuietOption,
    TableOption,
    TransportOption,
    inventory_path,
    one_inventory,
)
from orchestrator.cli.selecting import NoMatch, NoMatchOption
from orchestrator.remote.transport_name import TransportName

if TYPE_CHECKING:
    from inventory.model import Host
    from orchestrator.cli.plan_scan import ScanRequest
    from orchestrator.report.summary import ScanReport


@handled
def scan(  # noqa: PLR0913  # a command line has as many parameters as it has options
    host: options.Hosts = None,
    *,
    inventory: InventoryOption = None,
    limit: LimitOption = None,
    no_match: NoMatchOption = None,
    probe: options.Probe = None,
    jobs: options.Jobs = 64,
    per_site: options.PerSite = 0,
    ramp_up: options.RampUp = 200,
    pace: options.Pace = 500,
    no_canaries: options.NoCanaries = False,
    timeout: options.Timeout = None,
    resume: options.Resume = None,
    earlier: options.From = None,
    only: OnlyOption = None,
    report_to: options.Report = None,
    label: LabelOption = None,
    list_hosts: options.ListHosts = False,
    transport: TransportOption = TransportName.NATIVE,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
    quiet: QuietOption = False,
) -> None:
    """Probe hosts and say what needs attention."""
    from inventory.load import load
    from orchestrator.cli.plan_scan import ScanRequest
    from orchestrator.cli.report_files import report_files, written
    from orchestrator.cli.series import labels_of
    from orchestrator.report.exports.formats import Format

    files, labels = report_files(report_to or ()), labels_of(label or ())
    if labels and not any(file.format is Format.PROMETHEUS for file in files):
        raise UsageError("--label goes with --report prometheus:FILE, and there is none")
    request = ScanRequest(
        inventory=inventory_path(inventory),
        inventory_named=one_inventory(inventory) is not None,
        database=db,
        limit=_limit(host, limit),
        no_match=no_match or NoMatch.WARN,
        mode=(probe or options.Mode.AUTO).value,
        jobs=jobs,
        per_site=per_site,
        ramp_up=ramp_up,
        pace=pace,
        canaries=not no_canaries,
        timeout=timeout,
        resume=resume,
        earlier=earlier,
        only=only_words(only),
        quiet=quiet,
        transport=transport.value,
    )
    _check(request, mode_given=probe is not None, hosts_given=bool(host))
    if list_hosts and files:
        raise UsageError("--list-hosts asks no host: there is nothing to --report")
    fleet = load(request.inventory)
    if list_hosts:
        from orchestrator.cli.run_scan import hosts_of

        _print_hosts(hosts_of(request, fleet), as_json=as_json)
        return
    from orchestrator.cli.run_scan import run

    report = written(files, run(request, fleet), db, labels)
    print_report(report, db, as_json=as_json, table=table)
    _say_end(report, quiet=quiet, drawn=draws(table=table) and not as_json)
    raise typer.Exit(report.code)


def print_report(report: ScanReport, database: str | None, *, as_json: bool, table: bool) -> None:
    """Print a scan's result: a JSON document, the drawn summary, or a plain line per host and the warnings beside."""
    from orchestrator.cli.show import show_report
    from orchestrator.report.summary import scan_report
    from orchestrator.store.place import database_url
    from orchestrator.store.reader import Reader

    if not as_json and draws(table=table):
        draw(scan_report(report))
        return
    for warning in report.warnings:
        say(f"warning: {warning}")
    with Reader.open(database_url(database, os.environ)) as reader:
        show_report(reader, report, frozenset(), as_json=as_json, table=table)


def _say_end(report: ScanReport, *, quiet: bool, drawn: bool) -> None:
    """Say the scan in one line: below what was drawn on a terminal, else beside the output unless `--quiet`."""
    from orchestrator.report.summary import last_line

    sys.stdout.flush()
    if drawn and sys.stdout.isatty():
        sys.stdout.write(f"{last_line(report)}\n")
    elif not quiet:
        say(last_line(report))


def _limit(hosts: Sequence[str] | None, limit: Sequence[str] | None) -> tuple[str, ...]:
    """Take the hosts that are named without an option for `--limit`. Raises UsageError where both are there."""
    if hosts and limit:
        raise UsageError(
            f"hosts are named twice, as {hosts[0]!r} and by --limit {limit[0]!r}: write all of them in one of the two"
        )
    return tuple(hosts or limit or ())


def _check(request: ScanRequest, *, mode_given: bool, hosts_given: bool) -> None:
    """Refuse options that do not go together. Raises UsageError."""
    if not math.isfinite(request.pace):
        raise UsageError(f"--pace {request.pace}: expected a number of connects a second; 0 is no limit")
    if request.only and request.earlier is None:
        raise UsageError(
            "--only needs --from ID, the scan whose results it means; `fleetcheck scans` lists them"
        )
    if request.resume is None:
        return
    for given, option in (
        (request.limit, "the hosts" if hosts_given else "--limit"),
        (request.earlier is not None, "--from"),
        (mode_given, "--probe"),
    ):
        if given:
            raise UsageError(
                f"--resume goes on with a scan as it was begun: leave {option} out, or begin a new scan"
            )


def _print_hosts(hosts: Iterable[Host], *, as_json: bool) -> None:
    from orchestrator.report.document import hosts_document

    if as_json:
        document(hosts_document(hosts))
    else:
        lines(((host.name,) for host in hosts), ("host",))
    sys.stdout.flush()
