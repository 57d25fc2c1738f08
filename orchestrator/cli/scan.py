"""`fleetcheck scan`: probe hosts, store what came, say what needs attention."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from orchestrator.app.errors import UsageError
from orchestrator.app.select import NoMatch
from orchestrator.cli import scan_options as options
from orchestrator.cli.command import inventory_sources, invocation
from orchestrator.cli.console import document, draw, draws, lines, say, say_note, unsaid
from orchestrator.cli.errors import handled, told
from orchestrator.cli.options import (
    AskPassOption,
    DatabaseOption,
    HeaderOption,
    InventoryOption,
    JsonOption,
    LabelOption,
    LimitOption,
    NoMatchOption,
    OnlyOption,
    QuietOption,
    TableOption,
    TraceBodiesOption,
    TraceOption,
    TransportOption,
    VerboseOption,
    WaitOption,
    hosts_or_limit,
    labels_of,
    only_words,
    watch_of,
)
from orchestrator.remote.transport_name import TransportName

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.app.scan.plan import ScanRequest
    from orchestrator.domain.notices.targets import Target
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
    notify: options.Notify = None,
    list_hosts: options.ListHosts = False,
    via_sites: options.ViaSites = False,
    hub: options.Hub = None,
    transport: TransportOption = TransportName.NATIVE,
    ask_pass: AskPassOption = False,
    wait: WaitOption = None,
    trace: TraceOption = None,
    trace_bodies: TraceBodiesOption = False,
    verbose: VerboseOption = False,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
    quiet: QuietOption = False,
) -> None:
    """Probe hosts and say what needs attention."""
    from orchestrator.app.scan.plan import ScanRequest
    from orchestrator.report.exports.formats import Format

    files, labels = options.report_files(report_to or ()), labels_of(label or ())
    if labels and not any(file.format is Format.PROMETHEUS for file in files):
        raise UsageError("--label goes with --report prometheus:FILE, and there is none")
    asked = invocation(db, inventory, wait=wait)
    targets = _targets(asked, notify or ())
    request = ScanRequest(
        inventory=inventory_sources(inventory),
        limit=hosts_or_limit(host, limit),
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
        transport=transport.value,
        via_sites=via_sites,
        hub=hub,
        notify=tuple(target.subscription for target in targets),
        ask_pass=ask_pass,
        watch=watch_of(trace, bodies=trace_bodies, verbose=verbose, quiet=quiet),
    )
    _check(request, mode_given=probe is not None, hosts_given=bool(host))
    if list_hosts:
        _refuse_of_list({"--report": files, "--trace": trace, "--ask-pass": ask_pass, "--notify": targets})
        _print_hosts(asked, request, quiet=quiet, as_json=as_json)
        return
    from orchestrator.app.scan.export import write_reports

    report = run_scan(asked, request, quiet=quiet)
    if not report.unanswered:
        report = write_reports(asked, files, report, labels, explain=lambda error: told(error)[1])
    print_report(asked, report, as_json=as_json, table=table)
    _say_end(report, quiet=quiet, drawn=draws(table=table) and not as_json)
    if targets and not report.unanswered:
        _tell(asked, targets, report, quiet=quiet)
    raise typer.Exit(report.code)


def _targets(asked: Invocation, names: Sequence[str]) -> tuple[Target, ...]:
    """Find who is to be told. Raises UsageError for a name that is none."""
    if not names:
        return ()
    from orchestrator.app.notify.targets import chosen

    return chosen(asked, names)


def _tell(asked: Invocation, targets: tuple[Target, ...], report: ScanReport, *, quiet: bool) -> None:
    """Send what waits for the targets; one who has interrupted the scan does not wait for that."""
    from orchestrator.app.events import Remark
    from orchestrator.app.notify.deliver import deliver
    from orchestrator.domain.record import ScanState

    sys.stdout.flush()
    if report.scan.state is ScanState.FINISHED:
        deliver(
            asked,
            targets,
            on_event=lambda note: None if quiet and isinstance(note, Remark) else say_note(note),
        )
    else:
        say("remark: the scan did not finish: notices wait, and are sent after the next one that does")


def run_scan(asked: Invocation, request: ScanRequest, *, quiet: bool) -> ScanReport:
    """Scan, with the progress on the screen. Raises as `orchestrator.app.scan.run.run`."""
    from orchestrator.app.scan.run import run
    from orchestrator.cli.progress import ScanDisplay

    with ScanDisplay(quiet=quiet, verbose=request.watch.phases) as display:
        return run(asked, request, on_event=display.on_event)


def print_report(asked: Invocation, report: ScanReport, *, as_json: bool, table: bool) -> None:
    """Print a scan's result: a JSON document, the drawn summary, or a plain line per host and the warnings
    beside; of a database that does not answer the warnings alone.
    """
    from orchestrator.app.scan.results import results_of
    from orchestrator.cli.show import print_results
    from orchestrator.report.summary import scan_report

    if not as_json and draws(table=table):
        draw(scan_report(report))
        return
    for warning in report.warnings:
        say(f"warning: {warning}")
    if report.unanswered:
        return
    with results_of(asked, report, logons=as_json) as found:
        print_results(found, chosen=False, as_json=as_json, table=table)


def _say_end(report: ScanReport, *, quiet: bool, drawn: bool) -> None:
    """Say the scan in one line: below what was drawn on a terminal,
    else beside the output unless `--quiet`.
    """
    from orchestrator.report.summary import last_line

    sys.stdout.flush()
    if drawn and sys.stdout.isatty():
        sys.stdout.write(f"{last_line(report)}\n")
    elif not quiet:
        say(last_line(report))


def _refuse_of_list(options: Mapping[str, object]) -> None:
    for option, given in options.items():
        if given:
            raise UsageError(f"--list-hosts asks no host: leave {option} out")


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


def _print_hosts(asked: Invocation, request: ScanRequest, *, quiet: bool, as_json: bool) -> None:
    from orchestrator.app.scan.run import hosts_of

    hosts = hosts_of(asked, request, on_event=unsaid if quiet else say_note)
    if as_json:
        from orchestrator.report.document import hosts_document

        document(hosts_document(hosts))
    else:
        lines(((host.name,) for host in hosts), ("host",))
    sys.stdout.flush()
