"""What the database knows of scans, as the values that a screen or a document is made of; nobody is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.verdicts import Verdict
from orchestrator.app.errors import CommandError
from orchestrator.app.names import killed
from orchestrator.domain.execution.select_hosts import NOT_STARTED, states_of
from orchestrator.domain.execution.tally import Tally, exit_code
from orchestrator.domain.record import ScanRecord, ScanState
from orchestrator.domain.repin.journal import State
from orchestrator.domain.views.brief import Brief
from orchestrator.domain.views.summary import Summariser, Summary
from orchestrator.report.summary import LastKnown, Outline, ScanOutline, ScanReport
from orchestrator.report.words import listed

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.report.hints import Hints
    from orchestrator.store.scan_reader import ScanReader


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResults:
    """A scan in counts, and the results of the hosts that were chosen, which are read as they are taken.

    `summed` gives the scan's report, for which all its results are read once more.
    """

    outline: Outline
    summed: Callable[[], ScanReport]
    records: Iterator[Brief]
    not_started: tuple[str, ...]


def scans(invocation: Invocation, limit: int) -> tuple[ScanRecord, ...]:
    """Return the newest scans, newest first. Raises StoreError."""
    with invocation.scan_reader() as reader:
        return reader.scans(limit)


@contextmanager
def stored_scan(
    invocation: Invocation, scan_id: int | None, only: frozenset[str], *, logons: bool
) -> Iterator[ScanResults]:
    """Open a scan, or the latest; its results can be read while the block runs.

    `logons`: with what the logons used. Raises StoreError, CommandError.
    """
    with invocation.scan_reader() as reader:
        scan = scan_of(reader, scan_id)
        outline = outline_of(invocation, reader, scan)
        records = reader.briefs(scan.id or 0, logons=logons)
        yield _results(records, outline, lambda: scan_report_of(invocation, reader, scan), only)


@contextmanager
def results_of(invocation: Invocation, report: ScanReport, *, logons: bool) -> Iterator[ScanResults]:
    """Open a scan whose report is at hand; its results can be read while the block runs.

    `logons` as for `stored_scan`. Raises StoreError.
    """
    with invocation.scan_reader() as reader:
        records = reader.briefs(report.scan.id or 0, logons=logons)
        yield _results(records, report, lambda: report, frozenset())


def _results(
    records: Iterator[Brief], outline: Outline, summed: Callable[[], ScanReport], only: frozenset[str]
) -> ScanResults:
    """Return the scan's results that `only` means, all for none, and the hosts without one."""
    missing = outline.not_started
    if only:
        records = (
            each
            for each in records
            if only & states_of(each.judgement.verdict, waived=each.waived is not None)
        )
        missing = missing if NOT_STARTED in only else ()
    return ScanResults(outline=outline, summed=summed, records=records, not_started=missing)


def outline_of(invocation: Invocation, reader: ScanReader, scan: ScanRecord) -> ScanOutline:
    """Count a stored scan without reading its results."""
    assert scan.id is not None  # noqa: S101  # it came from the database
    tally, left = Tally(len(scan.hosts)), dict.fromkeys(scan.hosts)
    for host, verdict, waived in reader.verdicts(scan.id):
        tally.add(verdict, waived=waived)
        left.pop(host, None)
    counts = tally.counts()
    return ScanOutline(
        scan=scan,
        counts=counts,
        not_started=tuple(left),
        code=exit_code(counts, interrupted=scan.state is ScanState.INTERRUPTED),
        hints=invocation.hints_of(scan),
    )


def scan_of(reader: ScanReader, scan_id: int | None) -> ScanRecord:
    """Return a scan, or the latest. Raises UnknownScanError, CommandError where there is none at all."""
    if scan_id is not None:
        return reader.scan(scan_id)
    latest = reader.latest_scan()
    if latest is None:
        raise CommandError("the database holds no scan yet: fleetcheck scan")
    return latest


def scan_report_of(invocation: Invocation, reader: ScanReader, scan: ScanRecord) -> ScanReport:
    """Sum up a stored scan; its records are read once and not kept."""
    assert scan.id is not None  # noqa: S101  # it came from the database
    summariser = Summariser(selected=len(scan.hosts))
    left = dict.fromkeys(scan.hosts)
    for record in reader.records(scan.id, whole=False):
        summariser.add(record)
        left.pop(record.host, None)
    summary = summariser.summary()
    typed = invocation.hints_of(scan)
    return ScanReport(
        scan=scan,
        summary=summary,
        not_started=tuple(left),
        code=exit_code(summary.counts, interrupted=scan.state is ScanState.INTERRUPTED),
        place=invocation.place,
        warnings=tuple(_state(invocation, reader, scan, typed)),
        hints=typed,
        last_known=last_known(reader, scan, summary),
    )


def last_known(reader: ScanReader, scan: ScanRecord, summary: Summary) -> dict[str, LastKnown]:
    """Find what was concluded before this scan about the hosts that failed in it."""
    failed = [
        host for group in summary.groups if group.key.verdict is Verdict.UNKNOWN for host in group.hosts
    ]
    return {
        host: LastKnown(scan=item.scan_id, at=item.at, verdict=item.verdict, role=item.role)
        for host, item in reader.last_known(failed, before=scan.started).items()
    }


def _state(invocation: Invocation, reader: ScanReader, scan: ScanRecord, hints: Hints) -> Iterable[str]:
    if scan.state is ScanState.RUNNING and scan.id is not None:
        owner = reader.runner(scan.id)
        yield f"this scan still runs: {owner}" if owner else "this scan has just ended: look again"
    elif scan.state is ScanState.KILLED:
        yield killed(scan, hints)
    written, touched = _repinned(invocation, scan)
    if written:
        yield f"re-pinned since, so what this scan says of them is old (`fleetcheck report`): {written}"
    if touched:
        yield (
            "a re-pin was at work since at these hosts, so what this scan says of them may be old "
            f"(`fleetcheck report`): {touched}"
        )


def _repinned(invocation: Invocation, scan: ScanRecord) -> tuple[str, str]:
    """Name the scan's hosts that were re-pinned afterwards, and those where a re-pin that began ended
    otherwise, or has not ended. The journal is asked once.
    """
    from orchestrator.domain.repin.journal import WROTE
    from orchestrator.domain.repin.touched import SPEAKING

    after, hosts = scan.ended or scan.started, set(scan.hosts)
    with invocation.reader() as journal:
        newest = journal.newest_in(*(SPEAKING - {State.HANDED_OUT}))
    touched = [each for each in newest if each.changed > after and each.host in hosts]
    return (
        listed(sorted(each.host for each in touched if each.state in WROTE)),
        listed(sorted(each.host for each in touched if each.state not in WROTE)),
    )
