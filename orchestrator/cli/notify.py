"""`fleetcheck notify`: the targets of notices, and whether they can be reached."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.command import invocation
from orchestrator.cli.completing import offers, target_names
from orchestrator.cli.config.configured import Commands
from orchestrator.cli.console import document, draw, draws, lines, say
from orchestrator.cli.errors import handled
from orchestrator.cli.options import DatabaseOption, HeaderOption, JsonOption, TableOption
from orchestrator.domain.primitives.exit_codes import EXIT_FAILED

app = Commands(
    name="notify",
    help="Targets that scan --notify tells what changed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("test")
@handled
def try_target(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            autocompletion=offers(target_names),
            help="The target: [notify.NAME] in the configuration.",
        ),
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Send a target a message that is about nothing.

    Exits 0 where it was taken, else 1 with the reason: fleetcheck notify test ops
    """
    from orchestrator.app.notify.deliver import send_test
    from orchestrator.app.notify.targets import chosen
    from orchestrator.report.notices.listing import tried_document

    (target,) = chosen(invocation(None), [name])
    sent = send_test(target)
    if as_json:
        document(tried_document(sent.target, sent.id, sent.trouble, sent.remark))
    elif sent.trouble is None:
        typer.echo(f"sent to {sent.target}, id {sent.id}")
    if sent.remark is not None:
        say(f"warning: {sent.remark}")
    if sent.trouble is not None:
        say(f"not sent to {sent.target}: {sent.trouble}")
        raise typer.Exit(EXIT_FAILED)


@app.command("list")
@handled
def list_targets(
    *,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """List the configured targets, and what waits for each."""
    from orchestrator.app.notify.listing import listed
    from orchestrator.report.notices.listing import (
        TARGET_COLUMNS,
        target_rows,
        targets_document,
        targets_screen,
    )

    found = listed(invocation(db))
    if as_json:
        document(targets_document(found))
    elif draws(table=table):
        draw(targets_screen(found))
    else:
        lines(target_rows(found), TARGET_COLUMNS)
