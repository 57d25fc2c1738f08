"""What the database knows of a host or a scan, as the values that a screen or a document is made of."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.verdicts import Verdict
from orchestrator.cli.command import hints
from orchestrator.cli.errors import CommandError, UsageError
from orchestrator.cli.names import known_host, unknown_host
from orchestrator.domain.execution.tally import exit_code
from orchestrator.domain.outcome import Failed
from orchestrator.domain.record import HostRecord, ScanRecord, ScanState
from orchestrator.domain.repin.touched import SPEAKING, against
from orchestrator.domain.views.summary import Summariser, Summary
from orchestrator.report.hints import Hints
from orchestrator.report.host import Sighting
from orchestrator.report.summary import LastKnown, ScanReport

if TYPE_CHECKING:
    from orchestrator.store.reader import Reader


def scan_of(reader: Reader, scan_id: int | None) -> ScanRecord:
    """Give a scan, or the latest. Raises UnknownScanError, CommandError where there is none at all."""
    if scan_id is not None:
        return reader.scan(scan_id)
    latest = reader.latest_scan()
    if latest is None:
        raise CommandError("the database holds no scan yet: fleetcheck scan")
    return latest


def sighting(reader: Reader, host: str, scan_id: int | None, *, place: str, database: str | None) -> Sighting:
    """Give a host's result in a scan, else its latest one; where it failed, its last reading too.

    Raises UsageError where there is none, with the names that are near.
    """
    if scan_id is None:
        found = reader.latest(host) or reader.latest(stored_name(reader, host, place=place))
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
        hints=hints_of(scan, database),
    )


def stored_name(reader: Reader, host: str, *, place: str) -> str:
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


def scan_report_of(reader: Reader, scan: ScanRecord, *, database: str | None, place: str) -> ScanReport:
    """Sum up a stored scan; its records are read once and not kept."""
    assert scan.id is not None  # noqa: S101  # it came from the database
    summariser = Summariser(selected=len(scan.hosts))
    left = dict.fromkeys(scan.hosts)
    for record in reader.records(scan.id, whole=False):
        summariser.add(record)
        left.pop(record.host, None)
    summary = summariser.summary()
    typed = hints_of(scan, database)
    return ScanReport(
        scan=scan,
        summary=summary,
        not_started=tuple(left),
        code=exit_code(summary.counts, interrupted=scan.state is ScanState.INTERRUPTED),
        place=place,
        warnings=tuple(_state(reader, scan, typed)),
        hints=typed,
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


def _state(reader: Reader, scan: ScanRecord, hints: Hints) -> Iterable[str]:
    if scan.state is ScanState.RUNNING and scan.id is not None:
        owner = reader.runner(scan.id)
        yield f"this scan still runs: {owner}" if owner else "this scan has just ended: look again"
    elif scan.state is ScanState.KILLED:
        yield killed(scan, hints)


def killed(scan: ScanRecord, hints: Hints) -> str:
    """Say that a scan was killed, and what goes on with it."""
    typed = f"fleetcheck scan --resume {scan.id}{hints.inventory}{hints.database}"
    return f"scan {scan.id} was killed before it ended; its results so far are kept. Go on with it: {typed}"


def hints_of(scan: ScanRecord, database: str | None) -> Hints:
    """Make what a command about a stored scan has to repeat: `-i` where the inventory at hand is not the scan's."""
    at_hand = os.environ.get("FLEETCHECK_INVENTORY") or "fleet.yaml"
    named = scan.inventory and Path(scan.inventory) != Path(at_hand)
    return hints(database=database, inventory=Path(scan.inventory) if named else None)
