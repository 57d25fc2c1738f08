"""`fleetcheck hub ...`: the broker and the sites that hosts are handed out to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.command import invocation
from orchestrator.cli.config.configured import Commands
from orchestrator.cli.console import document, draw, draws, lines, say
from orchestrator.cli.errors import handled
from orchestrator.cli.options import DatabaseOption, HeaderOption, JsonOption, TableOption
from orchestrator.domain.primitives.exit_codes import EXIT_ATTENTION, EXIT_FAILED

if TYPE_CHECKING:
    from orchestrator.app.sites.lines import Line
    from orchestrator.app.sites.setup import SiteMade

app = Commands(
    name="hub", help="Sites that only dial out: set them up, see how they stand.", no_args_is_help=True
)
site = Commands(name="site", help="Sites that the hub hands hosts out to.", no_args_is_help=True)
app.add_typer(site)

HubOption = Annotated[
    Path | None,
    typer.Option(
        "--hub",
        metavar="DIR",
        help="The hub's folder; else FLEETCHECK_HUB, else in the user's state folder.",
    ),
]
RunOption = Annotated[
    bool, typer.Option("--run", help="Run the lines for the broker too: as root on its machine.")
]
SiteArgument = Annotated[
    str, typer.Argument(metavar="SITE", help="The site's name, as `site:` in the inventory has it.")
]
KeyOption = Annotated[
    str, typer.Option("--key", metavar="KEY", help="The site's public key, as `worker init` printed it.")
]


@app.command()
@handled
def init(
    *,
    broker: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Such as amqps://fleetcheck@hub.corp.example:5671/fleetcheck."),
    ] = None,
    hub: HubOption = None,
    run: RunOption = False,
    db: DatabaseOption = None,
) -> None:
    """Begin a hub, or check one.

    Its folder, the database, the broker and its queues. Prints the rabbitmqctl lines that make vhost and
    user. Type it again once they were run.
    """
    from orchestrator.app.sites.place import folder
    from orchestrator.app.sites.setup import init as make

    made = make(invocation(db), folder(hub), broker, run=run)
    say(f"{made.folder}: {'made, with a key of its own' if made.fresh else 'is there'}")
    say(f"database {made.database}: ready")
    _finish(made.lines, made.trouble, ran=run)
    sites = ", ".join(made.sites) or "none yet: `fleetcheck hub site add NAME --key KEY`"
    say(f"the broker is ready; sites: {sites}")


@site.command()
@handled
def add(
    name: SiteArgument,
    *,
    key: KeyOption,
    hub: HubOption = None,
    run: RunOption = False,
    db: DatabaseOption = None,
) -> None:
    """Add a site: its queues, its user and its key.

    Prints the rabbitmqctl lines for its rights, and the hub's own key for the worker's file.
    """
    from orchestrator.app.sites.place import folder
    from orchestrator.app.sites.setup import add as add_site

    made = add_site(invocation(db), folder(hub), name, key, run=run)
    _carry(made)
    _finish(made.lines, made.trouble, ran=run)


@site.command()
@handled
def rotate(name: SiteArgument, *, key: KeyOption, hub: HubOption = None, db: DatabaseOption = None) -> None:
    """Take a site's new key; its old one counts no more."""
    from orchestrator.app.sites.place import folder
    from orchestrator.app.sites.setup import rotate as change

    change(invocation(db), folder(hub), name, key)
    say(f"site {name}: its new key counts from now on; start its worker with it")


@site.command()
@handled
def remove(
    name: SiteArgument, *, hub: HubOption = None, run: RunOption = False, db: DatabaseOption = None
) -> None:
    """Remove a site; its hosts are asked from here then.

    Its key goes from here, and its queues with what waits in them from the broker.
    """
    from orchestrator.app.sites.place import folder
    from orchestrator.app.sites.setup import remove as remove_site

    made = remove_site(invocation(db), folder(hub), name, run=run)
    say(f"site {name}: removed here")
    for words in made.remarks:
        say(f"at the broker: {words}")
    _finish(made.lines, made.trouble, ran=run)


@app.command()
@handled
def status(
    *,
    hub: HubOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Show the sites: alive or silent, what waits.

    Exit code 3 where one is silent, or its worker is of another version and gets no hosts.
    """
    from orchestrator.app.sites.place import folder
    from orchestrator.app.sites.status import status as look
    from orchestrator.report.listing import listing
    from orchestrator.report.operation.sites import STATUS_COLUMNS, status_document, status_rows, status_words

    found = look(invocation(None), folder(hub))
    if as_json:
        document(status_document(found))
    elif draws(table=table):
        draw(listing(STATUS_COLUMNS, status_rows(found)))
    else:
        lines(status_rows(found), STATUS_COLUMNS)
    if not as_json:
        for words in status_words(found):
            say(words)
    if not all(each.alive and each.fits for each in found.sites):
        raise typer.Exit(EXIT_ATTENTION)


def _carry(made: SiteMade) -> None:
    there = "is there already with this key; what was missing is made"
    say(f"site {made.site}: {'added' if made.fresh else there}")
    say(f"carry {made.secret} to the site (its worker's broker_password), then delete it here")
    say("the hub's key, for `hub:` in the worker's file:")
    lines([(made.hub_key,)], ("hub",))


def _finish(commands: tuple[Line, ...], trouble: str | None, *, ran: bool) -> None:
    """Print what is to be typed at the broker's machine, and why it is not ready yet. Raises Exit then."""
    if commands and not ran:
        say("on the broker's machine, as root (once; --run types them here):")
        for command in commands:
            say(f"  {command}")
        if any(command.instead for command in commands):
            say("where the user is there already: `change_password` in the place of `add_user`")
    if trouble is not None:
        say(f"not ready yet: {trouble}")
        raise typer.Exit(EXIT_FAILED)
