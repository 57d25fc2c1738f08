"""`fleetcheck db ...`: the database itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.command import typed, user
from orchestrator.cli.config.configured import Commands
from orchestrator.cli.console import document, draw, draws, hand_over, lines, say
from orchestrator.cli.errors import handled
from orchestrator.cli.options import HeaderOption, JsonOption, QuietOption, TableOption

if TYPE_CHECKING:
    from orchestrator.app.database.copy import Copied

_DASHBOARD = '"uid": "fleetcheck"'

app = Commands(
    name="db", help="Move the database to another place, or show it in Grafana.", no_args_is_help=True
)


@app.command()
@handled
def copy(
    *,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A SQLite file or a postgresql:// URL.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="An empty database, of either kind.")],
    as_json: JsonOption = False,
    table: TableOption = False,
    quiet: QuietOption = False,
    _header: HeaderOption = False,
) -> None:
    """Copy a database elsewhere.

    Such as fleet.db to postgresql://fleetcheck@db1/fleetcheck. Nobody else writes to either meanwhile.
    Everything is read back and compared: rows and checksum of every table, the ids that come next, the audit.
    Until that is done no command takes the target; after a failure, copy again. The source stays as it is:
    name the target with --db or FLEETCHECK_DB from then on, and put the source away.
    """
    from orchestrator.app.database.copy import copy as copy_database

    progress = _Progress(quiet=quiet or as_json)
    copied = copy_database(source, target, command=typed(), user=user(), on_rows=progress.on_rows)
    if as_json:
        from orchestrator.report.operation.copied import copy_document

        document(copy_document(copied))
    else:
        _show(copied, table=table)


@app.command()
@handled
def dashboard(
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Where it goes; else it is printed."),
    ] = None,
) -> None:
    """Print a Grafana dashboard for a PostgreSQL database.

    Import it in Grafana (Dashboards, New, Import) and choose the data source.
    """
    from orchestrator.app.database.dashboard import dashboard as made

    hand_over(output or Path("-"), made(), marker=_DASHBOARD, what="dashboard of fleetcheck")
    if output is not None and str(output) != "-":
        say(f"written: {output}; what Grafana's role needs: docs/views.md")


def _show(copied: Copied, *, table: bool) -> None:
    from orchestrator.report.listing import listing
    from orchestrator.report.operation.copied import COPY_COLUMNS, copied_words, copy_rows

    if draws(table=table):
        draw(listing(COPY_COLUMNS, copy_rows(copied)))
    else:
        lines(copy_rows(copied), COPY_COLUMNS)
    for line in copied_words(copied):
        say(line)


class _Progress:
    """Says on a terminal how far the copy is: a line for each table, the long ones more often."""

    def __init__(self, *, quiet: bool) -> None:
        self._silent = quiet or not sys.stderr.isatty()

    def on_rows(self, name: str, done: int, total: int) -> None:
        """Say how many rows of a table are copied."""
        from inventory.words import plural

        if not self._silent:
            say(f"{name}: {done:,} of {plural(total, 'row')}")
