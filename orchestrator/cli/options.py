"""Options that several commands share, each written once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.app.errors import UsageError
from orchestrator.app.select import NoMatch
from orchestrator.cli.completing import inventory_names, offers
from orchestrator.cli.completing import only_words as words_of_only
from orchestrator.cli.console import with_header
from orchestrator.remote.transport_name import TransportName

if TYPE_CHECKING:
    from orchestrator.app.watching import WatchRequest

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_LONGEST = 255  # characters of a label's value

InventoryOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--inventory",
        "-i",
        metavar="FILE",
        readable=False,  # the loader has better words for it
        help="Inventory file, - for standard input; else FLEETCHECK_INVENTORY, else as configured, else "
        "./fleet.yaml. May be repeated.",
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
        help="Database: a SQLite file or a postgresql:// URL; else FLEETCHECK_DB, else as configured, else "
        "the user's state folder.",
    ),
]
LabelOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="With prometheus: a label of every series, which tells fleets apart; else the inventory's "
        "`fleet:`. May be repeated.",
    ),
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="WHAT",
        autocompletion=offers(words_of_only),
        help="Hosts that are not-started, failed, attention, or have a verdict such as blocked. May be "
        "repeated.",
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
NoMatchOption = Annotated[
    NoMatch | None,
    typer.Option(
        "--no-match",
        metavar="WHAT",
        help="Where a glob, ~regex, tag= or site= of --limit takes no host: ok, warn or error. Default: "
        "error where hosts are planned to be written, else warn.",
    ),
]


AskPassOption = Annotated[
    bool,
    typer.Option(
        "--ask-pass",
        help="Ask on the terminal for the password of the credential, once and before the first host, in the "
        "place of the inventory's.",
    ),
]
WaitOption = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Wait so long, such as 30m, for another command that writes to the database. Default: 5s.",
    ),
]
TraceOption = Annotated[
    Path | None,
    typer.Option(
        "--trace",
        metavar="DIR",
        help="Write what is said with each host to a file of its own in DIR, a new or an empty folder: "
        "times, sizes, SOAP actions and HTTP headers; no body, no secret.",
    ),
]
TraceBodiesOption = Annotated[
    bool,
    typer.Option(
        "--trace-bodies",
        help="With --trace: the messages too, decrypted. They hold what the hosts say of themselves, and the "
        "inventory.",
    ),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say each phase of each host as it happens.")
]


def watch_of(trace: Path | None, *, bodies: bool, verbose: bool, quiet: bool) -> WatchRequest:
    """Put together what is asked of a run's watchers. Raises UsageError for `-v` with `--quiet`."""
    from orchestrator.app.watching import WatchRequest

    if verbose and quiet:
        raise UsageError("--verbose says each phase and --quiet says nothing: leave one of them out")
    return WatchRequest(trace=trace, bodies=bodies, phases=verbose)


def hosts_or_limit(hosts: Sequence[str] | None, limit: Sequence[str] | None) -> tuple[str, ...]:
    """Take the hosts that are named without an option for `--limit`.

    Raises UsageError where both are there.
    """
    if hosts and limit:
        raise UsageError(
            f"hosts are named twice, as {hosts[0]!r} and by --limit {limit[0]!r}: write all of them in one "
            "of the two"
        )
    return tuple(hosts or limit or ())


def only_words(words: Iterable[str] | None) -> frozenset[str]:
    """Return the words of every `--only`, commas taken apart. Raises UsageError for one that nobody knows."""
    if not words:
        return frozenset()
    from orchestrator.domain.execution.select_hosts import ChoiceError, parse_only

    try:
        return parse_only(words)
    except ChoiceError as error:
        raise UsageError(str(error)) from None


def labels_of(texts: Iterable[str]) -> dict[str, str]:
    """Read every `--label`. Raises UsageError for what is no label, or one that a metric has already."""
    found: dict[str, str] = {}
    for text in texts:
        from orchestrator.report.exports.prometheus import OWN_LABELS

        name, sign, value = text.partition("=")
        if not sign or not _LABEL.fullmatch(name) or name.startswith("__"):
            raise UsageError(
                f"--label {text!r}: expected NAME=VALUE, such as fleet=emea; a name is a-z, A-Z, 0-9 and _"
            )
        if name in OWN_LABELS:
            raise UsageError(
                f"--label {text!r}: the metrics have a label `{name}` of their own; take another name"
            )
        if name in found:
            raise UsageError(f"--label {text!r}: another --label gives `{name}` already")
        if not value.strip() or not value.isprintable() or len(value) > _LONGEST:
            raise UsageError(
                f"--label {text!r}: expected a value in one line, of {_LONGEST} characters at most"
            )
        found[name] = value
    return found
