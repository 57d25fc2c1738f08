"""`fleetcheck repin approve`: put a signature beside a plan, so that no one person can apply it alone."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.config.configured import settings
from orchestrator.cli.console import document, lines, say
from orchestrator.cli.errors import handled
from orchestrator.cli.options import HeaderOption, JsonOption
from orchestrator.cli.repin import options

if TYPE_CHECKING:
    from orchestrator.app.repin.approve import Signed

_COLUMNS = ("record", "value")


@handled
def approve(
    plan: options.PlanFile,
    *,
    key: options.Key,
    who: options.As = None,
    yes: options.Yes = False,
    as_json: JsonOption = False,
    _header: HeaderOption = False,
) -> None:
    """Sign a plan with an SSH key; `repin apply` counts who has.

    The signature stands beside the plan's file, for that file alone, and ends with the plan.
    """
    from orchestrator.app.approval.rules import SYSTEM
    from orchestrator.app.repin.approve import SignRequest
    from orchestrator.app.repin.approve import approve as sign
    from orchestrator.app.repin.plan import read_plan
    from orchestrator.cli.repin.confirm import confirmed
    from orchestrator.report.repin.document import approval_document

    request = SignRequest(
        plan=read_plan(plan), file=plan, key=key, who=who, rules=SYSTEM, configured=settings()
    )
    signed = sign(request, confirm=lambda statement: confirmed(statement, yes=yes))
    if as_json:
        document(approval_document(signed.plan, signed.made, str(signed.file), signed.approvals))
        return
    counted = signed.approvals
    of = f" of {counted.demanded}" if counted.demanded else ""
    made = ("who", signed.made.who), ("key", f"{signed.made.kind} {signed.made.key}"), ("file", signed.file)
    lines([*made, ("people", f"{counted.people}{of}")], _COLUMNS)
    say(_next(signed, plan))


def _next(signed: Signed, plan: Path) -> str:
    """Say what comes after this signature."""
    from inventory.words import plural
    from orchestrator.app.repin.approvals import sign_command

    counted = signed.approvals
    if counted.trouble:
        return f"nobody can say who else has signed it: {counted.trouble}"
    if counted.missing:
        more = plural(counted.missing, "person", "people")
        return f"{more} more to sign, each with a key of their own:\n    {sign_command(plan)}"
    return f"enough have signed:\n    fleetcheck repin apply {shlex.quote(str(plan))} --dry-run"
