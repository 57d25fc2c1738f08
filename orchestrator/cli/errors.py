"""The one place where an error becomes words on standard error and an exit code.

Every room's errors are FleetcheckError, and say themselves what a command ends with. Anything else is a bug
of ours: one line, exit 1; `FLEETCHECK_DEBUG=1` shows where.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

import typer

from inventory.errors import FleetcheckError, InventoryError
from orchestrator.cli.console import fitted
from orchestrator.domain.primitives.exit_codes import EXIT_FAILED, EXIT_INTERRUPTED
from orchestrator.domain.primitives.text import clean

_BROKEN_PIPE = 141  # as a shell reports SIGPIPE
_SET_IN = re.compile(r"\n(?=  )")  # our own lists; any other end of a line came with what is quoted

P = ParamSpec("P")
R = TypeVar("R")


def handled(command: Callable[P, R]) -> Callable[P, R]:
    """Wrap a command so that only `typer.Exit` leaves it, with the words already on standard error."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            result = command(*args, **kwargs)
            sys.stdout.flush()
        except KeyboardInterrupt:
            _complain("interrupted")
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except BrokenPipeError:
            raise typer.Exit(unprinted(None)) from None
        except Exception as error:
            if isinstance(error, (typer.Exit, typer.Abort, typer.BadParameter)):
                raise
            raise typer.Exit(unprinted(error)) from None
        return result

    return run


def explain(error: Exception) -> int:
    """Say on standard error what happened; return the exit code."""
    if isinstance(error, InventoryError):
        for problem in error.problems:
            _write(map(clean, _SET_IN.split(str(problem))))
    code, message = told(error)
    _complain(message)
    return code


def told(error: Exception) -> tuple[int, str]:
    """Return the exit code of an error, and what a person is told about it; to who debugs,
    all of it at once.
    """
    if os.environ.get("FLEETCHECK_DEBUG"):
        traceback.print_exception(error)
    from orchestrator.app.approval.errors import ApprovalError  # like the rest here: `--help` needs none

    match error:
        case InventoryError():
            return error.exit_code, _count(len(error.problems))
        case ApprovalError():
            first, end, more = str(error).partition("\n")
            return error.exit_code, f"{first}; nothing was written{end}{more}"
        case FleetcheckError():
            return error.exit_code, str(error)
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return EXIT_FAILED, f"{where}{error.strerror or error}"
    from orchestrator.fleet.words import place

    return EXIT_FAILED, f"a bug in fleetcheck: {place(error)}; FLEETCHECK_DEBUG=1 shows all of it"


def _count(problems: int) -> str:
    from inventory.words import plural

    return plural(problems, "mistake, named above", "mistakes, named above")


def _complain(message: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        _write(map(clean, message.splitlines() or [""]), before="fleetcheck: ")


def _write(lines: Iterable[str], before: str = "") -> None:
    for line in lines:
        whole = f"{before}{line}"
        said = [whole] if line.startswith("  ") else fitted([whole])  # what is set in is to be pasted
        sys.stderr.writelines(f"{each}\n" for each in said)


def unprinted(error: Exception | None) -> int:
    """Explain an error that may have come from printing; None is a pipe whose reader left. Return the exit
    code.

    Where standard output takes no more, what it still holds is let go, or the interpreter complains at its
    exit.
    """
    code = _BROKEN_PIPE if error is None else explain(error)
    try:
        sys.stdout.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    return code
