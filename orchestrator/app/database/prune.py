"""Old results deleted from the database; the latest of every host stays."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestrator.store.prune import Limits, Pruned, PruneReader
from orchestrator.store.prune import prune as delete

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation

__all__ = ["Limits", "Pruned", "prune"]


def prune(invocation: Invocation, limits: Limits, *, now: datetime, dry_run: bool) -> Pruned:
    """Delete what is older than the limits, or only count it (`dry_run`). Raises StoreError.

    Where nothing is stored, nothing is made.
    """
    with PruneReader.open(invocation.url, command=invocation.command, user=invocation.user) as reader:
        if dry_run:
            return reader.count(limits)
    return asyncio.run(_prune(invocation, limits, now))


async def _prune(invocation: Invocation, limits: Limits, now: datetime) -> Pruned:
    """Delete, and say so in the audit: before the first row goes, and what it came to."""
    from orchestrator.report.document import plain
    from orchestrator.store.journal.journal import Journal

    with invocation.writer() as writer:
        journal = Journal(writer)
        await journal.audit(writer.user, "prune", "results", plain(limits), now)
        found = await delete(writer, limits)
        await journal.audit(writer.user, "pruned", "results", plain(found), datetime.now(UTC))
    return found
