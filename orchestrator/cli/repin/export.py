"""`fleetcheck repin export` and `import`: the same plan as a script for hosts that WinRM cannot reach, and its answers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.command import hints, typed, user
from orchestrator.cli.console import document, draw, draws, lines, say
from orchestrator.cli.errors import UsageError, handled
from orchestrator.cli.options import (
    DatabaseOption,
    HeaderOption,
    InventoryOption,
    JsonOption,
    TableOption,
    inventory_path,
)
from orchestrator.cli.repin import options
from orchestrator.cli.repin.plan import read_plan

if TYPE_CHECKING:
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.report.repin.answers import Answer
    from orchestrator.store.journal.journal import Journal

SCRIPT_MARKER = "# A re-pin plan of fleetcheck"


@handled
def export(
    plan: options.PlanFile,
    *,
    script: Annotated[
        bool, typer.Option("--script", help="As a stand-alone PowerShell script: the only form there is.")
    ] = True,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Where the script goes; else it is printed."),
    ] = None,
    inventory: InventoryOption = None,
    db: DatabaseOption = None,
) -> None:
    """Give a plan away as a script for hosts out of reach.

    It is run there by hand; `repin apply` leaves these hosts alone then.
    """
    from inventory.load import load
    from orchestrator.cli.files import write
    from orchestrator.cli.repin.waivers import waived_since_planned
    from orchestrator.fleet.repin.checks import PlanRefused, check
    from orchestrator.remote.apply import repin_script
    from orchestrator.remote.standalone import standalone

    del script
    read = read_plan(plan)
    fleet = load(inventory_path(inventory))
    check(read, fleet, datetime.now(UTC), repin_script().sha256)
    waived = waived_since_planned(read, fleet, db)
    if waived:
        raise PlanRefused(read.id, tuple(f"{host}: {why}" for host, why in waived.items()))
    text = standalone(read)
    _hand_out(read, db, output)
    write(output or Path("-"), text, marker=SCRIPT_MARKER, what="exported script")
    if output is not None and str(output) != "-":
        database = hints(database=db, inventory=None).database
        say(
            f"written: {output}, for {len(read.hosts)} hosts, good until {read.expires:%Y-%m-%d %H:%M} UTC. Run it there as an "
            f"administrator, then take its answers in:\n    fleetcheck repin import RESULT.json{database}"
        )


@handled
def import_(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULT...", help="Files that an exported script wrote.")
    ],
    *,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Take in what an exported script answered; a scan proves it."""
    from orchestrator.cli.take_in import take_in
    from orchestrator.report.repin.answers import (
        ANSWER_COLUMNS,
        answer_rows,
        answers_document,
        answers_screen,
    )

    found = take_in(results, db)
    where = hints(database=db, inventory=None).database
    if as_json:
        document(answers_document(found))
    elif draws(table=table):
        draw(answers_screen(found, where))
    else:
        lines(answer_rows(found), ANSWER_COLUMNS)
    raise typer.Exit(_code(found))


def _code(found: Sequence[Answer]) -> int:
    from orchestrator.domain.primitives.exit_codes import EXIT_ATTENTION, EXIT_OK

    return EXIT_OK if all(answer.fine for answer in found) else EXIT_ATTENTION


def _hand_out(plan: Plan, database: str | None, output: Path | None) -> None:
    """Journal that the plan is given away, before anybody has the script; once only. Raises StoreError, UsageError."""
    import asyncio

    from orchestrator.store.errors import PlanUsedError
    from orchestrator.store.journal.journal import Journal
    from orchestrator.store.place import database_url
    from orchestrator.store.writer import Writer

    url = database_url(database, os.environ)
    with Writer.open(url, command=typed(), user=user()) as writer:
        try:
            asyncio.run(_open(Journal(writer), plan, "standard output" if output is None else str(output)))
        except PlanUsedError:
            raise UsageError(
                f"plan {plan.id} was applied already: make a new plan for the hosts that are left, then export that one"
            ) from None


async def _open(journal: Journal, plan: Plan, where: str) -> None:
    await journal.hand_out(plan, time=datetime.now(UTC), detail=f"exported to {where}")
