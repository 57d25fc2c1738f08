"""`fleetcheck profile ...`: the products that fleetcheck knows, as data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.console import document, draw, draws, lines
from orchestrator.cli.errors import handled
from orchestrator.cli.options import JsonOption, TableOption

app = typer.Typer(
    name="profile", help="Show what is known of a product: key, values, ports.", no_args_is_help=True
)


@app.command()
@handled
def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A shipped profile, or a YAML file.")
    ] = "livevault",
    as_json: JsonOption = False,
) -> None:
    """Print a profile as YAML; a file may say `extends: NAME` and only what differs."""
    from inventory.profile import dump_profile, load_profile
    from orchestrator.report.document import profile_document

    profile = load_profile(name, Path.cwd())
    if as_json:
        document(profile_document(profile))
    else:
        sys.stdout.write(dump_profile(profile))


@app.command("list")
@handled
def list_(as_json: JsonOption = False, table: TableOption = False) -> None:
    """List the shipped profiles."""
    from inventory.profile import load_profile, shipped
    from orchestrator.report.document import profiles_document
    from orchestrator.report.listing import listing

    profiles = [load_profile(name, Path.cwd()) for name in shipped()]
    rows = [(profile.name, profile.title) for profile in profiles]
    if as_json:
        document(profiles_document(profiles))
    elif draws(table=table):
        draw(listing(("name", "title"), rows))
    else:
        lines(rows)
