"""`fleetcheck repin ...`: rewrite pins in bulk, from a plan that was read first."""

from __future__ import annotations

from orchestrator.cli.config.configured import Commands
from orchestrator.cli.repin import apply as repin_apply
from orchestrator.cli.repin import approve as repin_approve
from orchestrator.cli.repin import export as repin_export
from orchestrator.cli.repin import plan as repin_plan
from orchestrator.cli.repin import status as repin_status
from orchestrator.cli.repin import undo as repin_undo

app = Commands(
    name="repin",
    help="Rewrite pins in bulk: plan, approve, apply, resume, undo.",
    no_args_is_help=True,
)
app.command()(repin_plan.plan)
app.command()(repin_plan.show)
app.command()(repin_approve.approve)
app.command()(repin_apply.apply)
app.command()(repin_status.status)
app.command()(repin_apply.resume)
app.command()(repin_undo.undo)
app.command()(repin_export.export)
app.command("import")(repin_export.import_)
