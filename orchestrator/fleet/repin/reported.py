"""Prove by a scan what a stand-alone script reported: the reading decides, not the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from orchestrator.domain.outcome import Probed
from orchestrator.domain.record import HostRecord
from orchestrator.domain.repin.guard import conclude
from orchestrator.domain.repin.operation import Operation
from orchestrator.domain.repin.plan import Plan, PlannedHost
from orchestrator.fleet.repin.run_journal import RunJournal


async def prove(
    journal: RunJournal,
    rows: Iterable[Operation],
    plans: Mapping[str, Plan],
    records: Mapping[str, HostRecord],
    *,
    now: datetime,
) -> tuple[Operation, ...]:
    """End each `reported` row whose host has been read since, and return those rows. Raise StoreError.

    `plans` by id, `records` by host. A host that was not read, or before its report, stays `reported`.
    """
    ended = []
    for row in rows:
        record, change = records.get(row.host), _change(plans.get(row.plan), row.host)
        if record is None or change is None or not isinstance(record.outcome, Probed):
            continue
        if record.outcome.trace.started > row.changed:
            ruling = conclude(change, record.outcome.reading)
            ended.append(await journal.move(row, ruling.state, changed=now, detail=ruling.reason))
    return tuple(ended)


def _change(plan: Plan | None, host: str) -> PlannedHost | None:
    return None if plan is None else next((each for each in plan.hosts if each.host == host), None)
