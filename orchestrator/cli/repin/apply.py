"""`fleetcheck repin apply` and `resume`: write what a plan says, wave after wave;
go on after a stop or a crash.
"""

from __future__ import annotations

import typer

from orchestrator.cli.command import inventory_sources, invocation
from orchestrator.cli.errors import handled
from orchestrator.cli.options import (
    AskPassOption,
    DatabaseOption,
    HeaderOption,
    InventoryOption,
    JsonOption,
    QuietOption,
    TableOption,
    TraceBodiesOption,
    TraceOption,
    TransportOption,
    VerboseOption,
    WaitOption,
    watch_of,
)
from orchestrator.cli.repin import options
from orchestrator.cli.repin.status import print_run
from orchestrator.cli.scan_options import Jobs, PerSite, RampUp
from orchestrator.remote.transport_name import TransportName


@handled
def apply(  # noqa: PLR0913  # a command line has as many parameters as it has options
    plan: options.PlanFile,
    *,
    inventory: InventoryOption = None,
    batch: options.Batch = None,
    pause: options.Pause = None,
    max_failed: options.MaxFailed = None,
    max_conflicts: options.MaxConflicts = None,
    wait_live: options.WaitLive = None,
    revert_if_not_live: options.RevertIfNotLive = False,
    dry_run: options.DryRun = False,
    credential: options.Credential = None,
    signatures: options.Signatures = None,
    yes: options.Yes = False,
    jobs: Jobs = 64,
    transport: TransportOption = TransportName.NATIVE,
    ask_pass: AskPassOption = False,
    wait: WaitOption = None,
    trace: TraceOption = None,
    trace_bodies: TraceBodiesOption = False,
    verbose: VerboseOption = False,
    per_site: PerSite = 0,
    ramp_up: RampUp = 200,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write what a plan says, and nothing else.

    Every host is read afresh first, and again afterwards.
    """
    from orchestrator.app.approval.rules import SYSTEM
    from orchestrator.app.repin.apply import ApplyRequest
    from orchestrator.app.repin.apply import apply as begin
    from orchestrator.app.repin.plan import read_plan
    from orchestrator.app.repin.request import RepinRequest
    from orchestrator.cli.repin.confirm import confirmed
    from orchestrator.cli.repin.progress import RepinDisplay

    request = ApplyRequest(
        plan=read_plan(plan),
        file=plan,
        inventory=inventory_sources(inventory, stdin=yes or dry_run),
        options=RepinRequest(
            batch=batch,
            pause=pause,
            max_failed=max_failed,
            max_conflicts=max_conflicts,
            wait_live=wait_live,
            revert_if_not_live=revert_if_not_live,
            jobs=jobs,
            per_site=per_site,
            ramp_up=ramp_up,
            credential=credential,
            signatures=signatures,
        ),
        rules=SYSTEM,
        dry_run=dry_run,
        transport=transport.value,
        ask_pass=ask_pass,
        watch=watch_of(trace, bodies=trace_bodies, verbose=verbose, quiet=quiet),
    )
    with RepinDisplay(quiet=quiet, verbose=verbose) as display:
        report = begin(
            invocation(db, inventory, wait=wait),
            request,
            confirm=lambda statement: confirmed(statement, yes=yes),
            on_event=display.on_event,
        )
    print_run(report, as_json=as_json, table=table)
    raise typer.Exit(report.code)


@handled
def resume(  # noqa: PLR0913  # a command line has as many parameters as it has options
    run: options.Run,
    *,
    inventory: InventoryOption = None,
    batch: options.Batch = None,
    pause: options.Pause = None,
    max_failed: options.MaxFailed = None,
    max_conflicts: options.MaxConflicts = None,
    credential: options.Credential = None,
    yes: options.Yes = False,
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
    """Go on with a run that was stopped or killed.

    Reads what was left open, then writes what was not begun. Options not given stay as they were.
    """
    from orchestrator.app.approval.rules import SYSTEM
    from orchestrator.app.repin.apply import ResumeRequest
    from orchestrator.app.repin.apply import resume as go_on
    from orchestrator.app.repin.request import RepinRequest
    from orchestrator.cli.repin.confirm import confirmed
    from orchestrator.cli.repin.progress import RepinDisplay

    request = ResumeRequest(
        run=run,
        inventory=inventory_sources(inventory, stdin=yes),
        options=RepinRequest(
            batch=batch,
            pause=pause,
            max_failed=max_failed,
            max_conflicts=max_conflicts,
            credential=credential,
        ),
        rules=SYSTEM,
        transport=transport.value,
        ask_pass=ask_pass,
        watch=watch_of(trace, bodies=trace_bodies, verbose=verbose, quiet=quiet),
    )
    with RepinDisplay(quiet=quiet, verbose=verbose) as display:
        report = go_on(
            invocation(db, inventory, wait=wait),
            request,
            confirm=lambda statement: confirmed(statement, yes=yes),
            on_event=display.on_event,
        )
    print_run(report, as_json=as_json, table=table)
    raise typer.Exit(report.code)
