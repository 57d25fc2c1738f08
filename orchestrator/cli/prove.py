"""After a scan: what stand-alone scripts had reported of its hosts is proved by what was read."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.store.reader import Reader
    from orchestrator.store.writer import Writer


def prove_reports(reader: Reader, writer: Writer, scan_id: int) -> tuple[str, ...]:
    """End the `reported` rows of hosts that this scan has read; say of each what it came to. Raises StoreError."""
    from orchestrator.domain.repin.journal import State
    from orchestrator.fleet.repin.reported import prove
    from orchestrator.store.journal.journal import Journal

    rows = reader.in_states(State.REPORTED)
    if not rows:
        return ()
    plans = {plan_id: reader.plan(plan_id) for plan_id in {row.plan for row in rows}}
    records = {record.host: record for record in reader.records(scan_id, [row.host for row in rows])}
    ended = asyncio.run(prove(Journal(writer), rows, plans, records, now=datetime.now(UTC)))
    return tuple(
        f"{row.host}: what a stand-alone script reported is {row.state} now: {row.detail}" for row in ended
    )
