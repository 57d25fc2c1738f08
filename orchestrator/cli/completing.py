"""What the shell may offer for a word that is being typed. Nothing here complains: no offer is the worst that happens.

`offers(...)` is what an option takes: for a person who types a command it is None, since looking at each function costs
typer more than all else that `--help` does.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from orchestrator.store.reader import Reader

VARIABLE = "_FLEETCHECK_COMPLETE"
"""Set by a shell that asks."""

_NEWEST = 20  # scans or runs that are offered

Offers = list[tuple[str, str]]
"""Words with what each means; "" where the word says it."""


def offers(offer: Callable[[typer.Context], Offers]) -> Callable[[typer.Context], Offers] | None:
    """Give the function where a shell asks, None where nobody does."""
    return offer if VARIABLE in os.environ else None


def _quietly(offer: Callable[[typer.Context], Offers]) -> Callable[[typer.Context], Offers]:
    """Offer nothing where something fails: a traceback in the middle of a prompt helps nobody."""

    def run(ctx: typer.Context) -> Offers:
        with contextlib.suppress(Exception):
            return offer(ctx)
        return []

    return run


@_quietly
def inventory_names(ctx: typer.Context) -> Offers:
    """Offer the hosts and groups of the inventory that is named, or at hand."""
    from inventory.names import names
    from orchestrator.cli.command import inventory_path

    return [(name, "") for name in names(inventory_path(ctx.params.get("inventory")))]


@_quietly
def stored_hosts(ctx: typer.Context) -> Offers:
    """Offer the hosts that have results."""
    from inventory.names import is_name

    with _reader(ctx) as reader:
        return [(name, "") for name in reader.hosts() if is_name(name)]


@_quietly
def scan_ids(ctx: typer.Context) -> Offers:
    """Offer the newest scans."""
    with _reader(ctx) as reader:
        return [
            (str(scan.id), f"{scan.started:%Y-%m-%d %H.%M} {scan.state} {len(scan.hosts)} hosts")
            for scan in reader.scans(_NEWEST)
        ]


@_quietly
def run_ids(ctx: typer.Context) -> Offers:
    """Offer the newest runs of a re-pin."""
    with _reader(ctx) as reader:
        return [(str(run.id), f"{run.started:%Y-%m-%d %H.%M}") for run in reader.runs(_NEWEST)]


@_quietly
def profile_names(_ctx: typer.Context) -> Offers:
    """Offer the shipped profiles."""
    from inventory.profile import shipped

    return [(name, "") for name in shipped()]


@_quietly
def only_words(_ctx: typer.Context) -> Offers:
    """Offer what `--only` knows."""
    from orchestrator.domain.execution.select_hosts import CHOICES

    return [(str(word), "") for word in CHOICES]


@_quietly
def policies(_ctx: typer.Context) -> Offers:
    """Offer the policies of a re-pin."""
    from orchestrator.domain.repin.policy import WORDS

    return [(word.replace("PORT,...", ""), "") for word in WORDS]


@_quietly
def formats(_ctx: typer.Context) -> Offers:
    """Offer the formats of an export."""
    from orchestrator.report.exports.formats import Format

    return [(str(word), "") for word in Format]


def _reader(ctx: typer.Context) -> AbstractContextManager[Reader]:
    """Open the database where it is there and current; to complete a word nothing is made and nothing is upgraded."""
    from orchestrator.app.stored import current
    from orchestrator.cli.command import invocation

    return current(invocation(ctx.params.get("db")))
