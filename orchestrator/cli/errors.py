"""The one place where an error becomes words on standard error and an exit code.

CommandError        the command itself failed                         exit 1
  UsageError        what was typed does not fit what there is         exit 2

Other rooms' errors are told apart by their base classes: a selection and an unknown scan are usage (2), inventory, secret and database
are 1. Anything else is a bug of ours: one line, exit 1; `FLEETCHECK_DEBUG=1` shows where.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

from orchestrator.domain.text import clean

FAILED, USAGE, INTERRUPTED = 1, 2, 130
_BROKEN_PIPE = 141  # as a shell reports SIGPIPE

P = ParamSpec("P")
R = TypeVar("R")


class CommandError(Exception):
    """The command cannot do what was asked; the message says what was found and what to do next."""

    exit_code = FAILED


class UsageError(CommandError):
    """What was typed names something that does not exist, or does not go together."""

    exit_code = USAGE


def handled(command: Callable[P, R]) -> Callable[P, R]:
    """Wrap a command so that only `typer.Exit` leaves it, with the words already on standard error."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            result = command(*args, **kwargs)
            sys.stdout.flush()
        except KeyboardInterrupt:
            _complain("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _leave_broken_pipe()
            raise typer.Exit(_BROKEN_PIPE) from None
        except Exception as error:
            if isinstance(error, (typer.Exit, typer.Abort, typer.BadParameter)):
                raise
            raise typer.Exit(explain(error)) from None
        return result

    return run


def explain(error: Exception) -> int:
    """Say on standard error what happened; return the exit code."""
    from inventory.errors import InventoryError, SecretError, SelectionError
    from orchestrator.store.errors import StoreError, UnknownScanError

    if os.environ.get("FLEETCHECK_DEBUG"):
        traceback.print_exception(error)
    match error:
        case CommandError():
            _complain(str(error))
            return error.exit_code
        case SelectionError() | UnknownScanError():
            _complain(str(error))
            return USAGE
        case InventoryError():
            for problem in error.problems:
                sys.stderr.write(clean(str(problem)) + "\n")
            _complain(_count(len(error.problems)))
        case SecretError() | StoreError():
            _complain(str(error))
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            _complain(f"{where}{error.strerror or error}")
        case _:
            from orchestrator.fleet.words import place

            _complain(f"a bug in fleetcheck: {place(error)}; FLEETCHECK_DEBUG=1 shows all of it")
    return FAILED


def _count(problems: int) -> str:
    return "the inventory has 1 mistake" if problems == 1 else f"the inventory has {problems} mistakes"


def _complain(message: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        for line in message.splitlines() or [""]:
            sys.stderr.write(f"fleetcheck: {clean(line)}\n")


def _leave_broken_pipe() -> None:
    """Give standard output a place to flush to, or the interpreter complains at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
