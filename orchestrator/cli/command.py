"""The command as it was typed, as a value: who asks, where results are kept, and which inventory is meant."""

from __future__ import annotations

import getpass
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.errors import CommandError, UsageError
from orchestrator.cli.config.configured import settings
from orchestrator.cli.console import say

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation


def invocation(
    database: str | None, inventory: Sequence[Path] | None = None, *, wait: str | None = None
) -> Invocation:
    """Make the value that every use case is called with, of `--db`, `-i` and `--wait` as they were given.

    Raises UsageError where `-i` is given twice, SpanError.
    """
    from orchestrator.app.invocation import PATIENCE, Invocation
    from orchestrator.domain.primitives.span import parse_span

    return Invocation(
        command=typed(),
        user=user(),
        database=database,
        inventory=one_inventory(inventory),
        settings=settings(),
        stdin=sys.stdin,
        ask=ask,
        wait=PATIENCE if wait is None else parse_span(wait, "--wait").total_seconds(),
        tell=say,
    )


def typed(argv: Sequence[str] = sys.argv) -> str:
    """Write the command line with every database password as `***`."""
    from orchestrator.app.invocation import without_secrets

    return shlex.join(["fleetcheck", *(without_secrets(word) for word in argv[1:])])


def user() -> str:
    """Name who runs this; the number where the system knows no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


def ask(question: str) -> str:
    """Ask for a secret on the terminal, unseen. Raises SecretError where there is nobody to ask."""
    if not sys.stdin.isatty():
        from orchestrator.app.invocation import nobody

        nobody(question)
    return getpass.getpass(question)


def one_inventory(option: Sequence[Path] | None) -> Path | None:
    """Return the file that `-i` names, None without one. Raises UsageError where it is given twice."""
    if not option:
        return None
    if len(option) > 1:
        named = " ".join(f"-i {shlex.quote(str(path))}" for path in option)
        raise UsageError(f"{named}: expected one inventory; put the hosts of all of them into one file")
    return option[0]


def inventory_path(option: Sequence[Path] | None) -> Path:
    """Find the inventory file.

    Raises CommandError where nothing names one and ./fleet.yaml is not there, UsageError where -i is given
    twice.
    """
    from orchestrator.app.config.inventory import DEFAULT

    path = inventory_at_hand(option)
    if path is DEFAULT and not path.exists():
        raise CommandError(
            "no inventory: there is no fleet.yaml here, and neither -i, FLEETCHECK_INVENTORY nor a "
            "configuration file names one.\n"
            "`fleetcheck inventory init` writes a starter file; `fleetcheck demo` needs none."
        )
    return path


def inventory_at_hand(option: Sequence[Path] | None) -> Path:
    """Name the inventory file, which need not be there. Raises UsageError where -i is given twice."""
    from orchestrator.app.config.inventory import inventory_at_hand as meant

    return one_inventory(option) or meant(settings())
