"""`fleetcheck repin undo`: a new plan that takes back what a run wrote."""

from __future__ import annotations

from orchestrator.cli.command import inventory_sources, invocation
from orchestrator.cli.errors import handled
from orchestrator.cli.options import DatabaseOption, HeaderOption, InventoryOption, JsonOption, TableOption
from orchestrator.cli.repin import options
from orchestrator.cli.repin.keep import keep, target_of


@handled
def undo(  # noqa: PLR0913  # a command line has as many parameters as it has options
    run: options.Run,
    *,
    output: options.Out = None,
    inventory: InventoryOption = None,
    force_closed: options.ForceClosed = None,
    expires: options.Expires = "24h",
    yes: options.Yes = False,
    force: options.Force = False,
    key: options.PlanKey = None,
    who: options.As = None,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Plan the way back for what a run wrote.

    `repin apply` then writes it, through the same checks.
    """
    from orchestrator.app.repin.undo import plan_undo
    from orchestrator.cli.repin.confirm import confirmed

    target = target_of(output, force=force, key=key, who=who)
    path = inventory_sources(inventory, stdin=yes)
    asked = invocation(db, inventory)
    made = plan_undo(
        asked,
        run,
        path,
        good_for=options.expiry(expires),
        force_closed=options.reason_given(force_closed),
        confirm=lambda statement: confirmed(statement, yes=yes),
    )
    keep(asked, made, target, as_json=as_json, table=table)
