"""What an execution (one process's work on many hosts) works with, and what its hosts share."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from orchestrator.domain.record import HostRecord, ScanRecord, ScanState
from orchestrator.fleet.admission.gate import Gate
from orchestrator.fleet.admission.host_secrets import HostSecrets
from orchestrator.fleet.admission.pace import Pace
from orchestrator.fleet.admission.queue import HostQueue
from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.control.events import HostEvent
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.options import ScanOptions
from orchestrator.remote.session import Logon, Transport


class Writer(Protocol):
    """What a scan needs of `orchestrator.store.writer.Writer`. Each method raises StoreError."""

    async def begin_scan(self, scan: ScanRecord, /) -> int:
        """Write the scan's row; return its id."""

    async def put(self, scan_id: int, record: HostRecord, /) -> None:
        """Store a record; wait until it is committed."""

    def flush(self) -> None:
        """Commit what was put so far without waiting for more to come; raise nothing."""

    async def end_scan(self, scan_id: int, state: ScanState, ended: datetime, /) -> None:
        """Write how the scan ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What an execution works with, and does not close.

    `logons` gives a credential's logon by its name; it may raise what the user has to read (SecretError).
    """

    transport: Transport
    writer: Writer
    logons: Callable[[str | None], Logon]
    clock: Clock
    chance: random.Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What the hosts of one execution share."""

    options: ScanOptions
    transport: Transport
    secrets: HostSecrets
    gate: Gate
    queue: HostQueue
    pace: Pace
    clock: Clock
    chance: random.Random
    stop: StopRequest
    emit: Callable[[HostEvent], None]
