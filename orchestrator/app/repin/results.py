"""A run put together as a report: from the journal, from what just ended, or from both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from orchestrator.domain.execution.tally import first_exit_code
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import RunRecord, RunState, last_rows
from orchestrator.fleet.repin import details
from orchestrator.fleet.repin.summary import FINE, UNPROBED
from orchestrator.report.repin.run import HostResult, Process
from orchestrator.report.words import moment

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.domain.repin.operation import Operation
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.fleet.repin.summary import HostEnd, RepinSummary
    from orchestrator.store.errors import Owner

NONE_BLOCKED: Mapping[str, tuple[str, str]] = MappingProxyType({})


def results(
    plan: Plan,
    operations: Iterable[Operation],
    ends: Iterable[HostEnd] = (),
    *,
    kept: Mapping[str, tuple[str, str]] = NONE_BLOCKED,
) -> Iterator[HostResult]:
    """Yield each planned host's result in the plan's order.

    It is its last row, with what this process knows besides.

    `kept`: hosts that no run may begin now, each with why and what to do, as `blocked_hosts` gives them.
    """
    rows: Mapping[str, Operation] = last_rows(operations)
    told = {end.host: end for end in ends}
    for planned in plan.hosts:
        row, end = rows.get(planned.host), told.get(planned.host)
        result = HostResult(host=planned.host, state=State.NOT_STARTED)
        if row is not None:
            result = replace(
                result,
                state=row.state,
                detail=row.detail,
                wave=row.wave,
                operation=row.id,
                undoes=row.undoes,
                changed=row.changed,
            )
        if end is not None:
            shown = replace(result, advice=end.advice)
            result = shown if row is not None else _ended(shown, end)
        if result.state in {State.NOT_STARTED, None} and planned.host in kept:
            why, advice = kept[planned.host]
            result = replace(result, state=State.NOT_STARTED, detail=why, advice=advice)
        yield result


def blocked_hosts(
    unresolved: Iterable[Operation], handed_out: Mapping[str, Operation], now: datetime
) -> Mapping[str, tuple[str, str]]:
    """Say which hosts no run may begin now, each with why and what to do.

    `unresolved`: rows of earlier writes that have to be read first. `handed_out`: by host, the row of a
    stand-alone script that may still write there.
    """
    from orchestrator.store.journal.errors import InFlightError

    kept = {
        row.host: (str(InFlightError(row.host, row.id or 0, row.run, row.state)), "") for row in unresolved
    }
    given = {
        name: (details.HANDED_OUT, details.HANDED_OUT_ADVICE)
        for name, row in handed_out.items()
        if row.deadline is None or now < row.deadline
    }
    return kept | given


def _ended(result: HostResult, end: HostEnd) -> HostResult:
    """Take all of it from the end: a dry run has no rows."""
    return replace(result, state=end.state, detail=end.detail, wave=end.wave, operation=end.operation)


def exit_code(
    found: Sequence[HostResult], *, interrupted: bool = False, failed: bool = False, gate: bool = False
) -> int:
    """Return the exit code of a run whose hosts stand like this."""
    states = {result.state for result in found} - FINE - {None}
    return first_exit_code(
        interrupted=interrupted and not failed,
        failed=failed,
        gate=gate,
        unprobed=bool(states & UNPROBED),
        attention=bool(states - UNPROBED),
    )


def warnings(summary: RepinSummary) -> Iterator[str]:
    """Say what kept a run from going to its end."""
    if summary.trouble:
        yield f"stopped: {summary.trouble}"
        if summary.unanswered:
            yield f"once it answers again, go on with `fleetcheck repin resume {summary.run}`"
    elif summary.reason:
        yield f"stopped: {summary.reason}; {_in_flight(summary)}"
    for account in summary.given_up:
        yield account.words(f"fleetcheck repin resume {summary.run}" if summary.run is not None else None)
    yield from summary.remarks


def _in_flight(summary: RepinSummary) -> str:
    if not summary.finished_after_stop and not summary.abandoned:
        return "nothing was in flight"
    finished = f"{summary.finished_after_stop:,} in flight finished"
    if summary.failed_after_stop:
        finished += f", {summary.failed_after_stop:,} of them failed"
    return finished + ("; the others were left as they were" if summary.abandoned else "")


def process_of(run: RunRecord, alive: Owner | None, writing: Owner | None) -> tuple[Process, str]:
    """Say what is known of a run's process: whether it is at work, pauses or is gone, and which one it is.

    `alive` is the process that keeps the run, `writing` the one that holds the lock on the database.
    """
    if run.state is not RunState.RUNNING or alive is None:
        return Process.GONE, ""
    works = writing is not None and (writing.pid, writing.host) == (alive.pid, alive.host)
    return Process.THERE if works else Process.PAUSING, _who(alive)


def _who(owner: Owner) -> str:
    since = "" if owner.since is None else f", since {moment(owner.since)}"
    return f"process {owner.pid} on {owner.host}{since}" if owner.pid else ""
