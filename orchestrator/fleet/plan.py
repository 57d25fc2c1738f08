"""What a scan is about to do: a new one, one that goes on where it was killed, or a new one over a part of an old one.

Pure: nothing is read or written here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory.model import Fleet, Host
from orchestrator.domain.record import HostRecord, ScanRecord
from orchestrator.domain.select_hosts import chosen
from orchestrator.remote.probe import probe_script
from orchestrator.version import VERSION

_SHOWN = 10  # names in one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A scan's record, the hosts that are to be asked, in order, and what the user has to know before."""

    record: ScanRecord
    hosts: tuple[Host, ...]
    remarks: tuple[str, ...] = ()


def new_scan(
    fleet: Fleet,
    hosts: Sequence[Host],
    *,
    mode: str,
    selection: str,
    command: str,
    user: str,
    started: datetime,
) -> Plan:
    """Plan a new scan of the selected hosts."""
    record = ScanRecord(
        id=None,
        started=started,
        mode=mode,
        inventory=str(fleet.path),
        inventory_digest=fleet.digest,
        selection=selection,
        hosts=tuple(host.name for host in hosts),
        command=command,
        user=user,
        version=VERSION,
        script=probe_script().sha256,
    )
    return Plan(record=record, hosts=tuple(hosts))


def resumed(scan: ScanRecord, fleet: Fleet, done: Collection[str]) -> Plan:
    """Plan the rest of a scan: its hosts without a committed result (a failed host has one), as the inventory is now.

    Hosts that have left the inventory since stay without a result; they are said, and so is a changed inventory.
    """
    rest = [name for name in scan.hosts if name not in done]
    remarks = []
    if fleet.digest != scan.inventory_digest:
        remarks.append(
            f"the inventory has changed since scan {scan.id} began ({scan.inventory}): "
            f"the hosts that are left are asked as {fleet.path} says now"
        )
    if scan.script != probe_script().sha256:
        remarks.append(
            f"the probe has changed since scan {scan.id} began: its results come from two versions"
        )
    gone = [name for name in rest if name not in fleet.hosts]
    if gone:
        remarks.append(f"no longer in the inventory, so not asked: {names(gone)}")
    hosts = tuple(fleet.hosts[name] for name in rest if name in fleet.hosts)
    return Plan(record=scan, hosts=hosts, remarks=tuple(remarks))


def part_of(scan: ScanRecord, fleet: Fleet, records: Iterable[HostRecord], only: frozenset[str]) -> Plan:
    """Choose the hosts for a new scan by what became of them in an earlier one (`--from ID --only WHAT`).

    The record that comes back is the earlier scan's: `new_scan` makes the new one of the hosts.
    """
    wanted = chosen(only, hosts=scan.hosts, records=records)
    gone = [name for name in wanted if name not in fleet.hosts]
    return Plan(
        record=scan,
        hosts=tuple(fleet.hosts[name] for name in wanted if name in fleet.hosts),
        remarks=(f"no longer in the inventory, so not asked: {names(gone)}",) if gone else (),
    )


def names(hosts: Sequence[str]) -> str:
    """Write host names as a part of a sentence, the first ten and how many more."""
    more = f" and {len(hosts) - _SHOWN} more" if len(hosts) > _SHOWN else ""
    return ", ".join(hosts[:_SHOWN]) + more
