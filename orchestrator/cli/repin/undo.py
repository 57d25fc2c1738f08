"""`fleetcheck repin undo`: a new plan that takes back what a run wrote."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.command import hints, user
from orchestrator.cli.errors import handled
from orchestrator.cli.options import (
    DatabaseOption,
    HeaderOption,
    InventoryOption,
    JsonOption,
    TableOption,
    inventory_path,
    one_inventory,
)
from orchestrator.cli.repin import options
from orchestrator.cli.repin.plan import keep
from orchestrator.version import VERSION

if TYPE_CHECKING:
    from datetime import timedelta

    from orchestrator.domain.repin.plan import Plan


@handled
def undo(  # noqa: PLR0913  # a command line has as many parameters as it has options
    run: options.Run,
    *,
    output: options.Out = None,
    inventory: InventoryOption = None,
    force_closed: options.ForceClosed = None,
    expires: options.Expires = "24h",
    yes: options.Yes = False,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Plan the way back for what a run wrote.

    `repin apply` then writes it, through the same checks.
    """
    from orchestrator.cli.make_plan import expiry, reason_given

    made = _plan(run, inventory_path(inventory), db, expiry(expires), reason_given(force_closed), yes=yes)
    keep(
        made,
        output,
        hints=hints(database=db, inventory=one_inventory(inventory)),
        as_json=as_json,
        table=table,
    )


def _plan(
    run_id: int, inventory: Path, database: str | None, good: timedelta, forced: str | None, *, yes: bool
) -> Plan:
    import uuid

    from inventory.load import load
    from orchestrator.cli.confirm import confirmed
    from orchestrator.cli.proven import proven
    from orchestrator.cli.repin_request import of_record
    from orchestrator.fleet.repin.undo import Ticket, undo_plan
    from orchestrator.remote.apply import repin_script
    from orchestrator.store.place import database_url
    from orchestrator.store.reader import Reader

    fleet = load(inventory)
    now = datetime.now(UTC)
    with Reader.open(database_url(database, os.environ)) as reader:
        unproven = proven(reader, run_id)
        if unproven is not None:
            confirmed(f"{unproven}\nthe way back is planned from them", yes=yes)
        run = reader.run(run_id)
        wrote_with = of_record(run.options).credential
        return undo_plan(
            run,
            reader.plan(run.plan),
            reader.operations(run_id),
            fleet,
            ticket=Ticket(
                id=str(uuid.uuid4()),
                created=now,
                expires=now + good,
                user=user(),
                version=VERSION,
                script=repin_script().sha256,
            ),
            undone=reader.undoing(run_id),
            force_closed=forced,
            credential=wrote_with if wrote_with in fleet.credentials else None,
        )
