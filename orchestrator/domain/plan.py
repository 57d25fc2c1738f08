"""The plan of a re-pin as values: which hosts, from which pins to which, why, and who is left out.

`orchestrator.domain.planner` makes one, `orchestrator.domain.planfile` writes and reads its file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTarget:
    """One registry value to be changed.

    `expected` and `new` are exact data as text: decimal digits for DWORD and QWORD (unsigned), the text itself for
    SZ and EXPAND_SZ (unexpanded).
    """

    view: int  # 64 or 32
    value: str
    kind: str
    expected: str
    new: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChange:
    """A role's pin before and after; `old == new` where only the other role changes."""

    role: str
    old: int
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The scan that a host's change rests on, and when that host was read."""

    scan: int
    read: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedHost:
    """One host to be re-pinned.

    `facts` is the digest of its resolved inventory settings; `key` the registry key that the values are under (no
    hive); `why` and `risks` are sentences.
    """

    host: str
    address: str
    port: int
    site: str | None
    facts: str
    key: str
    computer: str
    machine_id: str
    roles: tuple[RoleChange, ...]
    targets: tuple[WriteTarget, ...]
    evidence: tuple[Evidence, ...]
    why: str
    risks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A host of the selection that the plan does not touch, and why, with what to do about it."""

    host: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole plan. `force_closed` is the reason given for ports that the evidence does not show open, else None.

    `undoes` is the run whose writes this plan takes back, else None. `script` is the SHA-256 of `repin.ps1`.
    """

    id: str
    created: datetime
    expires: datetime
    policy: str
    selection: str
    inventory: str
    inventory_digest: str
    script: str
    version: str
    user: str
    hosts: tuple[PlannedHost, ...]
    left_out: tuple[LeftOut, ...]
    force_closed: str | None = None
    undoes: str | None = None
