"""A question before something is written: it shows counts, and takes nothing but a clear yes."""

from __future__ import annotations

import sys

import typer

from orchestrator.app.errors import UsageError
from orchestrator.cli.console import say


def confirmed(statement: str, *, yes: bool) -> None:
    """Go on only where a person types `yes`, or `--yes` stands for it.

    Raises UsageError where there is no terminal to ask on, typer.Exit (0) where the answer is anything else.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"{statement}\nthere is no terminal to confirm this on: --yes goes ahead without asking"
        )
    say(statement)
    sys.stderr.write("Type yes to go on: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() != "yes":
        say("nothing was written")
        raise typer.Exit(0)
