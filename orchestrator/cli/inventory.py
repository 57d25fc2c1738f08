"""`fleetcheck inventory ...`: check, look at, start or import an inventory; no host is asked."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.app.errors import CommandError, UsageError
from orchestrator.app.select import NoMatch, limited
from orchestrator.cli.command import inventory_sources, selecting_stdin
from orchestrator.cli.completing import inventory_names, offers
from orchestrator.cli.config.configured import Commands
from orchestrator.cli.console import document, draw, draws, lines, say, say_note
from orchestrator.cli.errors import handled
from orchestrator.cli.options import (
    HeaderOption,
    InventoryOption,
    JsonOption,
    LimitOption,
    NoMatchOption,
    TableOption,
)

if TYPE_CHECKING:
    from inventory.model import Fleet
    from inventory.sources.source import Sources

app = Commands(name="inventory", help="Check, show, start or import an inventory.", no_args_is_help=True)


@app.command()
@handled
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", readable=False, help="The inventory; else as for -i.")
    ] = None,
    inventory: InventoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Report every mistake at once, each with file and line."""
    from inventory.errors import InventoryError
    from inventory.resolving.waivers import expired
    from inventory.sources.load import load_all
    from orchestrator.app.credential_check import check_credentials
    from orchestrator.app.names import expired_words
    from orchestrator.report.document import check_document

    sources = _to_check(file, inventory)
    try:
        fleet = load_all(sources)
        _installed(fleet)
    except InventoryError as error:
        if not as_json:
            raise
        document(check_document(None, error.problems, ()))
        raise typer.Exit(1) from None
    credentials = check_credentials(fleet)
    if credentials.problems:
        if not as_json:
            raise InventoryError(credentials.problems)
        document(check_document(None, credentials.problems, ()))
        raise typer.Exit(1)
    fleet = replace(fleet, notes=(*fleet.notes, *map(str, credentials.warnings)))
    today = datetime.now(UTC).date()
    if as_json:
        document(check_document(fleet, (), expired(fleet, today)))
        return
    for warning in expired_words(fleet, today):
        say(f"warning: {warning}")
    for remark in (*fleet.remarks, *fleet.notes):
        say(f"remark: {remark}")
    sys.stdout.write(
        f"{fleet.shown}: no mistakes. hosts: {len(fleet.hosts):,}, groups: {len(fleet.groups):,}, "
        f"credentials: {len(fleet.credentials):,}, waivers: {len(fleet.waivers):,}\n"
    )


def _to_check(file: Path | None, inventory: list[Path] | None) -> Sources:
    """Find what is to be checked; a program is run where `-i` names it. Raises UsageError, CommandError."""
    if file is None:
        return inventory_sources(inventory)
    if inventory:
        raise UsageError(f"inventories are named by -i and as {file}: name every one by -i, or the one alone")
    return tuple(replace(source, runs=False) for source in inventory_sources([file]))


def _installed(fleet: Fleet) -> None:
    """Raise InventoryError where hosts need Kerberos' packages, and this machine does not have them."""
    from inventory.errors import InventoryError, Problem
    from orchestrator.app.logons import kerberos_missing

    if (lacking := kerberos_missing(fleet.hosts.values())) is not None:
        raise InventoryError([Problem(fleet.shown, 0, lacking)])


@app.command("list")
@handled
def list_(
    inventory: InventoryOption = None,
    limit: LimitOption = None,
    no_match: NoMatchOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """List hosts with their settings resolved."""
    from inventory.sources.load import load_all
    from orchestrator.report.document import inventory_document
    from orchestrator.report.listing import HOST_COLUMNS, host_rows, listing

    fleet = load_all(inventory_sources(inventory))
    hosts = limited(
        fleet, limit or (), no_match or NoMatch.WARN, stdin=selecting_stdin(inventory), on_event=say_note
    )
    if as_json:
        document(inventory_document(fleet, hosts))
    elif draws(table=table):
        draw(listing(HOST_COLUMNS, host_rows(hosts)))
    else:
        lines(host_rows(hosts), HOST_COLUMNS)


@app.command()
@handled
def show(
    host: Annotated[
        str, typer.Argument(metavar="HOST", autocompletion=offers(inventory_names), help="A host's name.")
    ],
    inventory: InventoryOption = None,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value came from.")] = False,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Show one host's settings, and where each came from."""
    from inventory.explain import explain
    from inventory.sources.load import load_all
    from orchestrator.app.names import known_host, unknown_in_inventory
    from orchestrator.report.document import inventory_host_document
    from orchestrator.report.listing import listing

    fleet = load_all(inventory_sources(inventory))
    name = known_host(host, fleet.hosts)
    if name is None:
        raise UsageError(unknown_in_inventory(host, fleet))
    found = fleet.hosts[name]
    if as_json:
        document(inventory_host_document(found))
        return
    columns = ("key", "value", "origin") if origin else ("key", "value")
    rows = [(item.key, item.value, str(item.origin))[: len(columns)] for item in explain(found)]
    if draws(table=table):
        draw(listing(columns, rows))
    else:
        lines(rows, columns)


@app.command()
@handled
def schema() -> None:
    """Print the inventory's JSON Schema, for editors."""
    from inventory.schema.inventory import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")


@app.command()
@handled
def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")] = Path("fleet.yaml"),
) -> None:
    """Write a commented starter inventory to a new file."""
    from inventory.starter import starter

    _write_new(file, starter())
    sys.stdout.write(f"{file} written. Edit it, then: fleetcheck inventory check {shlex.quote(str(file))}\n")


@app.command("import")
@handled
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            readable=False,
            help="An Ansible inventory (YAML, INI, --list JSON, or its folder), CSV, an export; `-`: stdin.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a new file, not to the screen."),
    ] = None,
) -> None:
    """Make an inventory from Ansible's, a CSV file or another program's.

    Passwords are never taken over. What was left out, changed or guessed stands in its head, and is said on
    standard error.
    """
    from inventory.importers import convert
    from inventory.words import plural

    made = convert(file)
    if output is None:
        sys.stdout.write(made.text)
    else:
        _write_new(output, made.text)
    for note in made.notes:
        say(f"note: {note}")
    if output is None:
        return
    head = f", with {plural(len(made.notes), 'note')} at its head" if made.notes else ""
    sys.stdout.write(
        f"{output} written{head}. Look it over, then: fleetcheck inventory check {shlex.quote(str(output))}\n"
    )


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise CommandError(f"{path} is there already and was left alone; name another file") from None
