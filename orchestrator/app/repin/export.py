"""A plan given away as a script for hosts out of reach; it is journaled before anybody has it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.errors import UsageError
from orchestrator.app.repin.waivers import waived_since_planned

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.store.journal.journal import Journal


def export_script(invocation: Invocation, plan: Plan, inventory: Path, *, where: str) -> str:
    """Journal that the plan is given away, and return the script; once only.

    `where` says where it will be written.

    Raises InventoryError, PlanRefused for a plan that does not hold, UsageError where it was used before,
    StoreError.
    """
    from inventory.load import load
    from orchestrator.fleet.repin.checks import PlanRefused, check
    from orchestrator.remote.apply import repin_script
    from orchestrator.remote.standalone import standalone

    fleet = load(inventory)
    check(plan, fleet, datetime.now(UTC), repin_script().sha256)
    waived = waived_since_planned(invocation, plan, fleet)
    if waived:
        raise PlanRefused(plan.id, tuple(f"{host}: {why}" for host, why in waived.items()))
    text = standalone(plan)
    _hand_out(invocation, plan, where)
    return text


def _hand_out(invocation: Invocation, plan: Plan, where: str) -> None:
    from orchestrator.store.journal.errors import PlanUsedError
    from orchestrator.store.journal.journal import Journal

    with invocation.writer() as writer:
        try:
            asyncio.run(_open(Journal(writer), plan, where))
        except PlanUsedError:
            raise UsageError(
                f"plan {plan.id} was applied already: make a new plan for the hosts that are left, then "
                "export that one"
            ) from None


async def _open(journal: Journal, plan: Plan, where: str) -> None:
    await journal.hand_out(plan, time=datetime.now(UTC), detail=f"exported to {where}")
