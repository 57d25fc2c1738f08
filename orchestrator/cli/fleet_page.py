"""`fleetcheck report --html FILE`: looked at before the database is read, written when all of it is there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli import files
from orchestrator.cli.console import say
from orchestrator.cli.errors import UsageError

if TYPE_CHECKING:
    from orchestrator.domain.execution.tally import Counts
    from orchestrator.domain.record import ScanRecord
    from orchestrator.domain.standing import HostNow
    from orchestrator.report.views.fleet_now import FleetReport

SCANS = 14  # the latest ones, that the page's history counts
_WHAT = "page of the fleet of fleetcheck's"


def page_file(path: Path | None, *, before: datetime, by: str, alone: bool) -> PageFile | None:
    """Make ready to write the page, None where none is asked for.

    Raises UsageError where `--json` or `--table` is asked for too, and as `files.check`.
    """
    if path is None:
        return None
    if not alone:
        raise UsageError("--html goes alone: --json and --table are for the output")
    from orchestrator.report.html.fleet import MARKER

    if str(path) != "-":
        files.check(path, marker=MARKER, what=_WHAT)
    return PageFile(path, before, by)


class PageFile:
    """A page that is to be written: give it the hosts, then what they came to."""

    def __init__(self, path: Path, before: datetime, by: str) -> None:
        from orchestrator.domain.views.gateways import Gateways
        from orchestrator.report.host_rows import HostRows

        self._path = path
        self._rows, self._gateways = HostRows(before, by), Gateways()
        self._scans: tuple[tuple[ScanRecord, Counts], ...] = ()

    def gather(self, hosts: Iterable[HostNow], url: str) -> None:
        """Take in the hosts, and how the latest scans of the database at `url` ended. Raises DatabaseError."""
        from orchestrator.store.reader import Reader

        for host in hosts:
            self._rows.add(host)
            self._gateways.add(host.standing)
        with Reader.open(url) as reader:
            scans = reader.scans(SCANS)
            self._scans = tuple(zip(scans, reader.counts(scans), strict=True))

    def write(self, report: FleetReport) -> None:
        """Write the file, whole or not at all. Raises as `files.write`."""
        from orchestrator.report.html.fleet import MARKER, FleetPage, fleet_html
        from orchestrator.version import VERSION

        page = FleetPage(
            report=report,
            table=self._rows.table(report.fleet.changes),
            gateways=self._gateways.uses(),
            scans=self._scans,
            version=VERSION,
        )
        files.write(self._path, fleet_html(page), marker=MARKER, what=_WHAT)
        if str(self._path) != "-":
            say(f"written: {self._path}")
