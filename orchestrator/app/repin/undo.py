"""The way back: a new plan that takes back what a run wrote."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from inventory.sources.source import Sources
from orchestrator.app.repin.proof import proven
from orchestrator.app.repin.request import of_record
from orchestrator.version import VERSION

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.repin.plan import Plan


def plan_undo(
    invocation: Invocation,
    run_id: int,
    inventory: Sources,
    *,
    good_for: timedelta,
    force_closed: str | None,
    confirm: Callable[[str], None],
) -> Plan:
    """Plan the way back of a run; what the audit does not prove is to be confirmed first.

    `good_for`: how long the plan may be applied; `force_closed`: a reason to go back to ports that are
    closed now. `confirm` returns where somebody says yes. Raises InventoryError, UnknownRunError,
    ChangedError, StoreError.
    """
    from inventory.sources.load import load_all
    from orchestrator.fleet.repin.undo import Ticket, undo_plan
    from orchestrator.remote.apply import repin_script

    fleet = load_all(inventory)
    now = datetime.now(UTC)
    with invocation.reader() as reader:
        unproven = proven(reader, run_id)
        if unproven is not None:
            confirm(f"{unproven}\nthe way back is planned from them")
        run = reader.run(run_id)
        plan, rows, undone = reader.plan(run.plan), reader.operations(run_id), reader.undoing(run_id)
    wrote_with = of_record(run.options).credential
    return undo_plan(
        run,
        plan,
        rows,
        fleet,
        ticket=Ticket(
            id=str(uuid.uuid4()),
            created=now,
            expires=now + good_for,
            user=invocation.user,
            version=VERSION,
            script=repin_script().sha256,
        ),
        undone=undone,
        force_closed=force_closed,
        credential=wrote_with if wrote_with in fleet.credentials else None,
    )
