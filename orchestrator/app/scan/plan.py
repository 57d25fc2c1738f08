"""Which hosts a scan asks, decided on values before anything is sent.

A new scan, one that goes on, or part of one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.sources.source import Sources
from inventory.verdicts import Verdict
from orchestrator.app.errors import UsageError
from orchestrator.app.select import NoMatch
from orchestrator.app.watching import NOTHING, WatchRequest
from orchestrator.domain.record import PORTS, ScanRecord
from orchestrator.report.words import folded
from orchestrator.version import VERSION

if TYPE_CHECKING:
    from inventory.model import Fleet, Host
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.notices.subscription import Subscription
    from orchestrator.domain.repin.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """What is asked of a scan; its parts fit each other, and are not yet held against the fleet.

    `timeout` is in seconds, None: the inventory's. `resume` and `earlier` are ids of scans.
    """

    inventory: Sources
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
    transport: str = "native"  # what `--transport` says
    watch: WatchRequest = NOTHING
    notify: tuple[Subscription, ...] = ()  # who is told what changed
    ask_pass: bool = False
    via_sites: bool = False
    hub: Path | None = None  # the hub's folder, where `--hub` names one
    policy: Policy | None = None  # of the plan that asks for this scan, whose ports alone are tried


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanPlan:
    """The scan's record, the hosts to ask now, and what the user should know before they are.

    An id means: go on.
    """

    record: ScanRecord
    hosts: tuple[Host, ...]
    remarks: tuple[str, ...] = ()


def new_scan(
    invocation: Invocation,
    request: ScanRequest,
    fleet: Fleet,
    hosts: Sequence[Host],
    *,
    script: str,
    now: datetime,
) -> ScanPlan:
    """Plan a scan of its own. `script` is the SHA-256 (hex) of the probe."""
    return ScanPlan(
        record=ScanRecord(
            id=None,
            started=now,
            mode=request.mode,
            inventory=fleet.named,
            inventory_digest=fleet.digest,
            selection=",".join(request.limit),
            hosts=tuple(host.name for host in hosts),
            command=invocation.command,
            user=invocation.user,
            version=VERSION,
            script=script,
            fleet=fleet.name,
        ),
        hosts=tuple(hosts),
    )


def resumed_scan(record: ScanRecord, done: Collection[str], fleet: Fleet) -> ScanPlan:
    """Plan to go on with a scan: hosts that are `done`, failed ones too, are not asked again.

    Raises UsageError where nothing is left to ask.
    """
    if record.mode == PORTS:
        raise UsageError(
            f"scan {record.id} tried a plan's ports alone: `fleetcheck repin plan --ask` asks its hosts anew"
        )
    left = [name for name in record.hosts if name not in done]
    gone = [name for name in left if name not in fleet.hosts]
    hosts = tuple(fleet.hosts[name] for name in left if name in fleet.hosts)
    if not left:
        raise UsageError(f"scan {record.id} is complete: every host has a result")
    if not hosts:
        raise UsageError(f"scan {record.id}: no host that it left is in {fleet.shown} any more")
    return ScanPlan(record=record, hosts=hosts, remarks=tuple(_changed(record, fleet, gone)))


def earlier_hosts(
    only: frozenset[str],
    fleet: Fleet,
    hosts: Sequence[Host],
    record: ScanRecord,
    results: Iterable[tuple[str, Verdict, bool]],
) -> tuple[Host, ...]:
    """Choose among `hosts` those that an earlier scan had, and that `only` means.

    Raises UsageError for none.
    """
    from orchestrator.domain.execution.select_hosts import chosen

    names = set(chosen(only, hosts=record.hosts, results=results))
    found = tuple(host for host in hosts if host.name in names)
    if not found:
        what = f" and was {' or '.join(sorted(only))} there" if only else ""
        raise UsageError(f"no host that was selected in {fleet.shown} was in scan {record.id}{what}")
    return found


def _changed(record: ScanRecord, fleet: Fleet, gone: Sequence[str]) -> list[str]:
    remarks = []
    if fleet.digest != record.inventory_digest:
        remarks.append(f"{fleet.shown} has changed since scan {record.id} began: its present settings count")
    if gone:
        names, more = folded(gone)
        remarks.append(
            f"no longer in the inventory, and not asked: {names}" + (f" and {more} more" if more else "")
        )
    return remarks
