"""A planned scan, run: transport, writer, signals and progress put together, and the report made of what came."""

from __future__ import annotations

import asyncio
import gc
import os
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestrator.cli.command import hints, typed, user
from orchestrator.cli.console import say
from orchestrator.cli.logons import demand, logons, names_of, ntlm_alone
from orchestrator.cli.names import expired_words
from orchestrator.cli.plan_scan import ScanPlan, ScanRequest, earlier_hosts, new_scan, resumed_scan, selected
from orchestrator.cli.progress import Display
from orchestrator.cli.prove import prove_reports
from orchestrator.cli.stored import last_known
from orchestrator.domain.execution.effort import too_short
from orchestrator.domain.execution.tally import exit_code
from orchestrator.domain.primitives.exit_codes import EXIT_INTERRUPTED
from orchestrator.domain.record import HostRecord, ScanRecord
from orchestrator.domain.views.summary import Summariser, Summary
from orchestrator.fleet.control.events import Event, HostFinished
from orchestrator.report.summary import ScanReport

if TYPE_CHECKING:
    from inventory.model import Fleet, Host
    from orchestrator.fleet.summary import ScanSummary
    from orchestrator.remote.session import Logon
    from orchestrator.store.writer import Writer

_TOO_SHORT_SHOWN = 3  # hosts whose time-out is too short: more of them is the same news


class Collector:
    """Hands a scan's events on to the display, and keeps of each result only what the report needs."""

    def __init__(self, record: ScanRecord, display: Display, before: Iterable[HostRecord] = ()) -> None:
        self._display: Display | None = display
        self._summariser = Summariser(selected=len(record.hosts))
        self._left = dict.fromkeys(record.hosts)
        for host in before:
            self._add(host)

    def on_event(self, event: Event) -> None:
        """Take one event; a display whose terminal has gone is left out, the counting goes on."""
        if isinstance(event, HostFinished):
            self._add(event.record)
        if self._display is not None:
            try:
                self._display.on_event(event)
            except OSError:
                self._display = None

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


def hosts_of(request: ScanRequest, fleet: Fleet) -> tuple[Host, ...]:
    """Give the hosts that a scan with these options would ask; nothing is written."""
    from orchestrator.store.place import database_url
    from orchestrator.store.reader import Reader

    if request.resume is None and request.earlier is None:
        return selected(request, fleet)
    with Reader.open(database_url(request.database, os.environ)) as reader:
        if request.resume is not None:
            return resumed_scan(request, fleet, reader).hosts
        return earlier_hosts(request, fleet, selected(request, fleet), reader)


def run(request: ScanRequest, fleet: Fleet) -> ScanReport:
    """Ask the hosts, store every result, give the report. Raises what `errors.explain` has words for."""
    from orchestrator.remote.probe import probe_script
    from orchestrator.store.place import database_url, parse
    from orchestrator.store.reader import Reader
    from orchestrator.store.writer import Writer

    gc.freeze()  # the fleet stays as long as the command: the collector need not go over it again and again
    url = database_url(request.database, os.environ)
    hosts = () if request.resume is not None else selected(request, fleet)
    with Writer.open(url, command=typed(), user=user()) as writer, Reader.open(url) as reader:
        before: Iterable[HostRecord] = ()
        if request.resume is not None:
            plan = resumed_scan(request, fleet, reader)
        else:
            if request.earlier is not None:
                hosts = earlier_hosts(request, fleet, hosts, reader)
            plan = new_scan(request, fleet, hosts, script=probe_script().sha256)
        demand(plan.hosts)
        known = logons(fleet, names_of(plan.hosts))
        if request.resume is not None:  # from here on the scan is under way again
            plan = replace(plan, record=writer.resume_scan(request.resume))
            before = reader.records(request.resume)
        display = Display(len(plan.hosts), quiet=request.quiet)
        collector = Collector(plan.record, display, before)
        if not request.quiet:
            _say_remarks(request, fleet, plan)
        outcome = asyncio.run(_scan(request, fleet, plan, writer, known, collector, display))
        report = _report(request, fleet, plan, outcome, collector, place=parse(url).shown)
        proved = () if outcome.trouble else prove_reports(reader, writer, outcome.scan)
        for remark in () if request.quiet else proved:
            say(f"remark: {remark}")
        return replace(report, last_known=last_known(reader, report.scan, report.summary))


async def _scan(
    request: ScanRequest,
    fleet: Fleet,
    plan: ScanPlan,
    writer: Writer,
    known: Mapping[str | None, Logon],
    collector: Collector,
    display: Display,
) -> ScanSummary:
    from orchestrator.fleet.control.clock import SystemClock
    from orchestrator.fleet.control.signals import listening
    from orchestrator.fleet.control.stop import StopRequest
    from orchestrator.fleet.options import ScanOptions
    from orchestrator.fleet.run import Services
    from orchestrator.fleet.scan import scan
    from orchestrator.remote.transport_name import TransportName
    from orchestrator.remote.transports import transport

    stop = StopRequest()
    made = transport(TransportName(request.transport), jobs=request.jobs, via_logons=known.__getitem__)
    with listening(stop, asyncio.get_running_loop()):
        try:
            async with display.shown():
                return await scan(
                    plan.record,
                    plan.hosts,
                    options=ScanOptions(
                        mode=plan.record.mode,
                        jobs=request.jobs,
                        per_site=request.per_site,
                        ramp_up=request.ramp_up,
                        pace=request.pace,
                        canaries=request.canaries,
                        timeout=request.timeout,
                    ),
                    services=Services(
                        transport=made,
                        writer=writer,
                        logons=known.__getitem__,
                        clock=SystemClock(),
                        chance=random.Random(),  # noqa: S311  # spreads retries, keeps no secret
                    ),
                    waivers=fleet.waivers,
                    stop=stop,
                    on_event=collector.on_event,
                )
        finally:
            await made.aclose()


def _say_remarks(request: ScanRequest, fleet: Fleet, plan: ScanPlan) -> None:
    short = [
        words
        for host in plan.hosts
        if (words := too_short(_timed(host, request.timeout), plan.record.mode, canaries=request.canaries))
    ]
    more = len(short) - _TOO_SHORT_SHOWN
    if more > 0:
        others = "1 more host has" if more == 1 else f"{more} more hosts have"
        short[_TOO_SHORT_SHOWN:] = [f"{others} a `timeout:` that is too short for this mode"]
    if request.per_site and not any(host.site for host in plan.hosts):
        short.append("--per-site limits nothing: none of the selected hosts has a `site:` in the inventory")
    for remark in (*fleet.remarks, *plan.remarks, *short, *ntlm_alone(fleet, plan.hosts)):
        say(f"remark: {remark}")


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


def _report(
    request: ScanRequest,
    fleet: Fleet,
    plan: ScanPlan,
    outcome: ScanSummary,
    collector: Collector,
    *,
    place: str,
) -> ScanReport:
    summary = collector.summary
    return ScanReport(
        scan=replace(plan.record, id=outcome.scan, state=outcome.state, ended=outcome.ended),
        summary=summary,
        not_started=collector.not_started,
        code=exit_code(
            summary.counts,
            interrupted=outcome.exit_code == EXIT_INTERRUPTED,
            failed=bool(outcome.trouble),
            gate=any(account.barred for account in outcome.given_up),
        ),
        place=place,
        warnings=tuple(_warnings(fleet, outcome)),
        hints=hints(
            database=request.database, inventory=request.inventory if request.inventory_named else None
        ),
    )
