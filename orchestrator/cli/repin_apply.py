"""`fleetcheck repin apply` and `resume`: write what a plan says, wave after wave; go on after a stop or a crash."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from orchestrator.cli import repin_options as options
from orchestrator.cli.command import typed, user
from orchestrator.cli.confirm import confirmed
from orchestrator.cli.errors import UsageError, handled
from orchestrator.cli.options import (
    DatabaseOption,
    InventoryOption,
    JsonOption,
    QuietOption,
    TableOption,
    TransportName,
    TransportOption,
    inventory_path,
)
from orchestrator.cli.repin_plan import read_plan
from orchestrator.cli.scan_options import Jobs, PerSite, RampUp
from orchestrator.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orchestrator.cli.repin_request import Wishes
    from orchestrator.cli.run_repin import Work
    from orchestrator.domain.operation import RunRecord
    from orchestrator.domain.plan import Plan
    from orchestrator.fleet.repin_options import RepinOptions
    from orchestrator.report.run import Process

_WAVES_SHOWN = 6
_STILL = {
    "there": "it is still running: going on here has to wait for that process",
    "pausing": "it is in the pause between two waves: going on here takes it over from that process",
}


@handled
def apply(  # noqa: PLR0913  # a command line has as many parameters as it has options
    plan: options.PlanFile,
    *,
    inventory: InventoryOption = None,
    batch: options.Batch = None,
    pause: options.Pause = None,
    max_failed: options.MaxFailed = None,
    max_conflicts: options.MaxConflicts = None,
    wait_live: options.WaitLive = None,
    revert_if_not_live: options.RevertIfNotLive = False,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    jobs: Jobs = 64,
    transport: TransportOption = TransportName.NATIVE,
    per_site: PerSite = 0,
    ramp_up: RampUp = 200,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write what a plan says, and nothing else.

    Every host is read afresh first, and again afterwards.
    """
    from inventory.load import load
    from orchestrator.cli.repin_request import DEFAULTS, Wishes, options_of
    from orchestrator.cli.run_repin import Work

    read = read_plan(plan)
    wishes = Wishes(
        batch=batch,
        pause=pause,
        max_failed=max_failed,
        max_conflicts=max_conflicts,
        wait_live=wait_live,
        revert_if_not_live=revert_if_not_live,
        jobs=jobs,
        per_site=per_site,
        ramp_up=ramp_up,
    ).over(DEFAULTS)
    work = Work(
        plan=read,
        fleet=load(inventory_path(inventory)),
        record=new_record(read, wishes),
        options=options_of(wishes, len(read.hosts), dry_run=dry_run),
        database=db,
        inventory=inventory,
        file=plan,
        quiet=quiet,
        transport=transport.value,
    )
    _hold(work)
    if not dry_run:
        confirmed(statement(read, work.options), yes=yes)
        _hold(work)  # a plan may expire while somebody thinks
    _run(work, as_json=as_json, table=table)


@handled
def resume(  # noqa: PLR0913  # a command line has as many parameters as it has options
    run: options.Run,
    *,
    inventory: InventoryOption = None,
    batch: options.Batch = None,
    pause: options.Pause = None,
    max_failed: options.MaxFailed = None,
    max_conflicts: options.MaxConflicts = None,
    yes: options.Yes = False,
    transport: TransportOption = TransportName.NATIVE,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    quiet: QuietOption = False,
) -> None:
    """Go on with a run that was stopped or killed.

    Reads what was left open, then writes what was not begun. Options not given stay as they were.
    """
    from inventory.load import load
    from orchestrator.cli.repin_request import Wishes, of_record, options_of
    from orchestrator.cli.run_repin import Work

    found = _stored(run, db)
    wishes = Wishes(batch=batch, pause=pause, max_failed=max_failed, max_conflicts=max_conflicts)
    whole = wishes.over(of_record(found.run.options))
    work = Work(
        plan=found.plan,
        fleet=load(inventory_path(inventory)),
        record=found.run,
        options=options_of(whole, len(found.plan.hosts), dry_run=False),
        database=db,
        inventory=inventory,
        quiet=quiet,
        transport=transport.value,
    )
    confirmed(_to_resume(found, work.options), yes=yes)
    _run(work, as_json=as_json, table=table)


@dataclass(frozen=True, slots=True)
class _Found:
    """A run as it is stored."""

    run: RunRecord
    plan: Plan
    open: Sequence[str]  # hosts whose row has not ended
    left: Sequence[str]  # hosts never begun, or found as they were
    process: Process
    who: str
    unproven: str | None  # why the audit does not prove it


def new_record(plan: Plan, wishes: Wishes) -> RunRecord:
    """Make the record of a run that begins now."""
    from orchestrator.domain.operation import RunRecord

    return RunRecord(
        id=None,
        plan=plan.id,
        started=datetime.now(UTC),
        user=user(),
        command=typed(),
        version=VERSION,
        options=wishes.stored(),
        hosts=len(plan.hosts),
    )


def statement(plan: Plan, wanted: RepinOptions) -> str:
    """Say in counts what is about to be written, and what stops it."""
    from orchestrator.report.ticket import ticket
    from orchestrator.report.words import plural

    values = ticket(plan).values
    return "\n".join(
        (
            f"{_what(plan)}: {plural(values, 'registry value')} on {_hosts(len(plan.hosts))}{_forced(plan)}",
            *_how(len(plan.hosts), wanted),
        )
    )


def _what(plan: Plan) -> str:
    return f"undo of run {plan.undoes}" if plan.undoes is not None else "re-pin"


def _forced(plan: Plan) -> str:
    return "" if plan.force_closed is None else f", also where a port is closed ({plan.force_closed})"


def _how(hosts: int, wanted: RepinOptions) -> Iterator[str]:
    from orchestrator.domain.waves import waves
    from orchestrator.report.words import duration

    sizes = [len(wave) for wave in waves(hosts, wanted.batch)]
    shown = ", ".join(f"{size:,}" for size in sizes[:_WAVES_SHOWN])
    more = ", ..." if len(sizes) > _WAVES_SHOWN else ""
    pause = f", {duration(wanted.pause)} between them" if wanted.pause else ""
    yield f"in {len(sizes):,} waves of {shown}{more} hosts{pause}" if len(sizes) > 1 else "in one wave"
    limits = wanted.limits
    if hosts > 1:  # with one, there is nothing left to stop
        yield f"stops at {limits.max_failed} failed, or {limits.max_conflicts} that changed since the plan"
    if wanted.wait_live is not None:
        back = ", and writes back where one does not" if wanted.revert_if_not_live else ""
        yield f"watches {duration(wanted.wait_live)} whether each agent takes its new port up{back}"


def _to_resume(found: _Found, wanted: RepinOptions) -> str:
    first = (
        f"run {found.run.id}: {_hosts(len(found.open))} to read first, {_hosts(len(found.left))} not begun"
    )
    still = _STILL.get(found.process.value)
    going = [] if still is None else [still + (f" ({found.who})" if found.who else "")]
    unproven = [] if found.unproven is None else [found.unproven]
    return "\n".join((first, *unproven, *going, *(_how(len(found.left), wanted) if found.left else ())))


def _hosts(count: int) -> str:
    from orchestrator.report.words import plural

    return plural(count, "host")


def _stored(run_id: int, database: str | None) -> _Found:
    """Read a run. Raises UnknownRunError, ChangedError, UsageError where nothing of it is left to do."""
    from orchestrator.cli.proven import proven
    from orchestrator.cli.repin_report import process_of, results
    from orchestrator.domain.journal import TO_BEGIN, UNRESOLVED
    from orchestrator.store.place import database_url
    from orchestrator.store.reader import Reader

    with Reader.open(database_url(database, os.environ)) as reader:
        unproven = proven(reader, run_id)
        run = reader.run(run_id)
        plan = reader.plan(run.plan)
        found = list(results(plan, reader.operations(run_id)))
        process, who = process_of(run, reader)
    unresolved = [each.host for each in found if each.state in UNRESOLVED]
    left = [each.host for each in found if each.state in TO_BEGIN]
    if not unresolved and not left and run.ended is not None:
        raise UsageError(f"run {run_id} is complete: `fleetcheck repin status {run_id}` shows it")
    return _Found(run, plan, unresolved, left, process, who, unproven)


def _hold(work: Work) -> None:
    """Raise PlanRefused unless the plan holds now."""
    from orchestrator.fleet.plan_checks import check
    from orchestrator.remote.apply import repin_script

    check(work.plan, work.fleet, datetime.now(UTC), repin_script().sha256)


def _run(work: Work, *, as_json: bool, table: bool) -> None:
    from orchestrator.cli.repin_status import print_run
    from orchestrator.cli.run_repin import run

    report = run(work)
    print_run(report, as_json=as_json, table=table)
    raise typer.Exit(report.code)
