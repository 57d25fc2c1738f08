"""What is told of a scan: remarks before it, its events, and the report of what came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inventory.words import plural
from orchestrator.app.events import HostEntered, Note
from orchestrator.app.logons import ntlm_alone
from orchestrator.app.names import expired_words
from orchestrator.domain.execution.effort import too_short
from orchestrator.domain.execution.tally import exit_code
from orchestrator.domain.primitives.exit_codes import EXIT_INTERRUPTED
from orchestrator.domain.record import HostRecord, ScanRecord
from orchestrator.domain.views.summary import Summariser, Summary
from orchestrator.fleet.control.events import Event, HostFinished
from orchestrator.report.advice import completed
from orchestrator.report.hints import over_sites
from orchestrator.report.summary import ScanReport

if TYPE_CHECKING:
    from inventory.model import Fleet, Host
    from orchestrator.app.invocation import Invocation
    from orchestrator.app.scan.plan import ScanPlan, ScanRequest
    from orchestrator.fleet.summary import ScanSummary

ScanListener = Callable[[Event | Note | HostEntered], None]
_TOO_SHORT_SHOWN = 3  # hosts whose time-out is too short: more of them is the same news


class ResultCounter:
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


def remarks(request: ScanRequest, fleet: Fleet, plan: ScanPlan) -> Iterator[str]:
    """Yield what should be read before the first host is asked."""
    yield from (*fleet.remarks, *plan.remarks)
    short = [
        words
        for host in (() if request.policy else plan.hosts)
        if (words := too_short(_timed(host, request.timeout), plan.record.mode, canaries=request.canaries))
    ]
    yield from short[:_TOO_SHORT_SHOWN]
    more = len(short) - _TOO_SHORT_SHOWN
    if more > 0:
        others = plural(more, "more host has", "more hosts have")
        yield f"{others} a `timeout:` that is too short for this mode"
    if request.per_site and not any(host.site for host in plan.hosts):
        yield "--per-site limits nothing: none of the selected hosts has a `site:` in the inventory"
    yield from ntlm_alone(fleet, plan.hosts)


def _timed(host: Host, timeout: float | None) -> Host:
    return host if timeout is None else replace(host, timeout=timeout)


def scan_report(
    invocation: Invocation, fleet: Fleet, record: ScanRecord, outcome: ScanSummary, counter: ResultCounter
) -> ScanReport:
    """Put the report of a scan that ended together; what was known before is not in it."""
    summary = counter.summary
    return ScanReport(
        scan=replace(record, id=outcome.scan, state=outcome.state, ended=outcome.ended),
        summary=summary,
        not_started=counter.not_started,
        code=exit_code(
            summary.counts,
            interrupted=outcome.exit_code == EXIT_INTERRUPTED,
            failed=bool(outcome.trouble),
            gate=any(account.barred for account in outcome.given_up),
        ),
        place=invocation.place,
        warnings=tuple(completed(each, invocation.hints) for each in _warnings(fleet, record, outcome)),
        hints=invocation.hints,
        unanswered=outcome.unanswered,
    )


def _warnings(fleet: Fleet, record: ScanRecord, outcome: ScanSummary) -> Iterator[str]:
    if outcome.trouble:
        yield f"stopped: {outcome.trouble}"
    if outcome.unanswered:
        yield f"once it answers again, go on with `fleetcheck scan --resume {outcome.scan}`"
    if outcome.reason and not outcome.trouble:
        left = "hosts in flight were left" if outcome.abandoned else "hosts in flight finished"
        yield f"interrupted by {outcome.reason}: {left}, every stored result is kept"
    for account in outcome.given_up:
        again = f"fleetcheck scan --resume {outcome.scan}{over_sites(record)}"
        yield account.words(again if account.barred else None)  # with no host left it would be refused
    yield from _sites_words(outcome)
    yield from expired_words(fleet, datetime.now(UTC).date())


def _sites_words(outcome: ScanSummary) -> Iterator[str]:
    """Say which sites were given up, and what came that is not believed."""
    for site, hosts in outcome.sites.silent.items():
        begun = plural(hosts, "host is", "hosts are")
        yield (
            f"site {site} was given up: {begun} not started. `fleetcheck hub status` shows the sites; "
            f"go on with `fleetcheck scan --resume {outcome.scan} --via-sites`"
        )
    if handed := outcome.sites.handed:
        were = plural(handed, "host not started was", "hosts not started were")
        them = "it" if handed == 1 else "them"
        yield (
            f"{were} handed out to a site, which may ask {them} yet; "
            f"`fleetcheck scan --resume {outcome.scan} --via-sites` takes in what comes"
        )
    if outcome.sites.refused:
        were = plural(outcome.sites.refused, "message was", "messages were")
        yield f"{were} not believed to come from a site: `fleetcheck audit export` tells each"
