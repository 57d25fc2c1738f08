"""The command as it was typed, as a value: who asks, where results are kept, and which inventory is meant."""

from __future__ import annotations

import getpass
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.errors import CommandError

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation

_INVENTORY = "FLEETCHECK_INVENTORY"
_DEFAULT = Path("fleet.yaml")


def invocation(database: str | None, inventory: Path | None = None) -> Invocation:
    """Make the value that every use case is called with, of `--db` and `-i` as they were given."""
    from orchestrator.app.invocation import Invocation

    return Invocation(
        command=typed(),
        user=user(),
        database=database,
        inventory=inventory,
        stdin=sys.stdin,
        ask=ask,
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


def inventory_path(option: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Find the inventory file. Raises CommandError where nothing names one and ./fleet.yaml is not there."""
    path = inventory_at_hand(option, environ)
    if path is _DEFAULT and not path.exists():
        raise CommandError(
            "no inventory: there is no fleet.yaml here, and neither -i nor FLEETCHECK_INVENTORY names one.\n"
            "`fleetcheck inventory init` writes a starter file; `fleetcheck demo` needs none."
        )
    return path


def inventory_at_hand(option: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Name the inventory file, which need not be there."""
    named = environ.get(_INVENTORY)
    return option or (Path(named) if named else _DEFAULT)
