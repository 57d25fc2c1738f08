"""A plan applied, or a run gone on with: transport, journal and signals put together, and the report."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from orchestrator.app.events import HostEntered, Note, PlanEmpty, Warned
from orchestrator.app.logons import asking_passwords, demand_kerberos, logons, names_of
from orchestrator.app.repin.results import NONE_BLOCKED, exit_code, results, warnings
from orchestrator.app.repin.stored import kept_hosts
from orchestrator.app.watching import NOTHING, WatchRequest, watching
from orchestrator.domain.approval.signatures import NONE, Approvals
from orchestrator.domain.repin.operation import RunRecord
from orchestrator.fleet.repin.events import RepinEvent
from orchestrator.report.repin.run import RunReport

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.model import Fleet
    from orchestrator.app.approval.rules import Place
    from orchestrator.app.invocation import Invocation
    from orchestrator.app.repin.approvals import PlanBytes
    from orchestrator.domain.repin.operation import Operation
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.fleet.control.stop import StopRequest
    from orchestrator.fleet.repin.options import RepinOptions
    from orchestrator.fleet.repin.protocol import RepinServices
    from orchestrator.fleet.repin.run_journal import RunJournal
    from orchestrator.fleet.repin.summary import RepinSummary
    from orchestrator.remote.session import Logon

RunListener = Callable[[RepinEvent | Note | PlanEmpty | HostEntered], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepinJob:
    """What is to be run. `record` has an id where a run goes on; `file` is the plan's, where it is known.

    `rules` says who has to sign, `signatures` how many this command asks for besides; `data` gives what is
    signed, `approvals` is who has. `unapproved`: why nothing more may be begun of a run that goes on, else
    "".
    """

    plan: Plan
    fleet: Fleet
    record: RunRecord
    options: RepinOptions
    file: Path | None = None
    transport: str = "native"  # what `--transport` says
    rules: Place
    signatures: int = 0
    data: PlanBytes
    approvals: Approvals = NONE
    unapproved: str = ""
    watch: WatchRequest = NOTHING
    ask_pass: bool = False


def run(invocation: Invocation, job: RepinJob, *, on_event: RunListener) -> RunReport:
    """Do it, and return the report.

    Raises PlanRefused, CommandError where Kerberos' packages are missing, SecretError and StoreError
    (PlanUsedError among them), before the first host is touched.
    """
    _ = invocation.url  # a database that cannot be meant is told before anybody is asked for a password
    known = _logons(invocation, job, on_event)
    with contextlib.ExitStack() as stack:
        journal = None if job.options.dry_run else _journal(stack, invocation)
        summary = asyncio.run(_repin(job, journal, known, on_event))
    rows, kept = _journaled(invocation, job.plan, summary)
    return _report(invocation, job, summary, rows, kept)


def _logons(invocation: Invocation, job: RepinJob, on_event: RunListener) -> Mapping[str | None, Logon]:
    fleet, one = job.fleet, job.options.credential
    hosts = [fleet.hosts[each.host] for each in job.plan.hosts if each.host in fleet.hosts]
    demand_kerberos(hosts)
    if job.ask_pass:
        fleet = asking_passwords(fleet, hosts, one)
    return logons(fleet, names_of(hosts, one), invocation.ask, lambda words: on_event(Warned(words=words)))


def _journal(stack: contextlib.ExitStack, invocation: Invocation) -> RunJournal:
    from orchestrator.store.journal.journal import Journal

    journal = Journal(stack.enter_context(invocation.writer()))
    stack.callback(journal.close)
    return journal


def _journaled(
    invocation: Invocation, plan: Plan, summary: RepinSummary
) -> tuple[Sequence[Operation], Mapping[str, tuple[str, str]]]:
    """Read the run's rows, and which hosts the journal keeps back.

    Where the database is in trouble, the rows are those that the run found when it was gone on with: its
    summary has said so then. A dry run has no rows, and needs no database.
    """
    from orchestrator.store.errors import StoreError

    if summary.unanswered:
        return summary.earlier, NONE_BLOCKED
    with contextlib.suppress(StoreError), invocation.reader() as reader:
        rows = () if summary.run is None else reader.operations(summary.run)
        return rows, kept_hosts(reader, plan)
    return summary.earlier, NONE_BLOCKED


async def _repin(
    job: RepinJob, journal: RunJournal | None, known: Mapping[str | None, Logon], on_event: RunListener
) -> RepinSummary:
    from orchestrator.fleet.control.clock import SystemClock
    from orchestrator.fleet.control.signals import listening
    from orchestrator.fleet.control.stop import StopRequest
    from orchestrator.fleet.repin.protocol import RepinServices
    from orchestrator.remote.transport_name import TransportName
    from orchestrator.remote.transports import transport

    stop, logon_of = StopRequest(), known.__getitem__
    with watching(job.watch, on_event, on_event) as watch, listening(stop, asyncio.get_running_loop()):
        made = transport(
            TransportName(job.transport), jobs=job.options.jobs, via_logons=logon_of, watch=watch
        )
        services = RepinServices(
            transport=made,
            logons=logon_of,
            clock=SystemClock(),
            chance=random.Random(),  # noqa: S311  # spreads retries, keeps no secret
        )
        try:
            return await _start(job, journal, services=services, stop=stop, on_event=on_event)
        finally:
            await made.aclose()


async def _start(
    job: RepinJob,
    journal: RunJournal | None,
    *,
    services: RepinServices,
    stop: StopRequest,
    on_event: RunListener,
) -> RepinSummary:
    """Apply the plan; go on with the run where it has an id."""
    from orchestrator.fleet.repin.protocol import RunInput, apply, resume

    given = RunInput(
        plan=job.plan,
        hosts=job.fleet.hosts,
        record=job.record,
        options=job.options,
        services=services,
        journal=journal,
        stop=stop,
        on_event=on_event,
        approvals=job.approvals.counted,
        unapproved=job.unapproved,
    )
    return await (apply if job.record.id is None or journal is None else resume)(given)


def _report(
    invocation: Invocation,
    job: RepinJob,
    summary: RepinSummary,
    rows: Sequence[Operation],
    kept: Mapping[str, tuple[str, str]],
) -> RunReport:
    from orchestrator.report.advice import completed

    found = tuple(results(job.plan, rows, summary.ends, kept=kept))
    return RunReport(
        run=replace(
            job.record,
            id=summary.run,
            started=summary.started if job.record.id is None else job.record.started,
            state=summary.state,
            ended=summary.ended,
            reason=summary.reason,
        ),
        results=found,
        code=exit_code(
            found, interrupted=summary.interrupted, failed=bool(summary.trouble), gate=summary.gate
        ),
        place=invocation.place,
        dry_run=summary.dry_run,
        file=None if job.file is None else str(job.file),
        warnings=tuple(completed(each, invocation.hints) for each in warnings(summary)),
        hints=invocation.hints,
    )
