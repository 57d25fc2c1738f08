"""`fleetcheck audit ...`: who did what to which host, as a chain that shows every later change."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated

import typer

from orchestrator.cli.console import document, lines
from orchestrator.cli.errors import FAILED, handled
from orchestrator.cli.options import DatabaseOption, HeaderOption, JsonOption

app = typer.Typer(
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
    from orchestrator.report.repin.document import audit_document
    from orchestrator.store.place import database_url, parse
    from orchestrator.store.reader import Reader

    url = database_url(db, os.environ)
    with Reader.open(url) as reader:
        found = reader.verify_audit()
        known = None if last is None else any(entry.hash == last for entry in reader.audit())
    missing = f"no entry has the hash {last}: the chain was cut off or begun anew" if known is False else None
    if as_json:
        document(audit_document(found, missing, place=parse(url).shown))
    else:
        whole = not found.broken and not missing
        head = ("chain", "whole" if whole else "broken"), ("entries", found.entries), ("last", found.last)
        broken = (found.broken.found if found.broken else None, missing)
        broke = [("broken", why) for why in broken if why]
        lines([*head, *broke, *(("not covered", name) for name in found.not_covered)], ("record", "value"))
    if found.broken or missing:
        raise typer.Exit(FAILED)


@app.command()
@handled
def export(
    *,
    after: Annotated[int, typer.Option(min=0, metavar="N", help="Only entries after number N.")] = 0,
    db: DatabaseOption = None,
) -> None:
    """Print the audit, one JSON object a line, oldest first."""
    from orchestrator.domain.repin.audit import document as entry_document
    from orchestrator.store.place import database_url
    from orchestrator.store.reader import Reader

    with Reader.open(database_url(db, os.environ)) as reader:
        for entry in reader.audit(after):
            sys.stdout.write(json.dumps(entry_document(entry), ensure_ascii=True, sort_keys=True) + "\n")
