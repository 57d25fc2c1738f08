"""The command `fleetcheck`: its commands, put together.

A command's modules are imported where it is typed: the others of them cost a tenth of a small command.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from orchestrator.cli import completion
from orchestrator.cli.completing import VARIABLE
from orchestrator.cli.config.configured import Commands, PlainCommand
from orchestrator.cli.console import prepare_streams
from orchestrator.cli.errors import unprinted
from orchestrator.cli.plainly import PlainGroup
from orchestrator.domain.primitives.exit_codes import EXIT_INTERRUPTED, in_words
from orchestrator.version import VERSION

COMMANDS: Mapping[str, str] = {
    "scan": "scan:scan",
    "doctor": "doctor:doctor",
    "show": "show:show",
    "scans": "show:scans",
    "diff": "diff:diff",
    "report": "report:report",
    "unblock": "unblock:unblock",
    "firewall": "firewall:firewall",
    "export": "export:export",
    "prune": "database.prune:prune",
    "repin": "repin.group:app",
    "audit": "database.audit:app",
    "db": "database.db:app",
    "hub": "sites.hub:app",
    "worker": "sites.worker:app",
    "inventory": "inventory:app",
    "profile": "profile:app",
    "notify": "notify:app",
    "config": "config.group:app",
    "demo": "demo.command:demo",
    "completion": "completion:completion",
}
"""The module below `orchestrator.cli` that has a command or group, and what it is called there."""


def command_line(names: Sequence[str] = tuple(COMMANDS)) -> Commands:
    """Return the command line, with these commands of it."""
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
    app.callback()(_options)
    for name in names:
        where, _, what = COMMANDS[name].partition(":")
        module = importlib.import_module(f"orchestrator.cli.{where}")
        found = getattr(module, what)
        if isinstance(found, typer.Typer):
            app.add_typer(found)
        else:
            cls = _CLASSES[name](module) if name in _CLASSES else None
            app.command(cls=cls)(found)
    return app


_CLASSES: Mapping[str, Callable[[Any], type[TyperCommand]]] = {
    "export": lambda module: module.ExportCommand,
    "demo": lambda _: PlainCommand,
}


@functools.cache
def _whole() -> Commands:
    return command_line()


def __getattr__(name: str) -> Any:
    """Return `app`, the whole command line, made when it is first asked for."""
    if name == "app":
        return _whole()
    raise AttributeError(name)


def _typed() -> Commands:
    """Return the command line that was typed for: one command where it is named first, else all."""
    first = sys.argv[1:2]
    if VARIABLE in os.environ or not COMMANDS.keys() & set(first):
        return _whole()
    return command_line(first)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"fleetcheck {VERSION}\n")
        raise typer.Exit


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
            _typed()(prog_name="fleetcheck")
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
