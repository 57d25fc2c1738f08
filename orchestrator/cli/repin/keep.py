"""A new plan: written to its file, signed where that is asked for, and shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.errors import FleetcheckError
from orchestrator.app.errors import CommandError, UsageError
from orchestrator.cli.config.configured import settings
from orchestrator.cli.console import document, draw, draws, hand_over, lines, say

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.report.repin.ticket import Ticket

PLAN_MARKER = '"document": "plan"'
PLAN_KIND = "plan of fleetcheck"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a new plan goes; `file` None: it is not kept. `force`: over another plan, too.

    It is signed where there is a `key`, as `who` (None: whose key it is).
    """

    file: Path | None
    force: bool = False
    key: Path | None = None
    who: str | None = None

    @property
    def is_printed(self) -> bool:
        """Whether standard output gets the plan itself."""
        return str(self.file) == "-"


def target_of(file: Path | None, *, force: bool, key: Path | None, who: str | None) -> Target:
    """Read `-o`, `--force`, `--key` and `--as` of a command that makes a plan.

    Raises UsageError where they do not fit.
    """
    if file is None and force:
        raise UsageError("--force replaces a plan that is there already: name its file with -o FILE")
    if key is None and who is not None:
        raise UsageError("--as says whose signature it is: give the key, too (--key)")
    if key is not None and (file is None or str(file) == "-"):
        raise UsageError(
            "--key signs the plan's file, and its signature stands beside it: name one with -o FILE"
        )
    return Target(file=file, force=force, key=key, who=who)


def keep(asked: Invocation, made: Plan, target: Target, *, as_json: bool, table: bool) -> None:
    """Write a new plan to its file, sign it where that is asked for, and show it.

    Raises UsageError where the file holds another plan, CommandError where it cannot be written or signed.
    """
    from orchestrator.app.approval.rules import SYSTEM
    from orchestrator.app.repin.approvals import standing
    from orchestrator.domain.approval.signatures import NONE
    from orchestrator.domain.repin.planfile import pieces
    from orchestrator.report.repin.ticket import ticket

    file = target.file
    if file is not None:
        _refuse_to_replace(made, file, force=target.force)
        hand_over(file, pieces(made), marker=PLAN_MARKER, what=PLAN_KIND)
        if target.is_printed:
            return
        say(f"written: {file}")
    if file is not None and target.key is not None:
        _sign(made, file, target.key, target.who)
    approvals = NONE if file is None else standing(made, file, SYSTEM, settings())
    name = None if file is None else str(file)
    found = ticket(made, file=name, hints=asked.hints, approvals=approvals, typed=asked.command)
    show_ticket(found, as_json=as_json, table=table)


def _refuse_to_replace(made: Plan, file: Path, *, force: bool) -> None:
    """Raise UsageError where a file holds what a new plan would silently take away.

    That is another plan, or one that somebody has signed. A file that is no plan is for `hand_over`.
    """
    if str(file) == "-" or not file.is_file() or not file.stat().st_size:
        return
    from orchestrator.app.files import check

    check(file, marker=PLAN_MARKER, what=PLAN_KIND)
    if not force and (there := _lost(made, file)):
        raise UsageError(
            f"{file}: is there already, {there}; nothing was written. Name another file with -o, or add "
            "--force to replace it"
        )


def _lost(made: Plan, file: Path) -> str:
    """Say what a file holds that the new plan does not; "" for the same plan, made earlier."""
    from inventory.words import plural
    from orchestrator.app.approval.beside import signatures_beside
    from orchestrator.app.repin.plan import read_plan
    from orchestrator.domain.repin.plan import same_change
    from orchestrator.report.words import moment

    try:
        there = read_plan(file)
    except FleetcheckError:
        return "a plan that was edited or damaged"
    what = "to re-pin" if there.undoes is None else f"to undo of run {there.undoes}"
    said = f"{plural(len(there.hosts), 'host')} {what}, made {moment(there.created)} by {there.user}"
    if not same_change(made, there):
        return f"another plan ({said})"
    signed = ", ".join(who for who, _ in signatures_beside(file))
    return f"signed by {signed} ({said})" if signed else ""


def _sign(made: Plan, file: Path, key: Path, who: str | None) -> None:
    from orchestrator.app.approval.errors import ApprovalError, NotSignedError
    from orchestrator.app.approval.rules import SYSTEM
    from orchestrator.app.repin.approve import SignRequest, sign_plan

    request = SignRequest(plan=made, file=file, key=key, who=who, rules=SYSTEM, configured=settings())
    try:
        signed = sign_plan(request)
    except CommandError as error:
        say(f"{file}: the plan is written, and not signed")
        if isinstance(error, ApprovalError):
            raise NotSignedError(str(error)) from None
        raise
    say(f"signed by {signed.made.who}: {signed.file}")


def show_ticket(found: Ticket, *, as_json: bool, table: bool) -> None:
    """Print a plan: a JSON document, the ticket, or a plain line per host and the warnings beside."""
    from orchestrator.report.repin.document import plan_document
    from orchestrator.report.repin.ticket_screen import (
        TICKET_COLUMNS,
        signature_rows,
        signature_title,
        ticket_rows,
        ticket_screen,
        warnings,
    )

    now = datetime.now(UTC)
    if as_json:
        document(plan_document(found))
    elif draws(table=table):
        draw(ticket_screen(found, now))
    else:
        for warning in warnings(found, now):
            say(f"warning: {warning}")
        if title := signature_title(found.approvals):
            said = (f"  {who}  {what}" for who, what in signature_rows(found.approvals))
            say("\n".join((title, *said)))
        lines(ticket_rows(found), TICKET_COLUMNS)
