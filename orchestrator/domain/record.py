"""One host of one scan, whole: what was asked, what came back, what it means.

Stored, loaded and reported as this.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from inventory.model import Profile
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRecord:
    """A host's result in a scan. `waived` is the waiver's reason where one covers the verdict.

    `desired` and `gateways` are the inventory's words at the time of the scan, by role.
    """

    host: str
    address: str
    port: int
    profile: Profile
    outcome: Outcome
    judgement: Judgement
    site: str | None = None
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    desired: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    gateways: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    repin: str = "allow"
    via: str | None = None  # the proxy or jump host that it was reached by
    waived: str | None = None


class ScanState(enum.StrEnum):
    """How a scan stands. `running` with no process behind it was killed: `scan --resume` goes on with it."""

    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    KILLED = "killed"  # never stored: nobody was left to store it


PORTS = "ports"
"""The mode of a scan that a plan asked for: it tries the pins and the ports that the plan is about.

It is evidence for such a plan, and no report takes it for what is known of a host.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRecord:
    """One pass over selected hosts.

    `id` is None until the database gave one. `hosts` are the selected names, in order.
    """

    id: int | None
    started: datetime
    mode: str
    inventory: str  # path as given
    inventory_digest: str
    selection: str  # the --limit expression, empty: all
    hosts: tuple[str, ...]
    command: str
    user: str
    version: str
    script: str  # SHA-256 of the probe
    state: ScanState = ScanState.RUNNING
    ended: datetime | None = None
    fleet: str | None = None  # its name, where the inventory gives one

    @property
    def partial(self) -> bool:
        """Whether it was meant for a part of the inventory alone: by `--limit`,
        or by `--from` an earlier scan.
        """
        return bool(self.selection) or any(
            word == "--from" or word.startswith("--from=") for word in self.command.split()
        )
