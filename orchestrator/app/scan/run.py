"""A scan from its request to its report: load, decide which hosts are asked, run, sum up."""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestrator.app.events import NoteListener, Remark, Warned
from orchestrator.app.logons import asking_passwords, demand_kerberos, logons, names_of
from orchestrator.app.scan.plan import ScanPlan, ScanRequest, earlier_hosts, new_scan, resumed_scan
from orchestrator.app.scan.report import ResultCounter, ScanListener, remarks, scan_report
from orchestrator.app.scan.results import last_known
from orchestrator.app.select import limited
from orchestrator.app.watching import watching
from orchestrator.domain.record import HostRecord
from orchestrator.domain.repin.journal import State
from orchestrator.report.summary import ScanReport

if TYPE_CHECKING:
    from inventory.model import Fleet, Host
    from orchestrator.app.invocation import Invocation
    from orchestrator.fleet.dispatch.remote import Remote
    from orchestrator.fleet.options import ScanOptions
    from orchestrator.fleet.summary import ScanSummary
    from orchestrator.remote.session import Logon
    from orchestrator.store.scan_reader import ScanReader
    from orchestrator.store.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanJob:
    """A scan that is decided: what it runs with."""

    request: ScanRequest
    fleet: Fleet
    plan: ScanPlan
    here: tuple[Host, ...]  # asked from here; the plan's others go to their sites
    known: Mapping[str | None, Logon]


def hosts_of(invocation: Invocation, request: ScanRequest, *, on_event: NoteListener) -> tuple[Host, ...]:
    """Return the hosts that such a scan would ask; nothing is written. Raises as `run`."""
    from inventory.sources.load import load_all

    fleet = load_all(request.inventory)
    if request.resume is None and request.earlier is None:
        return _selected(invocation, request, fleet, on_event)
    with invocation.scan_reader() as reader:
        if request.resume is not None:
            return _resumed(request.resume, fleet, reader).hosts
        return _of_earlier(request, fleet, _selected(invocation, request, fleet, on_event), reader)


def run(invocation: Invocation, request: ScanRequest, *, on_event: ScanListener) -> ScanReport:
    """Ask the hosts, store every result, return the report.

    Raises InventoryError, SelectionError, CommandError, SecretError and StoreError, before the first host is
    asked.
    """
    from inventory.sources.load import load_all

    request.watch.check()
    fleet = load_all(request.inventory)
    gc.freeze()  # the fleet stays as long as the command: no collection need go over it again
    hosts = () if request.resume is not None else _selected(invocation, request, fleet, on_event)
    return run_on(invocation, request, fleet, hosts, on_event=on_event)


def run_on(
    invocation: Invocation,
    request: ScanRequest,
    fleet: Fleet,
    hosts: tuple[Host, ...],
    *,
    on_event: ScanListener,
) -> ScanReport:
    """Do as `run`, with hosts that were selected already."""
    with invocation.writer() as writer, invocation.scan_reader() as reader:
        plan = _decided(invocation, request, fleet, hosts, reader)
        here = _asked_from_here(request, plan, on_event)
        demand_kerberos(here)
        if request.notify:
            from orchestrator.store.notices.adding import Notices

            writer.at_end(Notices(request.notify).add)
        if request.ask_pass:
            fleet = asking_passwords(fleet, here)
        known = logons(fleet, names_of(here), invocation.ask, lambda words: on_event(Warned(words=words)))
        before: Iterable[HostRecord] = ()
        if request.resume is not None:  # from here on the scan is under way again
            plan = replace(plan, record=writer.resume_scan(request.resume))
            before = reader.records(request.resume)
        counter = ResultCounter(plan.record, on_event, before)
        for remark in remarks(request, fleet, plan):
            on_event(Remark(words=remark))
        job = ScanJob(request=request, fleet=fleet, plan=plan, here=here, known=known)
        outcome = asyncio.run(_scan(invocation, job, writer, counter, on_event))
        report = scan_report(invocation, fleet, plan.record, outcome, counter)
        for words in () if outcome.trouble else _proved(invocation, reader, writer, outcome.scan):
            on_event(Remark(words=words))
        if report.unanswered:
            return report
        return replace(report, last_known=last_known(reader, report.scan, report.summary))


def _asked_from_here(request: ScanRequest, plan: ScanPlan, on_event: NoteListener) -> tuple[Host, ...]:
    """Part the plan's hosts where sites are to be asked, and say which of them are asked from here."""
    if not request.via_sites:
        return plan.hosts
    from orchestrator.app.sites.place import folder
    from orchestrator.app.sites.scan import of_sites, unserved_words

    here, there = of_sites(folder(request.hub), plan.hosts)
    for words in unserved_words(here, there):
        on_event(Remark(words=words))
    return here


def _selected(
    invocation: Invocation, request: ScanRequest, fleet: Fleet, on_event: NoteListener
) -> tuple[Host, ...]:
    return limited(fleet, request.limit, request.no_match, stdin=invocation.stdin, on_event=on_event)


def _decided(
    invocation: Invocation, request: ScanRequest, fleet: Fleet, hosts: tuple[Host, ...], reader: ScanReader
) -> ScanPlan:
    from orchestrator.remote.probe import probe_script

    if request.resume is not None:
        return _resumed(request.resume, fleet, reader)
    if request.earlier is not None:
        hosts = _of_earlier(request, fleet, hosts, reader)
    script = probe_script().sha256
    return new_scan(invocation, request, fleet, hosts, script=script, now=datetime.now(UTC))


def _resumed(scan_id: int, fleet: Fleet, reader: ScanReader) -> ScanPlan:
    return resumed_scan(reader.scan(scan_id), reader.done(scan_id), fleet)


def _of_earlier(
    request: ScanRequest, fleet: Fleet, hosts: tuple[Host, ...], reader: ScanReader
) -> tuple[Host, ...]:
    assert request.earlier is not None  # noqa: S101  # the caller has looked
    record = reader.scan(request.earlier)
    return earlier_hosts(request.only, fleet, hosts, record, reader.verdicts(request.earlier))


async def _scan(
    invocation: Invocation, job: ScanJob, writer: Writer, counter: ResultCounter, on_event: ScanListener
) -> ScanSummary:
    from orchestrator.fleet.control.clock import SystemClock
    from orchestrator.fleet.control.signals import listening
    from orchestrator.fleet.control.stop import StopRequest
    from orchestrator.fleet.run import Services
    from orchestrator.fleet.scan import scan
    from orchestrator.remote.transport_name import TransportName
    from orchestrator.remote.transports import transport

    stop, plan, request = StopRequest(), job.plan, job.request
    with (
        watching(request.watch, on_event, on_event) as watch,
        listening(stop, asyncio.get_running_loop()),
    ):
        made = transport(
            TransportName(request.transport),
            jobs=request.jobs,
            via_logons=job.known.__getitem__,
            watch=watch,
        )
        try:
            async with _remote(invocation, job, writer) as remote:
                return await scan(
                    plan.record,
                    job.here,
                    options=_options(request, plan.record.mode),
                    services=Services(
                        transport=made,
                        writer=writer,
                        logons=job.known.__getitem__,
                        clock=SystemClock(),
                        chance=random.Random(),  # noqa: S311  # spreads retries, keeps no secret
                    ),
                    waivers=job.fleet.waivers,
                    stop=stop,
                    on_event=counter.on_event,
                    remote=remote,
                )
        finally:
            await made.aclose()


@asynccontextmanager
async def _remote(invocation: Invocation, job: ScanJob, writer: Writer) -> AsyncIterator[Remote | None]:
    """Yield what hands hosts out to sites; None where all are asked from here."""
    names = {host.name for host in job.here}
    there = [host for host in job.plan.hosts if host.name not in names]
    if not there:
        yield None
        return
    from orchestrator.app.sites.place import folder
    from orchestrator.app.sites.scan import remote
    from orchestrator.domain.sites.unit import UnitOptions

    options = _options(job.request, job.plan.record.mode)
    unit = UnitOptions(
        mode=options.mode, canaries=options.canaries, timeout=options.timeout, width=options.width
    )
    hub = folder(job.request.hub)
    async with remote(invocation, hub, job.fleet, job.plan.record, there, unit, writer) as found:
        yield found


def _proved(invocation: Invocation, reader: ScanReader, writer: Writer, scan_id: int) -> tuple[str, ...]:
    """Prove what stand-alone scripts reported of hosts that this scan has read; say what each came to."""
    if not reader.reported():
        return ()
    from orchestrator.app.repin.proof import prove_reports

    with invocation.reader() as journal:
        return prove_reports(journal.in_states(State.REPORTED), journal, writer, scan_id)


def _options(request: ScanRequest, mode: str) -> ScanOptions:
    from orchestrator.fleet.options import ScanOptions
    from orchestrator.fleet.ports import MODE

    policy = request.policy
    return ScanOptions(
        mode=mode if policy is None else MODE,
        ports=None if policy is None else (lambda host: policy.named(host.profile.role_names)),
        jobs=request.jobs,
        per_site=request.per_site,
        ramp_up=request.ramp_up,
        pace=request.pace,
        canaries=request.canaries,
        timeout=request.timeout,
    )
