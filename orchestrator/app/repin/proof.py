"""What is proved: a stored run by the audit, a stand-alone script's report by a scan.

Before anything is done on the word of either.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestrator.app.errors import CommandError
from orchestrator.domain.primitives.exit_codes import EXIT_GATE

if TYPE_CHECKING:
    from orchestrator.domain.repin.operation import Operation
    from orchestrator.store.reader import Reader
    from orchestrator.store.writer import Writer


class ChangedError(CommandError):
    """What is stored of a run is not what was written, or the audit that would prove it is broken."""

    exit_code = EXIT_GATE


def proven(reader: Reader, run_id: int) -> str | None:
    """Hold a run, its plan and its rows against the audit; return a warning for what it does not cover yet.

    Raises ChangedError where something was changed, UnknownRunError.
    """
    found = reader.prove(run_id)
    if found.broken is not None:
        raise ChangedError(
            f"run {run_id} cannot be trusted: {found.broken.found}. Nothing is done on its word: "
            "`fleetcheck audit verify` shows the whole; restore a copy of the database, or plan again."
        )
    if not found.not_covered:
        return None
    return (
        f"run {run_id} was stored before the audit covered plans and runs ({', '.join(found.not_covered)}): "
        "nothing proves that they are what was written"
    )


def prove_reports(rows: Sequence[Operation], reader: Reader, writer: Writer, scan_id: int) -> tuple[str, ...]:
    """End, after a scan, the `reported` rows of hosts that it has read; say of each what it came to.

    Raises StoreError.
    """
    from orchestrator.fleet.repin.reported import prove
    from orchestrator.store.journal.journal import Journal

    plans = {plan_id: reader.plan(plan_id) for plan_id in {row.plan for row in rows}}
    records = {record.host: record for record in reader.records(scan_id, [row.host for row in rows])}
    ended = asyncio.run(prove(Journal(writer), rows, plans, records, now=datetime.now(UTC)))
    return tuple(
        f"{row.host}: what a stand-alone script reported is {row.state} now: {row.detail}" for row in ended
    )
