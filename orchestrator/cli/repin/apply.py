"""`fleetcheck repin apply` and `resume`: write what a plan says, wave after wave; go on after a stop or a crash."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from orchestrator.cli.command import typed, user
from orchestrator.cli.confirm import confirmed
from orchestrator.cli.console import say
from orchestrator.cli.errors import UsageError, handled
from orchestrator.cli.options import (
    DatabaseOption,
    HeaderOption,
    InventoryOption,
    JsonOption,
    QuietOption,
    TableOption,
    TransportOption,
    inventory_path,
    one_inventory,
)
from orchestrator.cli.repin import options
from orchestrator.cli.repin.plan import read_plan
from orchestrator.cli.repin.statement import hosts_of, how, statement
from orchestrator.cli.scan_options import Jobs, PerSite, RampUp
from orchestrator.remote.transport_name import TransportName
from orchestrator.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.cli.repin_request import Wishes
    from orchestrator.cli.run_repin import Work
    from orchestrator.domain.repin.operation import RunRecord
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.fleet.repin.options import RepinOptions
    from orchestrator.report.repin.run import Process

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
    credential: options.Credential = None,
    yes: options.Yes = False,
    jobs: Jobs = 64,
    transport: TransportOption = TransportName.NATIVE,
    per_site: PerSite = 0,
    ramp_up: RampUp = 200,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
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
        credential=credential or read.credential,
    ).over(DEFAULTS)
    work = Work(
        plan=read,
        fleet=load(inventory_path(inventory)),
        record=new_record(read, wishes),
        options=options_of(wishes, len(read.hosts), dry_run=dry_run),
        database=db,
        inventory=one_inventory(inventory),
        file=plan,
        quiet=quiet,
        transport=transport.value,
    )
    work = _may_begin(work)
    if not read.hosts and not quiet:
        say("0 hosts: nothing to confirm, nothing to write")
    if not dry_run and read.hosts:
        confirmed(statement(read, work.options), yes=yes)
        work = _may_begin(work)  # a plan may expire while somebody thinks, or somebody else may use it
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
    credential: options.Credential = None,
    yes: options.Yes = False,
    transport: TransportOption = TransportName.NATIVE,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
    quiet: QuietOption = False,
) -> None:
    """Go on with a run that was stopped or killed.

    Reads what was left open, then writes what was not begun. Options not given stay as they were.
    """
    from inventory.load import load
    from orchestrator.cli.repin_request import Wishes, of_record, options_of
    from orchestrator.cli.run_repin import Work

    found = _stored(run, db)
    wishes = Wishes(
        batch=batch, pause=pause, max_failed=max_failed, max_conflicts=max_conflicts, credential=credential
    )
    whole = wishes.over(of_record(found.run.options))
    work = Work(
        plan=found.plan,
        fleet=load(inventory_path(inventory)),
        record=found.run,
        options=options_of(whole, len(found.plan.hosts), dry_run=False),
        database=db,
        inventory=one_inventory(inventory),
        quiet=quiet,
        transport=transport.value,
    )
    _known_credential(work)
    if found.open or found.left or found.unproven is not None:
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
    from orchestrator.domain.repin.operation import RunRecord

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


def _to_resume(found: _Found, wanted: RepinOptions) -> str:
    first = f"run {found.run.id}: {hosts_of(len(found.open))} to read first, {hosts_of(len(found.left))} not begun"
    still = _STILL.get(found.process.value)
    going = [] if still is None else [still + (f" ({found.who})" if found.who else "")]
    unproven = [] if found.unproven is None else [found.unproven]
    return "\n".join((first, *unproven, *going, *(how(len(found.left), wanted) if found.left else ())))


def _stored(run_id: int, database: str | None) -> _Found:
    """Read a run. Raises UnknownRunError, ChangedError, UsageError where nothing of it is left to do."""
    from orchestrator.cli.proven import proven
    from orchestrator.cli.repin_report import process_of, results
    from orchestrator.domain.repin.journal import TO_BEGIN, UNRESOLVED
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


def _may_begin(work: Work) -> Work:
    """Look whether the plan holds and is unused, and which hosts are waived since.

    Raises PlanRefused, UsedError, UsageError. A dry run uses nothing, and of a used plan it only says so.
    """
    from orchestrator.cli.repin.used import UsedError, check_unused
    from orchestrator.cli.repin.waivers import waived_since_planned
    from orchestrator.fleet.repin.checks import check, check_new
    from orchestrator.remote.apply import repin_script
    from orchestrator.store.errors import StoreError

    check_new(work.plan)
    try:
        check_unused(work.plan, work.database)
    except UsedError as error:
        if not work.options.dry_run:
            raise
        say(f"warning: apply refuses this plan: {error}")
    except StoreError:
        if not work.options.dry_run:
            raise
    check(work.plan, work.fleet, datetime.now(UTC), repin_script().sha256)
    _known_credential(work)
    waived = waived_since_planned(work.plan, work.fleet, work.database)
    return replace(work, options=replace(work.options, waived=waived))


def _known_credential(work: Work) -> None:
    """Raise UsageError where the credential that is asked for cannot serve."""
    from orchestrator.cli.logons import check_credential

    name, known = work.options.credential, work.fleet.hosts
    if name is not None:
        hosts = (known[each.host] for each in work.plan.hosts if each.host in known)
        check_credential(work.fleet, name, hosts)


def _run(work: Work, *, as_json: bool, table: bool) -> None:
    from orchestrator.cli.repin.status import print_run
    from orchestrator.cli.repin.used import check_unused
    from orchestrator.cli.run_repin import run
    from orchestrator.store.errors import PlanUsedError

    try:
        report = run(work)
    except PlanUsedError:  # somebody else was quicker, after the last look
        check_unused(work.plan, work.database)
        raise
    print_run(report, as_json=as_json, table=table)
    raise typer.Exit(report.code)
