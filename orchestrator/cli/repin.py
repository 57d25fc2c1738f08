"""`fleetcheck repin ...`: rewrite pins in bulk, from a plan that was read first."""

from __future__ import annotations

import typer

from orchestrator.cli import repin_plan

app = typer.Typer(
    name="repin",
    help="Rewrite pins in bulk: plan, read the plan, apply it in waves, watch, resume, undo.",
    no_args_is_help=True,
)
app.command()(repin_plan.plan)
app.command()(repin_plan.show)
