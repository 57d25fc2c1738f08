"""Options that several commands share, each written once."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.completing import inventory_names, offers
from orchestrator.cli.completing import only_words as words_of_only
from orchestrator.cli.console import with_header
from orchestrator.cli.errors import CommandError, UsageError
from orchestrator.remote.transport_name import TransportName

InventoryOption = Annotated[
    list[Path] | None,  # a list, so that a second one is seen and refused
    typer.Option(
        "--inventory",
        "-i",
        metavar="FILE",
        readable=False,  # the loader has better words for it
        help="Inventory file; else FLEETCHECK_INVENTORY, else ./fleet.yaml.",
    ),
]
LimitOption = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        "-l",
        metavar="PATTERN",
        autocompletion=offers(inventory_names),
        help="Hosts to take: names, globs, ~regex, groups, tag=, site=, @file, - for standard input; "
        "':' or ',' joins, ':&' intersects, ':!' leaves out. May be repeated.",
    ),
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="PATH|URL",
        help="Database: a SQLite file or a postgresql:// URL; else FLEETCHECK_DB, else the user's state folder.",
    ),
]
LabelOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="With prometheus: a label of every series, which tells fleets apart; else the inventory's `fleet:`. "
        "May be repeated.",
    ),
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="WHAT",
        autocompletion=offers(words_of_only),
        help="Hosts that are not-started, failed, attention, or have a verdict such as blocked. May be repeated.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document (docs/json.md).")]
TableOption = Annotated[
    bool, typer.Option("--table", help="Draw tables even when the output is not a terminal.")
]
HeaderOption = Annotated[
    bool,
    typer.Option(
        "--header", callback=with_header, help="Begin the lines for a pipe with the columns' names."
    ),
]


TransportOption = Annotated[
    TransportName,
    typer.Option(
        "--transport",
        metavar="NAME",
        help="What speaks WinRM with the hosts: native (our own), or pypsrp.",
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no remarks on the way.")]


def one_inventory(option: Sequence[Path] | None) -> Path | None:
    """Return the file that `-i` names, None without one. Raises UsageError where it is given twice."""
    if not option:
        return None
    if len(option) > 1:
        named = " ".join(f"-i {shlex.quote(str(path))}" for path in option)
        raise UsageError(f"{named}: expected one inventory; put the hosts of all of them into one file")
    return option[0]


def inventory_path(option: Sequence[Path] | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Find the inventory file.

    Raises CommandError where nothing names one and ./fleet.yaml is not there, UsageError where -i is given twice.
    """
    if (given := one_inventory(option)) is not None:
        return given
    if named := environ.get("FLEETCHECK_INVENTORY"):
        return Path(named)
    default = Path("fleet.yaml")
    if not default.exists():
        raise CommandError(
            "no inventory: there is no fleet.yaml here, and neither -i nor FLEETCHECK_INVENTORY names one.\n"
            "`fleetcheck inventory init` writes a starter file; `fleetcheck demo` needs none."
        )
    return default
