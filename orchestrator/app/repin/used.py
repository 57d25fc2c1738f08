"""A plan is used once per database: what a second use is told, by how the first one stands."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestrator.app.errors import CommandError
from orchestrator.domain.primitives.exit_codes import EXIT_GATE

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.repin.operation import RunRecord
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.report.hints import Hints
    from orchestrator.store.reader import Reader


class UsedError(CommandError):
    """The plan was applied or given away before; the message says how that stands, and what to do instead."""

    exit_code = EXIT_GATE


def check_unused(invocation: Invocation, plan: Plan) -> None:
    """Raise UsedError where this database knows of a use of the plan, StoreError where it cannot say.

    The writer looks again in the transaction that begins a run: this is for the words, and before anybody
    is asked.
    """
    from orchestrator.store.errors import NoDatabaseError

    hints = invocation.hints
    where = f"{hints.inventory}{hints.database}"
    try:
        with invocation.reader() as reader:
            told = _run_words(plan, reader, where) or _given_words(plan, reader, hints)
    except NoDatabaseError:
        return
    if told is not None:
        raise UsedError(
            f"plan {plan.id} was used before, and a plan is used once; nothing was written now\n{told}"
        )


def _run_words(plan: Plan, reader: Reader, where: str) -> str | None:
    """Say how the plan's run stands.

    Old databases have several: one at work counts first, then one left open.
    """
    from orchestrator.app.repin.stored import process as look
    from orchestrator.domain.repin.operation import RunState
    from orchestrator.report.repin.run import Process

    runs = reader.runs_of_plan(plan.id)
    for run in runs:
        process, who = look(run, reader)
        if process is not Process.GONE:
            does = "is at work" if process is Process.THERE else "is in its pause between two waves"
            return f"run {run.id} {does} ({who or run.user})"
    for run in runs:
        if run.state is not RunState.FINISHED:
            how = "was killed" if run.state is RunState.RUNNING else f"was stopped ({run.reason})"
            return f"run {run.id} {how}; to go on with it: fleetcheck repin resume {run.id}{where}"
    return _ended(plan, runs[0], reader, where) if runs else None


def _ended(plan: Plan, run: RunRecord, reader: Reader, where: str) -> str:
    from orchestrator.app.repin.results import results
    from orchestrator.report.repin.states import label
    from orchestrator.report.words import moment

    assert run.id is not None  # noqa: S101  # it came from the database
    counts = Counter(label(found.state) for found in results(plan, reader.operations(run.id)))
    said = ", ".join(f"{count:,} {state}" for state, count in counts.most_common()) or "no host"
    when = "" if run.ended is None else f" on {moment(run.ended)}"
    return (
        f"run {run.id} of it ended{when}: {said}. For what is left make a new plan: fleetcheck repin "
        f"plan{where}"
    )


def _given_words(plan: Plan, reader: Reader, hints: Hints) -> str | None:
    """Say that it was given away as a stand-alone script, which nobody can call back before it expires."""
    from orchestrator.report.words import moment

    if not any(row.run is None for row in reader.operations_of_plan(plan.id)):
        return None
    if datetime.now(UTC) < plan.expires:
        return (
            f"it was given away as a stand-alone script, which may write until {moment(plan.expires)}; "
            f"take its answers in: fleetcheck repin import RESULT.json{hints.database}"
        )
    return (
        f"it was given away as a stand-alone script, which expired on {moment(plan.expires)}. Make a new "
        f"plan: fleetcheck repin plan{hints.inventory}{hints.database}"
    )
