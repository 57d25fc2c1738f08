"""The command as it was typed, as a value: who asks, where results are kept, and which inventory is meant."""

from __future__ import annotations

import getpass
import io
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from orchestrator.app.errors import CommandError, UsageError
from orchestrator.cli.config.configured import settings
from orchestrator.cli.console import say

if TYPE_CHECKING:
    from inventory.sources.source import Sources
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
        inventory=tuple(inventory or ()),
        settings=settings(),
        stdin=selecting_stdin(inventory),
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


def inventory_sources(option: Sequence[Path] | None, *, stdin: bool = True) -> Sources:
    """Find the inventory: the files of `-i`, else what is configured, else ./fleet.yaml.

    `stdin=False`: standard input is kept for an answer, and `-i -` is refused. Raises CommandError where
    nothing names an inventory and ./fleet.yaml is not there, UsageError.
    """
    from orchestrator.app.config.inventory import DEFAULT

    sources = inventory_at_hand(option, stdin=stdin)
    if sources[0].path is DEFAULT and not DEFAULT.exists():
        raise CommandError(
            "no inventory: there is no fleet.yaml here, and neither -i, FLEETCHECK_INVENTORY nor a "
            "configuration file names one.\n"
            "`fleetcheck inventory init` writes a starter file; `fleetcheck demo` needs none."
        )
    return sources


def inventory_at_hand(option: Sequence[Path] | None, *, stdin: bool = True) -> Sources:
    """Name the inventory, which need not be there. Raises UsageError as `inventory_sources`."""
    from inventory.sources.source import STDIN, Source
    from orchestrator.app.config.inventory import sources_at_hand

    if not option:
        return sources_at_hand(settings())
    if STDIN in option and not stdin:
        raise UsageError(
            "-i -: this command asks on standard input; name the inventory by a file, or add --yes"
        )
    if list(option).count(STDIN) > 1:
        raise UsageError("-i - is there twice, and standard input can be read once")
    return tuple(Source(path, _read_stdin() if path == STDIN else None, runs=True) for path in option)


def _read_stdin() -> bytes:
    """Read an inventory from standard input, and a little more than may be."""
    from inventory.files.textfile import LIMIT

    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:  # a text of a test
        return sys.stdin.read().encode()
    data: bytes = stream.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise UsageError(f"-i -: more than {LIMIT // 1024 // 1024} MB, and that is no inventory")
    return data


def selecting_stdin(option: Sequence[Path] | None) -> TextIO:
    """Return what `-` in a selection reads; where `-i -` has read it, saying so is all that it does."""
    from inventory.sources.source import STDIN

    return _Spent() if option and STDIN in option else sys.stdin


class _Spent(io.StringIO):
    """Standard input after `-i -`."""

    def read(self, _size: int | None = -1, /) -> str:
        """Raise ValueError: it was read."""
        raise ValueError("`-i -` has read it; name the hosts in a file, by @FILE")
