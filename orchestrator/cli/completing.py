"""What the shell may offer for a word that is being typed. Nothing here complains: no offer is the worst that
happens.

`offers(...)` is what an option takes: for a person who types a command it is None, since looking at each
function costs typer more than all else that `--help` does.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

import typer

VARIABLE = "_FLEETCHECK_COMPLETE"
"""Set by a shell that asks."""

Offers = list[tuple[str, str]]
"""Words with what each means; "" where the word says it."""


def offers(offer: Callable[[typer.Context], Offers]) -> Callable[[typer.Context], Offers] | None:
    """Return the function where a shell asks, None where nobody does."""
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
    from inventory.sources.source import STDIN
    from orchestrator.cli.command import inventory_sources

    named = [path for path in ctx.params.get("inventory") or () if path != STDIN]  # a person types there
    found = [name for source in inventory_sources(named) for name in names(source.path)]
    return [(name, "") for name in dict.fromkeys(found)]


@_quietly
def stored_hosts(ctx: typer.Context) -> Offers:
    """Offer the hosts that have results."""
    from inventory.names import is_name
    from orchestrator.app.offers import hosts
    from orchestrator.cli.command import invocation

    return [(name, "") for name in hosts(invocation(ctx.params.get("db"))) if is_name(name)]


@_quietly
def scan_ids(ctx: typer.Context) -> Offers:
    """Offer the newest scans."""
    from inventory.words import plural
    from orchestrator.app.offers import scans
    from orchestrator.cli.command import invocation

    return [
        (str(scan.id), f"{scan.started:%Y-%m-%d %H.%M} {scan.state} {plural(len(scan.hosts), 'host')}")
        for scan in scans(invocation(ctx.params.get("db")))
    ]


@_quietly
def run_ids(ctx: typer.Context) -> Offers:
    """Offer the newest runs of a re-pin."""
    from orchestrator.app.offers import runs
    from orchestrator.cli.command import invocation

    found = runs(invocation(ctx.params.get("db")))
    return [(str(run.id), f"{run.started:%Y-%m-%d %H.%M}") for run in found]


@_quietly
def target_names(_ctx: typer.Context) -> Offers:
    """Offer the targets of notices."""
    from orchestrator.app.notify.targets import configured
    from orchestrator.cli.command import invocation

    return [(name, "") for name in configured(invocation(None))]


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
