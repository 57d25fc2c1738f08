"""The plan of a re-pin as values: which hosts, from which pins to which, why, and who is left out.

`orchestrator.domain.repin.planner` makes one, `orchestrator.domain.repin.planfile` writes and reads its file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

NEWEST = 2  # version of a plan's file


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTarget:
    """One registry value to be changed.

    `expected` and `new` are exact data as text: decimal digits for DWORD and QWORD (unsigned), the text
    itself for SZ and EXPAND_SZ (unexpanded).
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

    `facts` are its resolved inventory settings as `digest.host_facts` gives them, of a version 1 file their
    digest alone. `key` is the registry key that the values are under (no hive); `why` and `risks` are
    sentences. `verdict` is what was concluded about it when it was planned, None in an undo and in a version
    1 file.
    """

    host: str
    address: str
    port: int
    site: str | None
    facts: Mapping[str, Any] | str
    key: str
    computer: str
    machine_id: str
    roles: tuple[RoleChange, ...]
    targets: tuple[WriteTarget, ...]
    evidence: tuple[Evidence, ...]
    why: str
    risks: tuple[str, ...] = ()
    verdict: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A host of the selection that the plan does not touch, and why, with what to do about it."""

    host: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaivedHost:
    """A planned host whose verdict was waived when it was planned, and that waiver;
    `until` is its last day.
    """

    host: str
    verdict: str
    reason: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole plan. `force_closed` is the reason given for ports that the evidence does not show open, else
    None.

    `undoes` is the run whose writes this plan takes back, else None. `script` is the SHA-256 of `repin.ps1`.
    `include_waived` is the reason given for planning hosts with a waived verdict, else None; `waived` names
    them. `credential` is the inventory's credential that the plan is to be applied with, None: each host's
    own. `file_version` is that of the file that holds it.
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
    include_waived: str | None = None
    waived: tuple[WaivedHost, ...] = ()
    credential: str | None = None
    file_version: int = NEWEST


def same_change(one: Plan, other: Plan) -> bool:
    """Whether two plans are the same but for when, by whom and by which fleetcheck they were made."""
    made = {
        key: getattr(one, key)
        for key in ("id", "created", "expires", "user", "version", "script", "inventory", "inventory_digest")
    }
    return replace(other, **made) == one
