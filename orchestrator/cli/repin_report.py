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
from orchestrator.report.words import moment, plural

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.domain.repin.operation import Operation
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.fleet.repin.summary import HostEnd, RepinSummary
    from orchestrator.fleet.summary import GivenUp
    from orchestrator.store.errors import Owner
    from orchestrator.store.reader import Reader

NOBODY: Mapping[str, tuple[str, str]] = MappingProxyType({})


def results(
    plan: Plan,
    operations: Iterable[Operation],
    ends: Iterable[HostEnd] = (),
    *,
    kept: Mapping[str, tuple[str, str]] = NOBODY,
) -> Iterator[HostResult]:
    """Yield each planned host's result in the plan's order: its last row, with what this process knows besides.

    `kept`: hosts that no run may begin now, each with why and what to do, as `kept_back` gives them.
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


def kept_back(reader: Reader, plan: Plan, now: datetime) -> Mapping[str, tuple[str, str]]:
    """Say which of a plan's hosts no run may begin now, each with why and what to do.

    A stand-alone script may still write there, or an earlier write has to be read first.
    """
    from orchestrator.store.errors import InFlightError

    names = [planned.host for planned in plan.hosts]
    kept = {
        row.host: (str(InFlightError(row.host, row.id or 0, row.run, row.state)), "")
        for row in reader.in_states(State.INTENT, State.SENT, State.UNKNOWN, hosts=names)
    }
    given = {
        name: (details.HANDED_OUT, details.HANDED_OUT_ADVICE)
        for name, row in reader.handed_out(names).items()
        if row.deadline is None or now < row.deadline
    }
    return kept | given


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
    again = f", then `fleetcheck repin resume {run}`" if run is not None else ""
    return (
        f"{account.why}: nothing more was tried with it, so that the account is not locked; {plural(len(account.barred), 'host')} not started. "
        f"Put its password right{again}"
    )


def process_of(run: RunRecord, reader: Reader) -> tuple[Process, str]:
    """Say what is known of a run's process: whether it is at work, pauses or is gone, and which one it is."""
    if run.state is not RunState.RUNNING or run.id is None:
        return Process.GONE, ""
    alive = reader.alive(run.id)
    if alive is None:
        return Process.GONE, ""
    writing = reader.writing()
    works = writing is not None and (writing.pid, writing.host) == (alive.pid, alive.host)
    return Process.THERE if works else Process.PAUSING, _who(alive)


def _who(owner: Owner) -> str:
    since = "" if owner.since is None else f", since {moment(owner.since)}"
    return f"process {owner.pid} on {owner.host}{since}" if owner.pid else ""
