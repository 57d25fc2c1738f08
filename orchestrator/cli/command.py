"""The command as it was typed, fit to be stored and shown; and the pieces of it that a next command needs."""

from __future__ import annotations

import getpass
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.report.hints import Hints


def typed(argv: Sequence[str] = sys.argv) -> str:
    """Write the command line with every database password as `***`."""
    return shlex.join(["fleetcheck", *(_hidden(word) for word in argv[1:])])


def user() -> str:
    """Name who runs this; the number where the system knows no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


def hints(*, database: str | None, inventory: Path | None) -> Hints:
    """Make what the suggested commands have to repeat of this one: `--db` and `-i` where they were given."""
    from orchestrator.report.hints import Hints

    return Hints(
        database=f" --db {shlex.quote(_hidden(database))}" if database else "",
        inventory=f" -i {shlex.quote(str(inventory))}" if inventory else "",
    )


def _hidden(word: str) -> str:
    from orchestrator.store.place import as_typed

    option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    return option + equals + as_typed(value)
