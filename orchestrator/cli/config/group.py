"""`fleetcheck config ...`: what is configured, and where; no host is asked."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.config.configured import Commands, settings
from orchestrator.cli.console import document, draw, draws, lines
from orchestrator.cli.errors import handled
from orchestrator.cli.options import HeaderOption, JsonOption, TableOption

app = Commands(name="config", help="Show what is configured, and where.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `show` a word of its own, though it is the only command here."""


@app.command()
@handled
def show(
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value came from.")] = False,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Show every setting that files or variables can make.

    The first that says something holds: option, FLEETCHECK_X, ./fleetcheck.toml,
    ~/.config/fleetcheck/config.toml, /etc/fleetcheck/config.toml, default.
    """
    from orchestrator.app.config.show import shown
    from orchestrator.report.config import config_columns, config_document, config_rows, config_screen

    report = shown(settings())
    if as_json:
        document(config_document(report))
    elif draws(table=table):
        draw(config_screen(report, origin=origin))
    else:
        lines(config_rows(report, origin=origin), config_columns(origin=origin))
