"""A plan given away as a script for hosts out of reach; it is journaled before anybody has it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.sources.source import Sources
from orchestrator.app.errors import UsageError
from orchestrator.app.repin.approvals import approved, signed_bytes
from orchestrator.app.repin.waivers import waived_since_planned

if TYPE_CHECKING:
    from orchestrator.app.approval.rules import Place
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.approval.signatures import Approval
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.store.journal.journal import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What is asked of an export.

    `where` says where the script will be written. `rules`: where this machine says who has to sign a plan;
    `signatures`: how many this command asks for besides.
    """

    plan: Plan
    file: Path
    inventory: Sources
    where: str
    rules: Place
    signatures: int = 0


def export_script(invocation: Invocation, request: ExportRequest) -> str:
    """Journal that the plan is given away, and return the script; once only.

    Raises InventoryError, PlanRefused for a plan that does not hold, ApprovalError where somebody has still
    to sign it, UsageError where it was used before, StoreError.
    """
    from inventory.sources.load import load_all
    from orchestrator.fleet.repin.checks import PlanRefused, check
    from orchestrator.remote.apply import repin_script
    from orchestrator.remote.standalone import standalone

    plan = request.plan
    fleet = load_all(request.inventory)
    check(plan, fleet, datetime.now(UTC), repin_script().sha256)
    signed = approved(
        invocation,
        plan,
        request.file,
        request.rules,
        asked=request.signatures,
        data=signed_bytes(plan),
    )
    waived = waived_since_planned(invocation, plan, fleet)
    if waived:
        raise PlanRefused(plan.id, tuple(f"{host}: {why}" for host, why in waived.items()))
    text = standalone(plan)
    _hand_out(invocation, request, signed.counted)
    return text


def _hand_out(invocation: Invocation, request: ExportRequest, approvals: Sequence[Approval]) -> None:
    from orchestrator.store.journal.errors import PlanUsedError
    from orchestrator.store.journal.journal import Journal

    plan = request.plan
    with invocation.writer() as writer:
        try:
            asyncio.run(_open(Journal(writer), request, approvals))
        except PlanUsedError:
            raise UsageError(
                f"plan {plan.id} was applied already: make a new plan for the hosts that are left, then "
                "export that one"
            ) from None


async def _open(journal: Journal, request: ExportRequest, approvals: Sequence[Approval]) -> None:
    detail = f"exported to {request.where}"
    await journal.hand_out(request.plan, time=datetime.now(UTC), detail=detail, approvals=approvals)
