"""What the database knows of scans and hosts, as the values that a screen or a document is made of; nobody is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inventory.verdicts import Verdict
from orchestrator.app.errors import CommandError, UsageError
from orchestrator.app.names import known_host, unknown_host
from orchestrator.domain.execution.tally import exit_code
from orchestrator.domain.outcome import Failed
from orchestrator.domain.record import HostRecord, ScanRecord, ScanState
from orchestrator.domain.repin.touched import SPEAKING, against
from orchestrator.domain.views.summary import Summariser, Summary
from orchestrator.report.host import Sighting
from orchestrator.report.summary import LastKnown, ScanReport

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.standing import Standing
    from orchestrator.report.views.diff import DiffReport
    from orchestrator.store.reader import Reader

_RESULTS = 1000  # of a host, the newest: years of daily scans
_CHANGED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResults:
    """A scan's report, and the results of the hosts that were chosen: `records` are read as they are taken."""

    report: ScanReport
    records: Iterator[HostRecord]
    not_started: tuple[str, ...]


@contextmanager
def current(invocation: Invocation) -> Iterator[Reader]:
    """Open the database where it is there and current, so that nothing is made and nothing upgraded.

    Raises LookupError where it is not, StoreError.
    """
    from orchestrator.store.database.migrating import look
    from orchestrator.store.database.schema import State
    from orchestrator.store.place import parse

    if look(parse(invocation.url)) is not State.CURRENT:
        raise LookupError(invocation.place)
    with invocation.reader() as reader:
        yield reader


def scans(invocation: Invocation, limit: int) -> tuple[ScanRecord, ...]:
    """Return the newest scans, newest first. Raises StoreError."""
    with invocation.reader() as reader:
        return reader.scans(limit)


@contextmanager
def stored_scan(invocation: Invocation, scan_id: int | None, only: frozenset[str]) -> Iterator[ScanResults]:
    """Open a scan, or the latest; its results can be read while the block runs. Raises StoreError, CommandError."""
    with invocation.reader() as reader:
        yield _results(reader, scan_report_of(invocation, reader, scan_of(reader, scan_id)), only)


@contextmanager
def results_of(invocation: Invocation, report: ScanReport) -> Iterator[ScanResults]:
    """Open a scan whose report is at hand; its results can be read while the block runs. Raises StoreError."""
    with invocation.reader() as reader:
        yield _results(reader, report, frozenset())


def _results(reader: Reader, report: ScanReport, only: frozenset[str]) -> ScanResults:
    """Give the scan's records that `only` means, all for none, and the hosts without one."""
    assert report.scan.id is not None  # noqa: S101  # it came from the database
    records = reader.records(report.scan.id)
    if not only:
        return ScanResults(report=report, records=records, not_started=report.not_started)
    from orchestrator.domain.execution.select_hosts import NOT_STARTED, chosen

    return ScanResults(
        report=report,
        records=(record for record in records if chosen(only, hosts=[record.host], records=[record])),
        not_started=report.not_started if NOT_STARTED in only else (),
    )


def diff(invocation: Invocation, earlier: int | None, later: int | None) -> DiffReport:
    """Compare two scans: those named, for one that is not the latest that finished.

    Raises UsageError, CommandError, StoreError.
    """
    from orchestrator.domain.views.diff import diff as compare
    from orchestrator.report.views.diff import DiffReport

    with invocation.reader() as reader:
        first, second = _two_scans(reader, earlier, later)
        assert first.id is not None and second.id is not None  # noqa: S101, PT018  # they came from the database
        found = compare(reader.side_by_side(first.id, second.id))
    code = _CHANGED if found.groups else 0
    return DiffReport(earlier=first, later=second, diff=found, code=code, hints=invocation.hints)


def _two_scans(reader: Reader, earlier: int | None, later: int | None) -> tuple[ScanRecord, ScanRecord]:
    if earlier is not None and earlier == later:
        raise UsageError(f"scan {earlier} is named twice: name two scans")
    if earlier is not None and later is not None:
        return reader.scan(earlier), reader.scan(later)
    first = None if earlier is None else reader.scan(earlier)
    finished = reader.scans(2, finished=True)
    wanted = 2 if first is None else 1
    if len(finished) < wanted or (first is not None and finished[0].id == first.id):
        raise CommandError(
            "the database holds no two finished scans to compare: fleetcheck scan, or name two of `fleetcheck scans`"
        )
    return first or finished[1], finished[0]


def host_history(invocation: Invocation, host: str) -> tuple[Standing, ...]:
    """Return a host's results in all scans, newest first. Raises UsageError where there is none, StoreError."""
    with invocation.reader() as reader:
        results = tuple(reader.history(host, _RESULTS))
        return results or tuple(reader.history(_stored_name(reader, host, place=invocation.place), _RESULTS))


def sighting(invocation: Invocation, host: str, scan_id: int | None) -> Sighting:
    """Give a host's result in a scan, else its latest one; where it failed, its last reading too.

    Raises UsageError where there is none, with the names that are near; StoreError.
    """
    with invocation.reader() as reader:
        return _sighting(reader, host, scan_id, place=invocation.place)


def scan_of(reader: Reader, scan_id: int | None) -> ScanRecord:
    """Give a scan, or the latest. Raises UnknownScanError, CommandError where there is none at all."""
    if scan_id is not None:
        return reader.scan(scan_id)
    latest = reader.latest_scan()
    if latest is None:
        raise CommandError("the database holds no scan yet: fleetcheck scan")
    return latest


def _sighting(reader: Reader, host: str, scan_id: int | None, *, place: str) -> Sighting:
    if scan_id is None:
        found = reader.latest(host) or reader.latest(_stored_name(reader, host, place=place))
        if found is None:
            raise UsageError(f"database {place}: the results of {host} were deleted just now")
        scan, record = found
    else:
        scan = reader.scan(scan_id)
        host = known_host(host, scan.hosts) or host
        records = list(reader.records(scan_id, [host]))
        if not records and host in scan.hosts:
            raise UsageError(f"scan {scan_id}: {host} was not started and has no result there")
        if not records:
            raise UsageError(unknown_host(host, scan.hosts, f"scan {scan_id}"))
        record = records[0]
    failed = isinstance(record.outcome, Failed)
    return Sighting(
        scan=scan,
        record=record,
        last=reader.latest(host, probed=True) if failed else None,
        since=_since(reader, record),
    )


def _stored_name(reader: Reader, host: str, *, place: str) -> str:
    """Find under which name the database has results of a host, whatever its case. Raises UsageError for none.

    It reads every host's name: for a name that was not found as it is.
    """
    known = reader.hosts()
    name = known_host(host, known)
    if name is None:
        raise UsageError(unknown_host(host, known, f"database {place}"))
    return name


def _since(reader: Reader, record: HostRecord) -> str | None:
    """Say what the journal has done to the host after this result; None for nothing."""
    rows = reader.in_states(*SPEAKING, hosts=[record.host])
    return against(rows, read=record.outcome.trace.ended, now=datetime.now(UTC))


def scan_report_of(invocation: Invocation, reader: Reader, scan: ScanRecord) -> ScanReport:
    """Sum up a stored scan; its records are read once and not kept."""
    assert scan.id is not None  # noqa: S101  # it came from the database
    summariser = Summariser(selected=len(scan.hosts))
    left = dict.fromkeys(scan.hosts)
    for record in reader.records(scan.id, whole=False):
        summariser.add(record)
        left.pop(record.host, None)
    summary = summariser.summary()
    return ScanReport(
        scan=scan,
        summary=summary,
        not_started=tuple(left),
        code=exit_code(summary.counts, interrupted=scan.state is ScanState.INTERRUPTED),
        place=invocation.place,
        warnings=tuple(_state(reader, scan)),
        hints=invocation.hints,
        last_known=last_known(reader, scan, summary),
    )


def last_known(reader: Reader, scan: ScanRecord, summary: Summary) -> dict[str, LastKnown]:
    """Find what was concluded before this scan about the hosts that failed in it."""
    failed = [
        host for group in summary.groups if group.key.verdict is Verdict.UNKNOWN for host in group.hosts
    ]
    return {
        host: LastKnown(scan=item.scan_id, at=item.at, verdict=item.verdict, role=item.role)
        for host, item in reader.last_known(failed, before=scan.started).items()
    }


def _state(reader: Reader, scan: ScanRecord) -> Iterable[str]:
    if scan.state is not ScanState.RUNNING:
        return
    owner = reader.writing()
    if owner is None:
        yield "this scan was killed before it ended; its results so far are kept, --resume goes on"
    else:
        yield f"this scan may still be running: {owner} writes to the database"
