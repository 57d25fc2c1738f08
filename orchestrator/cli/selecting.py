"""`--limit` at work: the hosts that it takes, and what becomes of a pattern in it that takes none."""

from __future__ import annotations

import enum
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.console import say
from orchestrator.cli.errors import UsageError

if TYPE_CHECKING:
    from inventory.model import Fleet, Host


class NoMatch(enum.StrEnum):
    """What a pattern that takes no host is: right, worth a warning, or a mistake."""

    OK = "ok"
    WARN = "warn"
    ERROR = "error"


NoMatchOption = Annotated[
    NoMatch | None,
    typer.Option(
        "--no-match",
        envvar="FLEETCHECK_NO_MATCH",
        metavar="WHAT",
        help="Where a glob, ~regex, tag= or site= of --limit takes no host: ok, warn or error. Default: "
        "error where hosts are planned to be written, else warn.",
    ),
]


def limited(
    fleet: Fleet, limit: Sequence[str], no_match: NoMatch = NoMatch.ERROR, *, quiet: bool = False
) -> tuple[Host, ...]:
    """Choose the hosts of `--limit`; a warning goes to standard error unless `quiet`.

    Raises SelectionError, and UsageError for patterns that take nothing where `no_match` makes them a mistake.
    """
    from inventory.select import select

    nothing: list[str] = []
    hosts = select(fleet, limit, stdin=sys.stdin, unmatched=nothing.append)
    if nothing and no_match is NoMatch.ERROR:
        allow = "where that is meant: --no-match ok"
        raise UsageError("\n".join([*nothing, allow]))
    if no_match is NoMatch.WARN and not quiet:
        for sentence in nothing:
            say(f"warning: {sentence}")
    return hosts
