"""`fleetcheck prune`: delete what is old from the database; no host is asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.command import typed, user
from orchestrator.cli.errors import UsageError, handled
from orchestrator.cli.options import DatabaseOption

if TYPE_CHECKING:
    from orchestrator.store.prune import Limits, Pruned

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
    db: DatabaseOption = None,
) -> None:
    """Delete old results; the latest of every host stays."""
    import asyncio

    from orchestrator.domain.primitives.span import parse_span

    if attempts is None and results is None:
        raise UsageError("nothing to delete: say how old, such as --attempts 30d --results 400d")
    now = datetime.now(UTC)
    from orchestrator.store.place import database_url
    from orchestrator.store.prune import Limits, PruneReader

    limits = Limits(
        attempts=None if attempts is None else now - parse_span(attempts, "--attempts", least=_LEAST),
        results=None if results is None else now - parse_span(results, "--results", least=_LEAST),
    )
    url = database_url(db, os.environ)
    with PruneReader.open(
        url, command=typed(), user=user()
    ) as reader:  # where nothing is stored, nothing is made
        if dry_run:
            _say(reader.count(limits), limits, "would be deleted")
            return
    _say(asyncio.run(_prune(url, limits, now)), limits, "deleted")


async def _prune(url: str, limits: Limits, now: datetime) -> Pruned:
    """Delete, and say so in the audit: before the first row goes, and what it came to."""
    from orchestrator.report.document import plain
    from orchestrator.store.journal.journal import Journal
    from orchestrator.store.prune import prune as delete
    from orchestrator.store.writer import Writer

    with Writer.open(url, command=typed(), user=user()) as writer:
        journal = Journal(writer)
        await journal.audit(writer.user, "prune", "results", plain(limits), now)
        found = await delete(writer, limits)
        await journal.audit(writer.user, "pruned", "results", plain(found), datetime.now(UTC))
    return found


def _say(found: Pruned, limits: Limits, done: str) -> None:
    for line in _lines(found, limits, done):
        typer.echo(line)


def _lines(found: Pruned, limits: Limits, done: str) -> Iterator[str]:
    from orchestrator.report.words import moment, plural

    if limits.results is not None:
        yield f"{plural(found.results, 'result')} and {plural(found.scans, 'scan')} from before {moment(limits.results)}: {done}"
        yield f"{plural(found.kept, 'result')} from before then: kept, the latest of a host"
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
