"""`fleetcheck profile ...`: the products that fleetcheck knows, as data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.completing import offers, profile_names
from orchestrator.cli.config.configured import Commands
from orchestrator.cli.console import document, draw, draws, lines
from orchestrator.cli.errors import handled
from orchestrator.cli.options import HeaderOption, JsonOption, TableOption

app = Commands(
    name="profile", help="Show or check what is known of a product: key, values, ports.", no_args_is_help=True
)


@app.command()
@handled
def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", autocompletion=offers(profile_names), help="A shipped profile, or a YAML file."
        ),
    ] = "livevault",
    as_json: JsonOption = False,
) -> None:
    """Print a profile as YAML.

    A file may say `extends: NAME` and only what differs.
    """
    from inventory.profile import dump_profile, load_profile
    from orchestrator.report.document import profile_document

    profile = load_profile(name, Path.cwd())
    if as_json:
        document(profile_document(profile))
    else:
        sys.stdout.write(dump_profile(profile))


@app.command()
@handled
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", readable=False, help="A profile's YAML file.")],
    as_json: JsonOption = False,
) -> None:
    """Report every mistake of a profile of your own.

    Each comes with file and line.
    """
    from inventory.errors import InventoryError
    from inventory.profile import load_profile
    from orchestrator.report.document import profile_check_document

    try:
        profile = load_profile(f"./{file}" if file.parent == Path() else str(file), Path())
    except InventoryError as error:
        if not as_json:
            raise
        document(profile_check_document(None, error.problems))
        raise typer.Exit(1) from None
    if as_json:
        document(profile_check_document(profile, ()))
        return
    sys.stdout.write(
        f"{file}: no mistakes. roles: {', '.join(profile.role_names)}; ports: {len(profile.ports)}; "
        f"views: {', '.join(map(str, profile.views))}; tunnel: {profile.tunnel}\n"
        + "".join(f"remark: {remark}\n" for remark in profile.remarks)
        + f"In an inventory at the same place: profile: ./{file.name}\n"
    )


@app.command("list")
@handled
def list_(as_json: JsonOption = False, table: TableOption = False, _header: HeaderOption = False) -> None:
    """List the shipped profiles."""
    from inventory.profile import load_profile, shipped
    from orchestrator.report.document import profiles_document
    from orchestrator.report.listing import listing

    profiles = [load_profile(name, Path.cwd()) for name in shipped()]
    columns = ("name", "title")
    rows = [(profile.name, profile.title) for profile in profiles]
    if as_json:
        document(profiles_document(profiles))
    elif draws(table=table):
        draw(listing(columns, rows))
    else:
        lines(rows, columns)
