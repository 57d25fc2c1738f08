"""Which hosts a scan asks, decided before anything is sent: a new scan, one that goes on, or part of an earlier one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.command import typed, user
from orchestrator.cli.errors import UsageError
from orchestrator.cli.selecting import NoMatch, limited
from orchestrator.domain.record import ScanRecord
from orchestrator.report.words import folded
from orchestrator.version import VERSION

if TYPE_CHECKING:
    from inventory.model import Fleet, Host
    from orchestrator.store.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """What the options of `fleetcheck scan` ask for; checked against each other, not yet against the fleet."""

    inventory: Path
    inventory_named: bool = False  # by `-i`: then a suggested command has to repeat it
    database: str | None = None  # as `--db` has it
    limit: tuple[str, ...] = ()
    no_match: NoMatch = NoMatch.WARN
    mode: str = "auto"
    jobs: int = 64
    per_site: int = 0
    ramp_up: float = 200.0
    pace: float = 500.0
    canaries: bool = True
    timeout: float | None = None
    resume: int | None = None
    earlier: int | None = None  # --from
    only: frozenset[str] = frozenset()
    quiet: bool = False
    transport: str = "native"  # what `--transport` says


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanPlan:
    """The scan's record, the hosts to ask now, and what the user should know before they are. An id means: go on."""

    record: ScanRecord
    hosts: tuple[Host, ...]
    remarks: tuple[str, ...] = ()


def new_scan(request: ScanRequest, fleet: Fleet, hosts: Sequence[Host], *, script: str) -> ScanPlan:
    """Plan a scan of its own."""
    return ScanPlan(
        record=ScanRecord(
            id=None,
            started=datetime.now(UTC),
            mode=request.mode,
            inventory=str(request.inventory),
            inventory_digest=fleet.digest,
            selection=",".join(request.limit),
            hosts=tuple(host.name for host in hosts),
            command=typed(),
            user=user(),
            version=VERSION,
            script=script,
            fleet=fleet.name,
        ),
        hosts=tuple(hosts),
    )


def resumed_scan(request: ScanRequest, fleet: Fleet, reader: Reader) -> ScanPlan:
    """Plan to go on with a scan: hosts with a committed result, failed ones too, are not asked again.

    Raises UsageError where nothing is left to ask, StoreError for an unknown scan.
    """
    assert request.resume is not None  # noqa: S101  # the caller has looked
    record = reader.scan(request.resume)
    done = reader.done(request.resume)
    left = [name for name in record.hosts if name not in done]
    gone = [name for name in left if name not in fleet.hosts]
    hosts = tuple(fleet.hosts[name] for name in left if name in fleet.hosts)
    if not left:
        raise UsageError(f"scan {record.id} is complete: all {len(record.hosts)} hosts have a result")
    if not hosts:
        raise UsageError(f"scan {record.id}: none of the {len(left)} hosts left is in {fleet.path} any more")
    return ScanPlan(record=record, hosts=hosts, remarks=tuple(_changed(record, fleet, gone)))


def earlier_hosts(
    request: ScanRequest, fleet: Fleet, hosts: Sequence[Host], reader: Reader
) -> tuple[Host, ...]:
    """Choose among `hosts` those that `--from ID --only WHAT` means. Raises UsageError where there is none."""
    from orchestrator.domain.select_hosts import chosen

    assert request.earlier is not None  # noqa: S101  # the caller has looked
    record = reader.scan(request.earlier)
    names = set(chosen(request.only, hosts=record.hosts, records=reader.records(request.earlier)))
    found = tuple(host for host in hosts if host.name in names)
    if not found:
        what = f" and was {' or '.join(sorted(request.only))} there" if request.only else ""
        raise UsageError(f"no host that was selected in {fleet.path} was in scan {record.id}{what}")
    return found


def selected(request: ScanRequest, fleet: Fleet) -> tuple[Host, ...]:
    """Choose the hosts of `--limit`. Raises SelectionError, UsageError."""
    return limited(fleet, request.limit, request.no_match, quiet=request.quiet)


def _changed(record: ScanRecord, fleet: Fleet, gone: Sequence[str]) -> list[str]:
    remarks = []
    if fleet.digest != record.inventory_digest:
        remarks.append(f"{fleet.path} has changed since scan {record.id} began: its present settings count")
    if gone:
        names, more = folded(gone)
        remarks.append(
            f"no longer in the inventory, and not asked: {names}" + (f" and {more} more" if more else "")
        )
    return remarks
