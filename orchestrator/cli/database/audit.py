"""`fleetcheck audit ...`: who did what to which host, as a chain that shows every later change."""

from __future__ import annotations

import json
import re
import sys
from typing import Annotated

import typer

from orchestrator.app.errors import UsageError
from orchestrator.cli.command import invocation
from orchestrator.cli.config.configured import Commands
from orchestrator.cli.console import document, lines
from orchestrator.cli.errors import handled
from orchestrator.cli.options import DatabaseOption, HeaderOption, JsonOption
from orchestrator.domain.primitives.exit_codes import EXIT_FAILED

_HASH = re.compile(r"[0-9a-f]{64}")

app = Commands(
    name="audit", help="Prove and export the record of who did what to which host.", no_args_is_help=True
)


@app.command()
@handled
def verify(
    *,
    last: Annotated[
        str | None,
        typer.Option(metavar="HASH", help="A hash noted earlier: it has to stand in the chain."),
    ] = None,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    _header: HeaderOption = False,
) -> None:
    """Check that nothing in the record was changed.

    The chain from its first entry; plans, runs and the journal against it. Exit code 1 where something was.
    """
    from orchestrator.app.database.audit import verify as check
    from orchestrator.report.repin.document import audit_document

    if last is not None and not _HASH.fullmatch(last):
        raise UsageError(
            f"--last: found {last!r}, expected the 64 digits of a hash as `audit verify` prints it"
        )
    asked = invocation(db)
    checked = check(asked, last)
    found, missing = checked.found, checked.missing
    if as_json:
        document(audit_document(found, missing, place=asked.place))
    else:
        state = "whole" if checked.whole else "broken"
        head = ("chain", state), ("entries", found.entries), ("last", found.last)
        broken = (found.broken.found if found.broken else None, missing)
        broke = [("broken", why) for why in broken if why]
        lines([*head, *broke, *(("not covered", name) for name in found.not_covered)], ("record", "value"))
    if not checked.whole:
        raise typer.Exit(EXIT_FAILED)


@app.command()
@handled
def export(
    *,
    after: Annotated[int, typer.Option(min=0, metavar="N", help="Only entries after number N.")] = 0,
    db: DatabaseOption = None,
) -> None:
    """Print the audit, one JSON object a line, oldest first."""
    from orchestrator.app.database.audit import entries
    from orchestrator.domain.repin.audit import document as entry_document

    with entries(invocation(db), after) as found:
        for entry in found:
            sys.stdout.write(json.dumps(entry_document(entry), ensure_ascii=True, sort_keys=True) + "\n")
