"""`fleetcheck repin export` and `import`: the same plan as a script for hosts that WinRM cannot reach,
and its answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.command import inventory_sources, invocation
from orchestrator.cli.console import document, draw, draws, hand_over, lines, say
from orchestrator.cli.errors import handled
from orchestrator.cli.options import (
    DatabaseOption,
    HeaderOption,
    InventoryOption,
    JsonOption,
    TableOption,
    WaitOption,
)
from orchestrator.cli.repin import options

if TYPE_CHECKING:
    from orchestrator.report.repin.answers import Answer

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
    signatures: options.Signatures = None,
    wait: WaitOption = None,
    db: DatabaseOption = None,
) -> None:
    """Give a plan away as a script for hosts out of reach.

    It is run there by hand; `repin apply` leaves these hosts alone then.
    """
    from inventory.words import plural
    from orchestrator.app.approval.rules import SYSTEM
    from orchestrator.app.repin.export import ExportRequest, export_script
    from orchestrator.app.repin.plan import read_plan

    del script
    read = read_plan(plan)
    asked = invocation(db, inventory, wait=wait)
    request = ExportRequest(
        plan=read,
        file=plan,
        inventory=inventory_sources(inventory),
        where="standard output" if output is None else str(output),
        rules=SYSTEM,
        signatures=signatures or 0,
    )
    text = export_script(asked, request)
    hand_over(output or Path("-"), text, marker=SCRIPT_MARKER, what="exported script")
    if output is not None and str(output) != "-":
        say(
            f"written: {output}, for {plural(len(read.hosts), 'host')}, good until "
            f"{read.expires:%Y-%m-%d %H:%M} UTC. Run it there as an administrator, "
            f"then take its answers in:\n    fleetcheck repin import RESULT.json{asked.hints.database}"
        )


@handled
def import_(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULT...", help="Files that an exported script wrote.")
    ],
    *,
    wait: WaitOption = None,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Take in what an exported script answered; a scan proves it."""
    from orchestrator.app.repin.import_results import import_results
    from orchestrator.report.repin.answers import (
        ANSWER_COLUMNS,
        answer_rows,
        answers_document,
        answers_screen,
    )

    asked = invocation(db, wait=wait)
    found = import_results(asked, results)
    if as_json:
        document(answers_document(found))
    elif draws(table=table):
        draw(answers_screen(found, asked.hints.database))
    else:
        lines(answer_rows(found), ANSWER_COLUMNS)
    raise typer.Exit(_code(found))


def _code(found: Sequence[Answer]) -> int:
    from orchestrator.domain.primitives.exit_codes import EXIT_ATTENTION, EXIT_OK

    return EXIT_OK if all(answer.fine for answer in found) else EXIT_ATTENTION
