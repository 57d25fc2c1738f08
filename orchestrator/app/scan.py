"""A scan from its request to its report: load, decide which hosts are asked, run, sum up."""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestrator.app.events import Note, NoteListener, Remark
from orchestrator.app.logons import logons
from orchestrator.app.names import expired_words
from orchestrator.app.scan_plan import ScanPlan, ScanRequest, earlier_hosts, new_scan, resumed_scan
from orchestrator.app.select import limited
from orchestrator.app.stored import last_known
from orchestrator.domain.execution.effort import too_short
from orchestrator.domain.execution.tally import exit_code
from orchestrator.domain.primitives.exit_codes import EXIT_INTERRUPTED
from orchestrator.domain.record import HostRecord, ScanRecord
from orchestrator.domain.repin.journal import State
from orchestrator.domain.views.summary import Summariser, Summary
from orchestrator.fleet.control.events import Event, HostFinished
from orchestrator.report.summary import ScanReport

if TYPE_CHECKING:
    from inventory.model import Fleet, Host
    from orchestrator.app.invocation import Invocation
    from orchestrator.fleet.options import ScanOptions
    from orchestrator.fleet.summary import ScanSummary
    from orchestrator.remote.session import Logon
    from orchestrator.store.reader import Reader
    from orchestrator.store.writer import Writer

ScanListener = Callable[[Event | Note], None]
_TOO_SHORT_SHOWN = 3  # hosts whose time-out is too short: more of them is the same news


class Collector:
    """Hands a scan's events on, and keeps of each result only what the report needs."""

    def __init__(self, record: ScanRecord, on_event: ScanListener, before: Iterable[HostRecord] = ()) -> None:
        self._on_event: ScanListener | None = on_event
        self._summariser = Summariser(selected=len(record.hosts))
        self._left = dict.fromkeys(record.hosts)
        for host in before:
            self._add(host)

    def on_event(self, event: Event) -> None:
        """Take one event; a display whose terminal has gone is left out, the counting goes on."""
        if isinstance(event, HostFinished):
            self._add(event.record)
        if self._on_event is not None:
            try:
                self._on_event(event)
            except OSError:
                self._on_event = None

    @property
    def summary(self) -> Summary:
        """Sum up what came so far."""
        return self._summariser.summary()

    @property
    def not_started(self) -> tuple[str, ...]:
        """The scan's hosts without a result, in its order."""
        return tuple(self._left)

    def _add(self, record: HostRecord) -> None:
        self._summariser.add(record)
        self._left.pop(record.host, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ScanJob:
    """A scan that is decided: what it runs with."""

    request: ScanRequest
    fleet: Fleet
    plan: ScanPlan
    known: Mapping[str | None, Logon]


def hosts_of(invocation: Invocation, request: ScanRequest, *, on_event: NoteListener) -> tuple[Host, ...]:
    """Give the hosts that such a scan would ask; nothing is written. Raises as `run`."""
    from inventory.load import load

    fleet = load(request.inventory)
    if request.resume is None and request.earlier is None:
        return _selected(invocation, request, fleet, on_event)
    with invocation.reader() as reader:
        if request.resume is not None:
            return _resumed(request.resume, fleet, reader).hosts
        return _of_earlier(request, fleet, _selected(invocation, request, fleet, on_event), reader)


def run(invocation: Invocation, request: ScanRequest, *, on_event: ScanListener) -> ScanReport:
    """Ask the hosts, store every result, give the report.

    Raises InventoryError, SelectionError, UsageError, SecretError and StoreError, before the first host is asked.
    """
    from inventory.load import load

    fleet = load(request.inventory)
    gc.freeze()  # the fleet stays as long as the command: the collector need not go over it again and again
    hosts = () if request.resume is not None else _selected(invocation, request, fleet, on_event)
    with invocation.writer() as writer, invocation.reader() as reader:
        plan = _decided(invocation, request, fleet, hosts, reader)
        known = logons(fleet, (host.credential for host in plan.hosts), invocation.ask)
        before: Iterable[HostRecord] = ()
        if request.resume is not None:  # from here on the scan is under way again
            plan = replace(plan, record=writer.resume_scan(request.resume))
            before = reader.records(request.resume)
        collector = Collector(plan.record, on_event, before)
        for remark in _remarks(request, fleet, plan):
            on_event(Remark(words=remark))
        job = _ScanJob(request=request, fleet=fleet, plan=plan, known=known)
        outcome = asyncio.run(_scan(job, writer, collector))
        report = _report(invocation, job, outcome, collector)
        for words in () if outcome.trouble else _proved(reader, writer, outcome.scan):
            on_event(Remark(words=words))
        return replace(report, last_known=last_known(reader, report.scan, report.summary))


def _selected(
    invocation: Invocation, request: ScanRequest, fleet: Fleet, on_event: NoteListener
) -> tuple[Host, ...]:
    return limited(fleet, request.limit, request.no_match, stdin=invocation.stdin, on_event=on_event)


def _decided(
    invocation: Invocation, request: ScanRequest, fleet: Fleet, hosts: tuple[Host, ...], reader: Reader
) -> ScanPlan:
    from orchestrator.remote.probe import probe_script

    if request.resume is not None:
        return _resumed(request.resume, fleet, reader)
    if request.earlier is not None:
        hosts = _of_earlier(request, fleet, hosts, reader)
    script = probe_script().sha256
    return new_scan(invocation, request, fleet, hosts, script=script, now=datetime.now(UTC))


def _resumed(scan_id: int, fleet: Fleet, reader: Reader) -> ScanPlan:
    return resumed_scan(reader.scan(scan_id), reader.done(scan_id), fleet)


def _of_earlier(
    request: ScanRequest, fleet: Fleet, hosts: tuple[Host, ...], reader: Reader
) -> tuple[Host, ...]:
    assert request.earlier is not None  # noqa: S101  # the caller has looked
    record = reader.scan(request.earlier)
    return earlier_hosts(request.only, fleet, hosts, record, reader.records(request.earlier))


async def _scan(job: _ScanJob, writer: Writer, collector: Collector) -> ScanSummary:
    from orchestrator.fleet.control.clock import SystemClock
    from orchestrator.fleet.control.signals import listening
    from orchestrator.fleet.control.stop import StopRequest
    from orchestrator.fleet.run import Services
    from orchestrator.fleet.scan import scan
    from orchestrator.remote.transports import Wire, transport

    stop, plan = StopRequest(), job.plan
    made = transport(Wire(job.request.transport), jobs=job.request.jobs)
    with listening(stop, asyncio.get_running_loop()):
        try:
            return await scan(
                plan.record,
                plan.hosts,
                options=_options(job.request, plan.record.mode),
                means=Services(
                    transport=made,
                    writer=writer,
                    logons=job.known.__getitem__,
                    clock=SystemClock(),
                    chance=random.Random(),  # noqa: S311  # spreads retries, keeps no secret
                ),
                waivers=job.fleet.waivers,
                stop=stop,
                on_event=collector.on_event,
            )
        finally:
            await made.aclose()


def _proved(reader: Reader, writer: Writer, scan_id: int) -> tuple[str, ...]:
    """Prove what stand-alone scripts reported of hosts that this scan has read; say what each came to."""
    rows = reader.in_states(State.REPORTED)
    if not rows:
        return ()
    from orchestrator.app.repin.proof import prove_reports

    return prove_reports(rows, reader, writer, scan_id)


def _options(request: ScanRequest, mode: str) -> ScanOptions:
    from orchestrator.fleet.options import ScanOptions

    return ScanOptions(
        mode=mode,
        jobs=request.jobs,
        per_site=request.per_site,
        ramp_up=request.ramp_up,
        pace=request.pace,
        canaries=request.canaries,
        timeout=request.timeout,
    )


def _remarks(request: ScanRequest, fleet: Fleet, plan: ScanPlan) -> Iterator[str]:
    yield from (*fleet.remarks, *plan.remarks)
    short = [
        words
        for host in plan.hosts
        if (words := too_short(_timed(host, request.timeout), plan.record.mode, canaries=request.canaries))
    ]
    yield from short[:_TOO_SHORT_SHOWN]
    more = len(short) - _TOO_SHORT_SHOWN
    if more > 0:
        others = "1 more host has" if more == 1 else f"{more} more hosts have"
        yield f"{others} a `timeout:` that is too short for this mode"
    if request.per_site and not any(host.site for host in plan.hosts):
        yield "--per-site limits nothing: none of the selected hosts has a `site:` in the inventory"


def _timed(host: Host, timeout: float | None) -> Host:
    return host if timeout is None else replace(host, timeout=timeout)


def _warnings(fleet: Fleet, outcome: ScanSummary) -> Iterator[str]:
    if outcome.trouble:
        yield f"stopped: {outcome.trouble}"
    if outcome.reason and not outcome.trouble:
        left = "hosts in flight were left" if outcome.abandoned else "hosts in flight finished"
        yield f"interrupted by {outcome.reason}: {left}, every stored result is kept"
    for account in outcome.given_up:
        yield account.words
    yield from expired_words(fleet, datetime.now(UTC).date())


def _report(invocation: Invocation, job: _ScanJob, outcome: ScanSummary, collector: Collector) -> ScanReport:
    summary = collector.summary
    return ScanReport(
        scan=replace(job.plan.record, id=outcome.scan, state=outcome.state, ended=outcome.ended),
        summary=summary,
        not_started=collector.not_started,
        code=exit_code(
            summary.counts,
            interrupted=outcome.exit_code == EXIT_INTERRUPTED,
            failed=bool(outcome.trouble),
            gate=any(account.barred for account in outcome.given_up),
        ),
        place=invocation.place,
        warnings=tuple(_warnings(job.fleet, outcome)),
        hints=invocation.hints,
    )
