"""The command `fleetcheck`: its groups of commands, put together.

What costs is imported by the command that needs it.
"""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer
from typer.core import TyperCommand

from orchestrator.cli import (
    completion,
    diff,
    doctor,
    export,
    firewall,
    inventory,
    notify,
    profile,
    report,
    scan,
    show,
    unblock,
)
from orchestrator.cli.config import group as config
from orchestrator.cli.config.configured import Commands
from orchestrator.cli.console import prepare_streams
from orchestrator.cli.database import audit, db, prune
from orchestrator.cli.demo import command as demo
from orchestrator.cli.errors import unprinted
from orchestrator.cli.plainly import PlainGroup
from orchestrator.cli.repin import group as repin
from orchestrator.domain.primitives.exit_codes import EXIT_INTERRUPTED, in_words
from orchestrator.version import VERSION

app = Commands(
    name="fleetcheck",
    cls=PlainGroup,
    help="Which port is every backup agent pinned to, which ports connect, and what is connected now.",
    epilog=f"Exit codes of a scan and a re-pin: {in_words()}.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command()(scan.scan)
app.command()(doctor.doctor)
app.command()(show.show)
app.command()(show.scans)
app.command()(diff.diff)
app.command()(report.report)
app.command()(unblock.unblock)
app.command()(firewall.firewall)
app.command(cls=export.ExportCommand)(export.export)
app.command()(prune.prune)
app.add_typer(repin.app)
app.add_typer(audit.app)
app.add_typer(db.app)
app.add_typer(inventory.app)
app.add_typer(profile.app)
app.add_typer(notify.app)
app.add_typer(config.app)
app.command(cls=TyperCommand)(demo.demo)
app.command()(completion.completion)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"fleetcheck {VERSION}\n")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_version, is_eager=True, help="Print the version and leave."
        ),
    ] = False,
) -> None:
    del version  # the callback has done it


def main() -> None:
    """Run the command line; ends by SystemExit with the command's exit code."""
    prepare_streams()
    completion.prepare()
    _stop_as_by_ctrl_c()
    try:
        try:
            app(prog_name="fleetcheck")
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:  # while a command was still being loaded
        raise SystemExit(EXIT_INTERRUPTED) from None
    except BrokenPipeError:
        raise SystemExit(unprinted(None)) from None
    except OSError as error:  # help and version, which no command prints, on a full disk
        raise SystemExit(unprinted(error)) from None


def _stop_as_by_ctrl_c() -> None:
    """Let SIGTERM and SIGHUP end a command as Ctrl-C does,
    before and after the part that hears them itself.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
