"""A plan put together as a person reads it: hosts grouped by what changes,
risks and reasons with the hosts they mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orchestrator.domain.approval.signatures import NONE, Approvals
from orchestrator.domain.repin.plan import LeftOut, Plan, PlannedHost, RoleChange
from orchestrator.domain.repin.planfile import digest
from orchestrator.domain.repin.waived import waived_words
from orchestrator.report.hints import Hints

NOTHING_TO_DO = "nothing to do"  # how the planner begins the reason of a host that needs no change: read last


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Hosts whose pins change in the same way for the same reason; `why` is a sentence,
    `values` counts writes.
    """

    roles: tuple[RoleChange, ...]
    why: str
    hosts: tuple[str, ...]
    values: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A sentence, and the hosts that it is about."""

    words: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What a scan is evidence for: how many hosts, and when the first and the last of them was read."""

    scan: int
    hosts: int
    oldest: datetime
    newest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A plan, whole, and its groups; the largest first.

    `file` is where it is, None where it was not written.
    """

    plan: Plan
    digest: str
    file: str | None
    changes: tuple[Change, ...]
    risks: tuple[Named, ...]
    left_out: tuple[Named, ...]
    waived: tuple[Named, ...]  # planned hosts by the waiver that the plan goes over
    evidence: tuple[Rest, ...]
    places: tuple[str, ...]  # the registry values that are written, in words
    sites: tuple[tuple[str | None, int], ...]
    approvals: Approvals = NONE  # who has signed it, so far
    hints: Hints = field(default_factory=Hints)
    typed: str = ""  # the command that made it, where that is known

    @property
    def values(self) -> int:
        """How many registry values may be set, at most."""
        return sum(change.values for change in self.changes)


def ticket(
    plan: Plan,
    *,
    file: str | None = None,
    hints: Hints | None = None,
    approvals: Approvals = NONE,
    typed: str = "",
) -> Ticket:
    """Put a plan's groups together. `typed` is the command that has made it just now."""
    return Ticket(
        plan=plan,
        digest=digest(plan),
        file=file,
        changes=tuple(_changes(plan.hosts)),
        risks=_named((risk, host.host) for host in plan.hosts for risk in host.risks),
        left_out=_named((reason(left), left.host) for left in plan.left_out),
        waived=_named((waived_words(each), each.host) for each in plan.waived),
        evidence=tuple(_evidence(plan.hosts)),
        places=tuple(dict.fromkeys(place for host in plan.hosts for place in _places(host))),
        sites=_sites(plan.hosts),
        approvals=approvals,
        hints=hints or Hints(),
        typed=typed,
    )


def reason(left: LeftOut) -> str:
    """Return a left-out host's reason without its name, so that hosts left out alike stand together."""
    return left.reason.replace(f"--limit {left.host}", "--limit HOST")


def role_words(roles: Sequence[RoleChange]) -> str:
    """Write what changes: `primary 2147 -> 443, backup stays 443`; roles that change alike are joined."""
    alike: dict[tuple[int, int], list[str]] = {}
    for role in roles:
        alike.setdefault((role.old, role.new), []).append(role.role)
    return ", ".join(
        f"{' and '.join(names)} {f'stays {old}' if old == new else f'{old} -> {new}'}"
        for (old, new), names in alike.items()
    )


def expiry(plan: Plan, now: datetime) -> timedelta:
    """Say how long the plan is still good for; negative: it has expired."""
    return plan.expires - now


def _changes(hosts: Iterable[PlannedHost]) -> Iterator[Change]:
    alike: dict[tuple[tuple[RoleChange, ...], str], list[PlannedHost]] = {}
    for host in hosts:
        alike.setdefault((host.roles, host.why), []).append(host)
    for (roles, why), found in sorted(alike.items(), key=lambda item: -len(item[1])):
        values = sum(target.expected != target.new for host in found for target in host.targets)
        yield Change(roles=roles, why=why, hosts=tuple(host.host for host in found), values=values)


def _named(pairs: Iterable[tuple[str, str]]) -> tuple[Named, ...]:
    alike: dict[str, list[str]] = {}
    for words, host in pairs:
        alike.setdefault(words, []).append(host)
    ordered = sorted(alike.items(), key=lambda item: (item[0].startswith(NOTHING_TO_DO), -len(item[1])))
    return tuple(Named(words=words, hosts=tuple(hosts)) for words, hosts in ordered)


def _evidence(hosts: Iterable[PlannedHost]) -> Iterator[Rest]:
    read: dict[int, list[datetime]] = {}
    for host in hosts:
        for each in host.evidence:
            read.setdefault(each.scan, []).append(each.read)
    for scan, times in sorted(read.items(), reverse=True):
        yield Rest(scan=scan, hosts=len(times), oldest=min(times), newest=max(times))


def _places(host: PlannedHost) -> Iterator[str]:
    for target in host.targets:
        yield f"HKLM\\{host.key}\\{target.value} ({target.kind}, {target.view}-bit view)"


def _sites(hosts: Iterable[PlannedHost]) -> tuple[tuple[str | None, int], ...]:
    counts: dict[str | None, int] = {}
    for host in hosts:
        counts[host.site] = counts.get(host.site, 0) + 1
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0] or "")))
