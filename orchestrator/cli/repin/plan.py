"""`fleetcheck repin plan` and `show`: decide what to write, and read it, before anything is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from orchestrator.app.select import NoMatch
from orchestrator.cli.command import inventory_path, invocation
from orchestrator.cli.console import document, draw, draws, hand_over, lines, say, say_note
from orchestrator.cli.errors import handled
from orchestrator.cli.options import (
    DatabaseOption,
    HeaderOption,
    InventoryOption,
    JsonOption,
    LimitOption,
    NoMatchOption,
    TableOption,
)
from orchestrator.cli.repin import options
from orchestrator.domain.primitives.exit_codes import EXIT_ATTENTION

if TYPE_CHECKING:
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.report.hints import Hints
    from orchestrator.report.repin.ticket import Ticket

PLAN_MARKER = '"document": "plan"'


@handled
def plan(  # noqa: PLR0913  # a command line has as many parameters as it has options
    *,
    output: options.Out = None,
    inventory: InventoryOption = None,
    limit: LimitOption = None,
    no_match: NoMatchOption = None,
    policy: options.Policy = "desired",
    max_age: options.MaxAge = "24h",
    agree: options.Agree = 1,
    force_closed: options.ForceClosed = None,
    include_waived: options.IncludeWaived = None,
    credential: options.PlanCredential = None,
    scan: options.Scan = None,
    expires: options.Expires = "24h",
    exit_code: options.PlanExitCode = False,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Decide from stored scans which hosts to re-pin.

    The plan is a file; no host is asked.
    """
    from orchestrator.app.repin.plan import PlanRequest, make_plan
    from orchestrator.domain.primitives.span import parse_span
    from orchestrator.domain.repin.policy import parse_policy

    request = PlanRequest(
        inventory=inventory_path(inventory),
        limit=tuple(limit or ()),
        no_match=no_match or NoMatch.ERROR,
        policy=parse_policy(policy),
        max_age=parse_span(max_age, "--max-age"),
        agree=agree,
        force_closed=options.reason_given(force_closed),
        include_waived=options.waived_reason(include_waived, limit or ()),
        credential=credential,
        scan=scan,
        good_for=options.expiry(expires),
    )
    asked = invocation(db, inventory)
    made = make_plan(asked, request, on_event=say_note)
    keep(made, output, hints=asked.hints, as_json=as_json, table=table)
    if exit_code and made.hosts:
        raise typer.Exit(EXIT_ATTENTION)


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
    from orchestrator.app.repin.plan import read_plan
    from orchestrator.report.repin.ticket import ticket

    found = ticket(read_plan(plan), file=str(plan))
    if html is None:
        show_ticket(found, as_json=as_json, table=table)
        return
    from orchestrator.report.html.ticket import ticket_html

    hand_over(html, ticket_html(found, datetime.now(UTC)), marker="<title>Re-pin of", what="page of a plan")
    if str(html) != "-":
        say(f"written: {html}")


def keep(made: Plan, output: Path | None, *, hints: Hints, as_json: bool, table: bool) -> None:
    """Write a new plan to its file, and show it."""
    from orchestrator.domain.repin.planfile import pieces
    from orchestrator.report.repin.ticket import ticket

    if output is not None:
        hand_over(output, pieces(made), marker=PLAN_MARKER, what="plan of fleetcheck")
    if output is not None and str(output) == "-":
        return  # standard output has the plan itself
    found = ticket(made, file=None if output is None else str(output), hints=hints)
    show_ticket(found, as_json=as_json, table=table)


def show_ticket(found: Ticket, *, as_json: bool, table: bool) -> None:
    """Print a plan: a JSON document, the ticket, or a plain line per host and the warnings beside."""
    from orchestrator.report.repin.document import plan_document
    from orchestrator.report.repin.ticket_screen import TICKET_COLUMNS, ticket_rows, ticket_screen, warnings

    now = datetime.now(UTC)
    if as_json:
        document(plan_document(found))
    elif draws(table=table):
        draw(ticket_screen(found, now))
    else:
        for warning in warnings(found, now):
            say(f"warning: {warning}")
        lines(ticket_rows(found), TICKET_COLUMNS)
