"""The fleet now, from each host's last known result: counted, or as one page for a browser."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from inventory.sources.source import Sources
from orchestrator.app.inventory import at_hand
from orchestrator.app.names import killed
from orchestrator.domain.record import ScanState
from orchestrator.domain.repin.touched import SPEAKING, outdated
from orchestrator.domain.views.fleet_now import FleetSummariser
from orchestrator.report.advice import completed
from orchestrator.report.views.fleet_now import FleetReport

if TYPE_CHECKING:
    from orchestrator.app.events import NoteListener
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.standing import HostNow
    from orchestrator.report.hints import Hints
    from orchestrator.report.html.fleet import FleetPage
    from orchestrator.store.reader import Reader

_SCANS = 14  # the latest ones, that the page's history counts


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRequest:
    """What is asked of a report on the fleet.

    `inventory` need not be there, unless the invocation names it. Hosts are counted `by` site or group;
    what is older than `max_age` is marked.
    """

    inventory: Sources
    by: str
    max_age: timedelta
    now: datetime

    @property
    def before(self) -> datetime:
        """When what is too old was read at the latest."""
        return self.now - self.max_age


def _leave(hosts: Iterable[HostNow]) -> None:
    """Go over the hosts and do nothing with them."""
    deque(hosts, maxlen=0)


def fleet_now(
    invocation: Invocation,
    request: FleetRequest,
    *,
    on_event: NoteListener,
    take: Callable[[Iterable[HostNow]], object] = _leave,
) -> FleetReport:
    """Sum up the fleet; `take` goes over all hosts, which are read as it does; none is kept.

    Raises InventoryError for an inventory that is named and has mistakes, StoreError.
    """
    known = at_hand(request.inventory, required=bool(invocation.inventory), on_event=on_event)
    summariser = FleetSummariser(now=request.now, max_age=request.max_age, by=request.by)
    with invocation.reader() as reader:
        unended = tuple(_killed(invocation, reader))
        hosts = _with_repins(reader.fleet_now(known.hosts), reader, invocation.hints, request.now)
        take(_counted(known.as_of_today(hosts), summariser))
    fleet = summariser.summary()
    return FleetReport(
        fleet=fleet,
        now=request.now,
        max_age=request.max_age.total_seconds(),
        by=request.by,
        place=invocation.place,
        warnings=(*unended, *known.warnings, *known.missing(fleet.total.hosts)),
        hints=invocation.hints,
    )


def _with_repins(hosts: Iterable[HostNow], reader: Reader, hints: Hints, now: datetime) -> Iterator[HostNow]:
    """Yield the hosts, each with what a re-pin has made of its last reading; the journal is asked once."""
    touched = {each.host: each for each in reader.newest_in(*SPEAKING)}
    at_work = reader.at_work(touched.values())
    for host in hosts:
        touch = touched.get(host.standing.host)
        if touch is None or host.known is None:
            yield host
            continue
        since = outdated(touch, read=host.known.at, now=now, at_work=at_work)
        # a group's screen completes a scan's command, which names its hosts
        yield replace(host, since=since if "fleetcheck scan" in since else completed(since, hints))


def _killed(invocation: Invocation, reader: Reader) -> Iterator[str]:
    """Say that the latest scan was killed: the fleet is then partly as an earlier one saw it."""
    latest = reader.latest_scan()
    if latest is not None and latest.state is ScanState.KILLED:
        yield killed(latest, invocation.hints_of(latest))


def _counted(hosts: Iterable[HostNow], summariser: FleetSummariser) -> Iterator[HostNow]:
    """Let hosts through one by one, counted."""
    for host in hosts:
        summariser.add(host)
        yield host


def fleet_page(invocation: Invocation, request: FleetRequest, *, on_event: NoteListener) -> FleetPage:
    """Sum up the fleet as a page: every host, its gateways, and how the latest scans ended.

    Raises as `fleet_now`.
    """
    from orchestrator.domain.views.gateways import Gateways
    from orchestrator.report.host_rows import HostRows
    from orchestrator.report.html.fleet import FleetPage
    from orchestrator.version import VERSION

    rows, gateways = HostRows(request.before, request.by), Gateways()

    def take(hosts: Iterable[HostNow]) -> None:
        for host in hosts:
            rows.add(host)
            gateways.add(host.standing)

    report = fleet_now(invocation, request, on_event=on_event, take=take)
    with invocation.reader() as reader:
        scans = reader.scans(_SCANS, counted=True)
        counts = reader.counts(scans)
    return FleetPage(
        report=report,
        table=rows.table(report.fleet.changes),
        gateways=gateways.uses(),
        scans=tuple(zip(scans, counts, strict=True)),
        version=VERSION,
    )
