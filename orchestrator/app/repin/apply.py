"""`apply` and `resume` up to the run: is the plan whole, unused and still true, and does somebody say yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.sources.source import Sources
from orchestrator.app.approval.errors import ApprovalError, NoSshKeygenError
from orchestrator.app.errors import CommandError
from orchestrator.app.events import PlanEmpty, Warned
from orchestrator.app.logons import check_credential
from orchestrator.app.repin.approvals import approved, approved_again, signed_bytes
from orchestrator.app.repin.request import DEFAULTS, RepinRequest, of_record, options_of
from orchestrator.app.repin.run import RepinJob, RunListener, run
from orchestrator.app.repin.statement import statement, to_resume
from orchestrator.app.repin.stored import unfinished
from orchestrator.app.repin.used import UsedError, check_unused
from orchestrator.app.repin.waivers import waived_since_planned
from orchestrator.app.watching import NOTHING, WatchRequest
from orchestrator.domain.approval.signatures import NONE, Approvals
from orchestrator.domain.repin.operation import RunRecord
from orchestrator.store.errors import StoreError
from orchestrator.store.journal.errors import PlanUsedError
from orchestrator.version import VERSION

if TYPE_CHECKING:
    from orchestrator.app.approval.rules import Place
    from orchestrator.app.invocation import Invocation
    from orchestrator.app.repin.stored import UnfinishedRun
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.report.repin.run import RunReport

Confirm = Callable[[str], None]
"""Returns where somebody says yes to a statement; else it raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRequest:
    """What is asked of `apply`: `options` go over the defaults.

    A dry run reads and checks every host, and writes nothing. `rules`: where this machine says who has to
    sign a plan.
    """

    plan: Plan
    file: Path
    inventory: Sources
    options: RepinRequest
    rules: Place
    dry_run: bool = False
    transport: str = "native"
    watch: WatchRequest = NOTHING
    ask_pass: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRequest:
    """What is asked of `resume`: `options` go over those that the run was begun with."""

    run: int
    inventory: Sources
    options: RepinRequest
    rules: Place
    transport: str = "native"
    watch: WatchRequest = NOTHING
    ask_pass: bool = False


def apply(
    invocation: Invocation, request: ApplyRequest, *, confirm: Confirm, on_event: RunListener
) -> RunReport:
    """Write what a plan says, after a clear yes.

    Raises InventoryError, BatchError, SpanError, UsageError, PlanRefused, UsedError, SecretError,
    StoreError, and what `confirm` raises: nothing was sent then.
    """
    from inventory.sources.load import load_all

    request.watch.check()
    plan, asked = request.plan, request.options
    whole = replace(asked, credential=asked.credential or plan.credential).over(DEFAULTS)
    job = RepinJob(
        plan=plan,
        fleet=load_all(request.inventory),
        record=_new_record(invocation, plan, whole),
        options=options_of(whole, len(plan.hosts), dry_run=request.dry_run),
        file=request.file,
        transport=request.transport,
        rules=request.rules,
        signatures=whole.signatures or 0,
        data=signed_bytes(plan),
        watch=request.watch,
        ask_pass=request.ask_pass,
    )
    job = may_begin(invocation, job, on_event)
    if not plan.hosts:
        on_event(PlanEmpty())
    if not request.dry_run and plan.hosts:
        confirm(statement(plan, job.options, job.approvals, str(request.file)))
        job = may_begin(
            invocation, job, on_event
        )  # a plan may expire while somebody thinks, or be used by another
    return _run(invocation, job, on_event)


def resume(
    invocation: Invocation, request: ResumeRequest, *, confirm: Confirm, on_event: RunListener
) -> RunReport:
    """Read what a run left open, then write what it did not begin.

    Its signatures are verified again, before the question and after the yes: where they do not hold, what is
    open is read and nothing is begun.
    Raises UnknownRunError, ChangedError, UsageError where nothing of it is left to do, and as `apply`.
    """
    from inventory.sources.load import load_all

    request.watch.check()
    found = unfinished(invocation, request.run)
    whole = request.options.over(of_record(found.run.options))
    job = RepinJob(
        plan=found.plan,
        fleet=load_all(request.inventory),
        record=found.run,
        options=options_of(whole, len(found.plan.hosts), dry_run=False),
        transport=request.transport,
        rules=request.rules,
        signatures=whole.signatures or 0,
        data=signed_bytes(found.plan),
        watch=request.watch,
        ask_pass=request.ask_pass,
    )
    _known_credential(job)
    job = _still_approved(invocation, job, found)
    if found.open or found.left or found.unproven is not None:
        confirm(to_resume(found, job.options, job.unapproved))
        job = _still_approved(invocation, job, found)  # a key may be revoked while somebody thinks
    return _run(invocation, job, on_event)


def _new_record(invocation: Invocation, plan: Plan, request: RepinRequest) -> RunRecord:
    """Make the record of a run that begins now."""
    return RunRecord(
        id=None,
        plan=plan.id,
        started=datetime.now(UTC),
        user=invocation.user,
        command=invocation.command,
        version=VERSION,
        options=request.stored(),
        hosts=len(plan.hosts),
    )


def may_begin(invocation: Invocation, job: RepinJob, on_event: RunListener) -> RepinJob:
    """Look whether the plan holds, is unused and signed, and which hosts are waived since.

    Raises PlanRefused, UsedError, ApprovalError, UsageError. A dry run uses nothing and needs no signature:
    what speaks against the plan for that it only says.
    """
    from orchestrator.fleet.repin.checks import check, check_new
    from orchestrator.remote.apply import repin_script

    check_new(job.plan)
    try:
        check_unused(invocation, job.plan)
    except UsedError as error:
        if not job.options.dry_run:
            raise
        on_event(Warned(words=f"apply refuses this plan: {error}"))
    except StoreError:
        if not job.options.dry_run:
            raise
    check(job.plan, job.fleet, datetime.now(UTC), repin_script().sha256)
    _known_credential(job)
    approvals = _approved(invocation, job, on_event)
    waived = waived_since_planned(invocation, job.plan, job.fleet)
    return replace(job, options=replace(job.options, waived=waived), approvals=approvals)


def _approved(invocation: Invocation, job: RepinJob, on_event: RunListener) -> Approvals:
    """See who has signed the plan. Raises ApprovalError where somebody is missing; a dry run only says so."""
    assert job.file is not None  # noqa: S101  # a plan that is applied came out of a file
    try:
        return approved(invocation, job.plan, job.file, job.rules, asked=job.signatures, data=job.data)
    except CommandError as error:
        if not job.options.dry_run:
            raise
        on_event(Warned(words=f"apply refuses this plan: {error}"))
        return NONE


def _still_approved(invocation: Invocation, job: RepinJob, found: UnfinishedRun) -> RepinJob:
    """Verify the signatures that the run began with once more.

    Where they do not hold any more, or nobody can tell since ssh-keygen is gone, what is open is read all the
    same: its rows have to end. Raises ApprovalError or NoSshKeygenError where there is nothing to be read.
    """
    try:
        again = approved_again(invocation, job.record, job.plan, job.rules, asked=job.signatures)
    except (ApprovalError, NoSshKeygenError) as error:
        if found.left and not found.open:
            raise
        return replace(job, unapproved=str(error))
    return replace(job, approvals=again)


def _known_credential(job: RepinJob) -> None:
    """Raise UsageError where the credential that is asked for cannot serve."""
    name, known = job.options.credential, job.fleet.hosts
    if name is not None:
        hosts = (known[each.host] for each in job.plan.hosts if each.host in known)
        check_credential(job.fleet, name, hosts)


def _run(invocation: Invocation, job: RepinJob, on_event: RunListener) -> RunReport:
    try:
        return run(invocation, job, on_event=on_event)
    except PlanUsedError:  # somebody else was quicker, after the last look
        check_unused(invocation, job.plan)
        raise
