"""A run put together as a report: from the journal, from what just ended, or from both."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.domain.journal import State
from orchestrator.domain.operation import RunRecord, RunState
from orchestrator.domain.tally import first_exit_code
from orchestrator.fleet.repin_summary import FINE, UNPROBED
from orchestrator.fleet.undo import last_rows
from orchestrator.report.run import HostResult, Process
from orchestrator.report.words import plural

if TYPE_CHECKING:
    from orchestrator.domain.operation import Operation
    from orchestrator.domain.plan import Plan
    from orchestrator.fleet.repin_summary import HostEnd, RepinSummary
    from orchestrator.fleet.summary import GivenUp
    from orchestrator.store.errors import Owner


def results(
    plan: Plan, operations: Iterable[Operation], ends: Iterable[HostEnd] = ()
) -> Iterator[HostResult]:
    """Yield each planned host's result in the plan's order: its last row, with what this process knows besides."""
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
        yield result


def _ended(result: HostResult, end: HostEnd) -> HostResult:
    """Take all of it from the end: a dry run has no rows."""
    return replace(result, state=end.state, detail=end.detail, wave=end.wave, operation=end.operation)


def code(
    found: Sequence[HostResult], *, interrupted: bool = False, failed: bool = False, gate: bool = False
) -> int:
    """Give the exit code of a run whose hosts stand like this."""
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
    elif summary.reason:
        yield f"stopped: {summary.reason}; {_in_flight(summary)}"
    for account in summary.given_up:
        yield _given_up(account, summary.run)
    yield from summary.remarks


def _in_flight(summary: RepinSummary) -> str:
    if not summary.finished_after_stop and not summary.abandoned:
        return "nothing was in flight"
    finished = f"{summary.finished_after_stop:,} in flight finished"
    if summary.failed_after_stop:
        finished += f", {summary.failed_after_stop:,} of them failed"
    return finished + ("; the others were left as they were" if summary.abandoned else "")


def _given_up(account: GivenUp, run: int | None) -> str:
    by = " and ".join(account.rejected)
    again = f", then `fleetcheck repin resume {run}`" if run is not None else ""
    return (
        f"credential {account.credential} ({account.username}) was rejected by {by} in a row: nothing more was tried "
        f"with it, so that the account is not locked; {plural(len(account.barred), 'host')} not started. "
        f"Put its password right{again}"
    )


def process_of(run: RunRecord, owner: Owner | None) -> Process:
    """Say what is known of a run's process, from who holds the database now."""
    if run.state is not RunState.RUNNING:
        return Process.GONE
    if owner is None:
        return Process.UNSEEN if _pauses(run) else Process.GONE
    words = shlex.split(owner.command) if owner.command else []
    resumes = "resume" in words and str(run.id) in words
    return Process.THERE if resumes or owner.command == run.command else Process.GONE


def _pauses(run: RunRecord) -> bool:
    from orchestrator.cli.repin_request import of_record
    from orchestrator.domain.span import SpanError, parse_span

    try:
        return bool(parse_span(of_record(run.options).pause or "", "--pause"))
    except SpanError:
        return False
