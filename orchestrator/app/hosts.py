"""What the database knows of one host: its result in a scan, and its history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestrator.app.errors import UsageError
from orchestrator.app.names import known_host, unknown_host
from orchestrator.domain.outcome import Failed
from orchestrator.domain.record import HostRecord
from orchestrator.domain.repin.touched import SPEAKING, against
from orchestrator.report.host import Sighting

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.standing import Standing
    from orchestrator.store.reader import Reader

_RESULTS = 1000  # of a host, the newest: years of daily scans


def host_history(invocation: Invocation, host: str) -> tuple[Standing, ...]:
    """Return a host's results in all scans, newest first.

    Raises UsageError where there is none, StoreError.
    """
    with invocation.reader() as reader:
        results = tuple(reader.history(host, _RESULTS))
        return results or tuple(reader.history(_stored_name(reader, host, invocation), _RESULTS))


def sighting(invocation: Invocation, host: str, scan_id: int | None) -> Sighting:
    """Return a host's result in a scan, else its latest one; where it failed, its last reading too.

    Raises UsageError where there is none, with the names that are near; StoreError.
    """
    with invocation.reader() as reader:
        return _sighting(invocation, reader, host, scan_id)


def _sighting(invocation: Invocation, reader: Reader, host: str, scan_id: int | None) -> Sighting:
    place = invocation.place
    if scan_id is None:
        found = reader.latest(host) or reader.latest(_stored_name(reader, host, invocation))
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
            raise UsageError(unknown_host(host, scan.hosts, f"scan {scan_id}", invocation.hints))
        record = records[0]
    failed = isinstance(record.outcome, Failed)
    return Sighting(
        scan=scan,
        record=record,
        last=reader.latest(host, probed=True) if failed else None,
        since=_since(reader, record),
        hints=invocation.hints_of(scan),
    )


def _stored_name(reader: Reader, host: str, invocation: Invocation) -> str:
    """Find under which name the database has results of a host, whatever its case.

    Raises UsageError for none.

    It reads every host's name: for a name that was not found as it is.
    """
    known = reader.hosts()
    name = known_host(host, known)
    if name is None:
        raise UsageError(unknown_host(host, known, f"database {invocation.place}", invocation.hints))
    return name


def _since(reader: Reader, record: HostRecord) -> str | None:
    """Say what the journal has done to the host after this result; None for nothing."""
    rows = reader.in_states(*SPEAKING, hosts=[record.host])
    at_work = reader.at_work(rows)
    return against(rows, read=record.outcome.trace.ended, now=datetime.now(UTC), at_work=at_work)
