"""Runs as the database has them: the list, one put together as a report, and what is left of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestrator.app.errors import UsageError
from orchestrator.app.repin.proof import proven
from orchestrator.app.repin.results import blocked_hosts, exit_code, process_of, results
from orchestrator.domain.repin.journal import TO_BEGIN, UNRESOLVED, State
from orchestrator.domain.repin.operation import RunRecord, RunState
from orchestrator.report.repin.run import Process, RunReport

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.store.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedRun:
    """A run that can be gone on with.

    `open`: hosts whose row has not ended; `left`: never begun, or found as they were.

    `process` and `who` say whether its process is still there; `unproven` why the audit does not prove it.
    """

    run: RunRecord
    plan: Plan
    open: Sequence[str]
    left: Sequence[str]
    process: Process
    who: str
    unproven: str | None


def runs(invocation: Invocation, limit: int) -> tuple[tuple[RunRecord, Process], ...]:
    """Return the newest runs, newest first, each with what is known of its process. Raises StoreError."""
    with invocation.reader() as reader:
        return tuple((run, process(run, reader)[0]) for run in reader.runs(limit))


def run_report(invocation: Invocation, run_id: int) -> RunReport:
    """Put a stored run's report together. Raises UnknownRunError, StoreError."""
    with invocation.reader() as reader:
        run = reader.run(run_id)
        plan = reader.plan(run.plan)
        rows = reader.operations(run_id)
        kept = kept_hosts(reader, plan)
        state, who = process(run, reader)
    found = tuple(results(plan, rows, kept=kept))
    return RunReport(
        run=run,
        results=found,
        code=exit_code(found),
        place=invocation.place,
        process=state,
        who=who,
        warnings=(f"stopped: {run.reason}",) if run.reason else (),
        hints=invocation.hints,
    )


def unfinished(invocation: Invocation, run_id: int) -> UnfinishedRun:
    """Read a run that is to go on.

    Raises UnknownRunError, ChangedError, StoreError, UsageError for a complete one.
    """
    with invocation.reader() as reader:
        unproven = proven(reader, run_id)
        run = reader.run(run_id)
        plan = reader.plan(run.plan)
        found = list(results(plan, reader.operations(run_id)))
        state, who = process(run, reader)
    unresolved = [each.host for each in found if each.state in UNRESOLVED]
    left = [each.host for each in found if each.state in TO_BEGIN]
    if not unresolved and not left and run.ended is not None:
        raise UsageError(f"run {run_id} is complete: `fleetcheck repin status {run_id}` shows it")
    return UnfinishedRun(
        run=run, plan=plan, open=unresolved, left=left, process=state, who=who, unproven=unproven
    )


def process(run: RunRecord, reader: Reader) -> tuple[Process, str]:
    """Look at a run's process; see `process_of`. Raises StoreError."""
    if run.state is not RunState.RUNNING or run.id is None:
        return Process.GONE, ""
    alive = reader.alive(run.id)
    return process_of(run, alive, None if alive is None else reader.writing())


def kept_hosts(reader: Reader, plan: Plan) -> Mapping[str, tuple[str, str]]:
    """Read which of a plan's hosts no run may begin now; see `blocked_hosts`. Raises StoreError."""
    names = [planned.host for planned in plan.hosts]
    unresolved = reader.in_states(State.INTENT, State.SENT, State.UNKNOWN, hosts=names)
    return blocked_hosts(unresolved, reader.handed_out(names), datetime.now(UTC))
