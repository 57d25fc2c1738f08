"""`fleetcheck prune`: delete what is old from the database; no host is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.app.errors import UsageError
from orchestrator.cli.command import invocation
from orchestrator.cli.errors import handled
from orchestrator.cli.options import DatabaseOption, WaitOption

if TYPE_CHECKING:
    from orchestrator.app.database.prune import Limits, Pruned

_LEAST = timedelta(days=1)


@handled
def prune(
    *,
    attempts: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Delete the connects of results older than this, such as 30d."),
    ] = None,
    results: Annotated[
        str | None, typer.Option(metavar="TIME", help="Delete results older than this whole, such as 400d.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and delete nothing.")
    ] = False,
    wait: WaitOption = None,
    db: DatabaseOption = None,
) -> None:
    """Delete old results; the latest of every host stays."""
    from orchestrator.app.database.prune import Limits
    from orchestrator.app.database.prune import prune as delete
    from orchestrator.domain.primitives.span import parse_span

    if attempts is None and results is None:
        raise UsageError("nothing to delete: say how old, such as --attempts 30d --results 400d")
    now = datetime.now(UTC)
    limits = Limits(
        attempts=None if attempts is None else now - parse_span(attempts, "--attempts", least=_LEAST),
        results=None if results is None else now - parse_span(results, "--results", least=_LEAST),
    )
    found = delete(invocation(db, wait=wait), limits, now=now, dry_run=dry_run)
    _say(found, limits, "would be deleted" if dry_run else "deleted")


def _say(found: Pruned, limits: Limits, done: str) -> None:
    for line in _lines(found, limits, done):
        typer.echo(line)


def _lines(found: Pruned, limits: Limits, done: str) -> Iterator[str]:
    from inventory.words import plural
    from orchestrator.report.words import moment

    if limits.results is not None:
        yield (
            f"{plural(found.results, 'result')} and {plural(found.scans, 'scan')} from before "
            f"{moment(limits.results)}: {done}"
        )
        yield f"{plural(found.kept, 'result')} from before then: kept, the latest of a host"
        if found.notices:
            yield f"{plural(found.notices, 'notice')} that were sent before then: {done}"
    of = f" of results from before {moment(limits.attempts)}" if limits.attempts else ""
    both = (
        " and of deleted ones"
        if limits.attempts and limits.results
        else " of these"
        if limits.results
        else ""
    )
    yield f"{plural(found.attempts, 'connect')}{of}{both}: {done}"
    if found.documents is not None:
        yield f"{plural(found.documents, 'document')} that nothing refers to any more: {done}"
