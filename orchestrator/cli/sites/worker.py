"""`fleetcheck worker`: ask a site's hosts for the hub, from inside the site."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.app.errors import UsageError
from orchestrator.cli.command import ask
from orchestrator.cli.config.configured import Commands, taken
from orchestrator.cli.console import lines, say
from orchestrator.cli.errors import handled
from orchestrator.cli.options import TransportOption
from orchestrator.domain.primitives.text import clean
from orchestrator.remote.transport_name import TransportName

app = Commands(name="worker", help="Ask a site's hosts for the hub, from inside.")


@app.callback(invoke_without_command=True)
@handled
def worker(
    context: typer.Context,
    *,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The worker's file, such as berlin.yaml; see `worker init`."),
    ] = None,
    transport: TransportOption = TransportName.NATIVE,  # noqa: ARG001  # read where it may be configured
) -> None:
    """Work for the hub until SIGTERM or Ctrl-C; hosts in flight then finish.

    It dials out to the broker and lets nobody in. What it may do stands in its own file.
    """
    if context.invoked_subcommand is not None:
        return
    if config is None:
        raise UsageError("which site? --config FILE; `fleetcheck worker init` writes one")
    from orchestrator.app.sites.worker import run

    run(config, taken(context)["transport"], ask, _log)


@app.command()
@handled
def init(
    *,
    site: Annotated[str, typer.Option(metavar="SITE", help="The site's name, as the inventory has it.")],
    broker: Annotated[
        str,
        typer.Option(metavar="URL", help="Such as amqps://fc-berlin@hub.corp.example:5671/fleetcheck."),
    ],
    hub: Annotated[
        str | None, typer.Option("--hub-key", metavar="KEY", help="The hub's public key, if it is known.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write it; else SITE.yaml.")
    ] = None,
) -> None:
    """Begin a worker: a commented file, and a key.

    Prints the key's public half, for the hub.
    """
    from orchestrator.app.sites.worker import init as make

    file = config or Path(f"{site}.yaml")
    key, public = make(file, site, broker, hub)
    say(f"{file}: written; put the site's credentials into it")
    say(f"{key}: the site's own key; it never leaves this machine")
    say(f"its public half, for `fleetcheck hub site add {site} --key ...` on the hub:")
    lines([(public,)], ("key",))


def _log(words: str) -> None:
    """Write one line of the worker's log."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    for line in words.splitlines():
        sys.stderr.write(f"{stamp} {clean(line)}\n")
    sys.stderr.flush()
