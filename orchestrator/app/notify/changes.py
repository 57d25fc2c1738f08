"""What changed since a time, or in the latest scan, from the database; no host is asked."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from inventory.sources.source import Sources
from orchestrator.app.errors import CommandError
from orchestrator.app.inventory import at_hand
from orchestrator.domain.notices.edges import over
from orchestrator.domain.notices.notice import grouped
from orchestrator.domain.primitives.span import parse_span
from orchestrator.report.notices.changes import ChangesReport

if TYPE_CHECKING:
    from orchestrator.app.events import NoteListener
    from orchestrator.app.invocation import Invocation

LAST = "last"


def changes(
    invocation: Invocation, inventory: Sources, since: str, now: datetime, *, on_event: NoteListener
) -> ChangesReport:
    """Hold every host's verdict now against what it was: `since` is a length of time, or `last`, the latest
    scan.

    With an inventory at hand, its hosts only. Raises SpanError, CommandError where no scan came to its end,
    InventoryError for an inventory that is named and has mistakes, StoreError.
    """
    from orchestrator.store.results.changes import ChangesReader

    then = None if since == LAST else now - parse_span(since, "--since")
    known = at_hand(inventory, required=bool(invocation.inventory), on_event=on_event)
    with ChangesReader.open(invocation.url, command=invocation.command, user=invocation.user) as reader:
        begun = then or reader.latest_scan_began()
        if begun is None:
            raise CommandError("no scan has come to its end yet: --since 7d takes what there is")
        found = list(reader.histories(begun, known.hosts))
    return ChangesReport(
        since=begun,
        now=now,
        hosts=len(found),
        groups=grouped(over(found), names=None),
        asked=since,
        hints=invocation.hints,
    )
