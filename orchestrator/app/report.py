"""The fleet now, from each host's last known result: counted, or as one page for a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.inventory import at_hand
from orchestrator.domain.views.fleet_now import FleetSummariser
from orchestrator.report.views.fleet_now import FleetReport

if TYPE_CHECKING:
    from orchestrator.app.events import NoteListener
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.standing import HostNow
    from orchestrator.report.html.fleet import FleetPage

_SCANS = 14  # the latest ones, that the page's history counts


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRequest:
    """What is asked of a report on the fleet.

    `inventory` need not be there, unless the invocation names it. Hosts are counted `by` site or group;
    what is older than `max_age` is marked.
    """

    inventory: Path
    by: str
    max_age: timedelta
    now: datetime

    @property
    def before(self) -> datetime:
        """When what is too old was read at the latest."""
        return self.now - self.max_age


def fleet_now(
    invocation: Invocation,
    request: FleetRequest,
    *,
    on_event: NoteListener,
    on_host: Callable[[HostNow], object] | None = None,
) -> FleetReport:
    """Sum up the fleet; `on_host` gets each host as it is read, and none is kept.

    Raises InventoryError for an inventory that is named and has mistakes, StoreError.
    """
    from orchestrator.store.results.standing_reader import StandingReader

    known = at_hand(request.inventory, required=invocation.inventory is not None, on_event=on_event)
    summariser = FleetSummariser(now=request.now, max_age=request.max_age, by=request.by)
    with StandingReader.open(invocation.url) as reader:
        for host in known.as_of_today(reader.fleet_now(known.hosts)):
            summariser.add(host)
            if on_host is not None:
                on_host(host)
    fleet = summariser.summary()
    return FleetReport(
        fleet=fleet,
        now=request.now,
        max_age=request.max_age.total_seconds(),
        by=request.by,
        place=invocation.place,
        warnings=(*known.warnings, *known.missing(fleet.total.hosts)),
        hints=invocation.hints,
    )


def fleet_page(invocation: Invocation, request: FleetRequest, *, on_event: NoteListener) -> FleetPage:
    """Sum up the fleet as a page: every host, its gateways, and how the latest scans ended.

    Raises as `fleet_now`.
    """
    from orchestrator.domain.views.gateways import Gateways
    from orchestrator.report.host_rows import HostRows
    from orchestrator.report.html.fleet import FleetPage
    from orchestrator.version import VERSION

    rows, gateways = HostRows(request.before, request.by), Gateways()

    def take(host: HostNow) -> None:
        rows.add(host)
        gateways.add(host.standing)

    report = fleet_now(invocation, request, on_event=on_event, on_host=take)
    with invocation.reader() as reader:
        scans = reader.scans(_SCANS)
        counts = reader.counts(scans)
    return FleetPage(
        report=report,
        table=rows.table(report.fleet.changes),
        gateways=gateways.uses(),
        scans=tuple(zip(scans, counts, strict=True)),
        version=VERSION,
    )
