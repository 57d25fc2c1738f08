"""`fleetcheck scan`: probe hosts, store what came, say what needs attention."""

from __future__ import annotations

import enum
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.choices import only_words
from orchestrator.cli.console import document, draw, draws, lines, say
from orchestrator.cli.errors import UsageError, handled
from orchestrator.cli.options import (
    DatabaseOption,
    InventoryOption,
    JsonOption,
    LimitOption,
    OnlyOption,
    TableOption,
    inventory_path,
)

if TYPE_CHECKING:
    from inventory.model import Host
    from orchestrator.cli.plan_scan import ScanRequest
    from orchestrator.report.summary import ScanReport


class Probe(enum.StrEnum):
    """What the probe tries."""

    AUTO = "auto"
    FULL = "full"
    ORDERED = "ordered"
    PINNED = "pinned"


@handled
def scan(  # noqa: PLR0913  # a command line has as many parameters as it has options
    *,
    inventory: InventoryOption = None,
    limit: LimitOption = None,
    probe: Annotated[
        Probe | None,
        typer.Option(
            help="Ports to try: auto (pins, the whole list where one fails), full (all), ordered (as the vendor's "
            "checker does), pinned (pins only). Default: auto."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=4096, help="Hosts at a time.")] = 64,
    pace: Annotated[
        float,
        typer.Option(min=0, help="Connects a second that one gateway gets from all hosts; 0: no limit."),
    ] = 500,
    no_canaries: Annotated[
        bool, typer.Option("--no-canaries", help="Leave out the search for a middlebox.")
    ] = False,
    timeout: Annotated[
        float | None,
        typer.Option(min=1, metavar="SECONDS", help="Seconds for one host in all; else the inventory's."),
    ] = None,
    resume: Annotated[
        int | None,
        typer.Option(metavar="ID", help="Go on with a scan: hosts that have a result are not asked again."),
    ] = None,
    earlier: Annotated[
        int | None,
        typer.Option("--from", metavar="ID", help="Take the hosts from an earlier scan; see --only."),
    ] = None,
    only: OnlyOption = None,
    list_hosts: Annotated[
        bool, typer.Option("--list-hosts", help="Print the selected hosts and ask none.")
    ] = False,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no remarks on the way.")] = False,
) -> None:
    """Probe hosts and say what needs attention."""
    from inventory.load import load
    from orchestrator.cli.plan_scan import ScanRequest

    request = ScanRequest(
        inventory=inventory_path(inventory),
        inventory_named=inventory is not None,
        database=db,
        limit=tuple(limit or ()),
        mode=(probe or Probe.AUTO).value,
        jobs=jobs,
        pace=pace,
        canaries=not no_canaries,
        timeout=timeout,
        resume=resume,
        earlier=earlier,
        only=only_words(only),
        quiet=quiet,
    )
    _check(request, mode_given=probe is not None)
    fleet = load(request.inventory)
    if list_hosts:
        from orchestrator.cli.run_scan import hosts_of

        _print_hosts(hosts_of(request, fleet), as_json=as_json)
        return
    from orchestrator.cli.run_scan import run

    report = run(request, fleet)
    print_report(report, db, as_json=as_json, table=table)
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


def _check(request: ScanRequest, *, mode_given: bool) -> None:
    """Refuse options that do not go together. Raises UsageError."""
    if request.only and request.earlier is None:
        raise UsageError(
            "--only needs --from ID, the scan whose results it means; `fleetcheck scans` lists them"
        )
    if request.resume is None:
        return
    for given, option in (
        (request.limit, "--limit"),
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
        lines((host.name,) for host in hosts)
    sys.stdout.flush()
