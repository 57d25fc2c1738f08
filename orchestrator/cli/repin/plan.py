"""`fleetcheck repin plan` and `show`: decide what to write, and read it, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from orchestrator.app.errors import UsageError
from orchestrator.app.select import NoMatch
from orchestrator.cli.command import inventory_sources, invocation
from orchestrator.cli.config.configured import settings
from orchestrator.cli.console import hand_over, say, say_note
from orchestrator.cli.errors import handled
from orchestrator.cli.options import (
    AskPassOption,
    DatabaseOption,
    HeaderOption,
    InventoryOption,
    JsonOption,
    LimitOption,
    NoMatchOption,
    TableOption,
    TraceBodiesOption,
    TraceOption,
    VerboseOption,
    WaitOption,
    hosts_or_limit,
    watch_of,
)
from orchestrator.cli.repin import options
from orchestrator.cli.repin.keep import keep, show_ticket, target_of
from orchestrator.cli.scan_options import Hosts
from orchestrator.domain.primitives.exit_codes import EXIT_ATTENTION

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.app.repin.plan import PlanRequest
    from orchestrator.app.watching import WatchRequest
    from orchestrator.domain.repin.plan import Plan


@handled
def plan(  # noqa: PLR0913  # a command line has as many parameters as it has options
    host: Hosts = None,
    *,
    output: options.Out = None,
    inventory: InventoryOption = None,
    limit: LimitOption = None,
    no_match: NoMatchOption = None,
    port: options.Port = None,
    ask: options.Ask = False,
    ask_pass: AskPassOption = False,
    trace: TraceOption = None,
    trace_bodies: TraceBodiesOption = False,
    verbose: VerboseOption = False,
    policy: options.Policy = None,
    max_age: options.MaxAge = "24h",
    agree: options.Agree = 1,
    force_closed: options.ForceClosed = None,
    include_waived: options.IncludeWaived = None,
    credential: options.PlanCredential = None,
    scan: options.Scan = None,
    expires: options.Expires = "24h",
    exit_code: options.PlanExitCode = False,
    force: options.Force = False,
    key: options.PlanKey = None,
    who: options.As = None,
    wait: WaitOption = None,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Decide from stored scans which hosts to re-pin.

    The plan is a file; no host is asked, but by --ask.
    """
    from orchestrator.app.repin.plan import PlanRequest, make_plan
    from orchestrator.domain.primitives.span import parse_span

    hosts = hosts_or_limit(host, limit)
    request = PlanRequest(
        inventory=inventory_sources(inventory),
        limit=hosts,
        no_match=no_match or NoMatch.ERROR,
        policy=options.policy_of(policy, port),
        max_age=parse_span(max_age, "--max-age"),
        agree=agree,
        force_closed=options.reason_given(force_closed),
        include_waived=options.waived_reason(include_waived, hosts),
        credential=credential,
        scan=scan,
        good_for=options.expiry(expires),
    )
    target = target_of(output, force=force, key=key, who=who)
    asked = invocation(db, inventory, wait=wait)
    watch = watch_of(trace, bodies=trace_bodies, verbose=verbose, quiet=False)
    if ask:
        made = _by_asking(asked, request, watch, ask_pass=ask_pass)
    else:
        _refuse_unasked(
            {"--ask-pass": ask_pass, "--trace": trace, "--trace-bodies": trace_bodies, "--verbose": verbose}
        )
        made = make_plan(asked, request, on_event=say_note)
    keep(asked, made, target, as_json=as_json, table=table)
    if exit_code and made.hosts:
        raise typer.Exit(EXIT_ATTENTION)


def _refuse_unasked(options: Mapping[str, object]) -> None:
    for option, given in options.items():
        if given:
            raise UsageError(f"{option} is for hosts that are asked: add --ask, or leave it out")


def _by_asking(asked: Invocation, request: PlanRequest, watch: WatchRequest, *, ask_pass: bool) -> Plan:
    from orchestrator.app.scan.asking import AskRequest, plan_by_asking
    from orchestrator.cli.progress import ScanDisplay

    ask = AskRequest(ask_pass=ask_pass, watch=watch)
    with ScanDisplay(quiet=False, verbose=watch.phases) as display:
        return plan_by_asking(asked, request, ask, on_event=display.on_event)


@handled
def show(
    plan: options.PlanFile,
    *,
    html: options.Html = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Read a plan like a change ticket."""
    from orchestrator.app.approval.rules import SYSTEM
    from orchestrator.app.repin.approvals import standing
    from orchestrator.app.repin.plan import read_plan
    from orchestrator.report.repin.ticket import ticket

    if html is not None and (as_json or table):
        raise UsageError("--html goes alone: --json and --table are for the output")
    read = read_plan(plan)
    found = ticket(read, file=str(plan), approvals=standing(read, plan, SYSTEM, settings()))
    if html is None:
        show_ticket(found, as_json=as_json, table=table)
        return
    from orchestrator.report.html.ticket import ticket_html

    hand_over(html, ticket_html(found, datetime.now(UTC)), marker="<title>Re-pin of", what="page of a plan")
    if str(html) != "-":
        say(f"written: {html}")
