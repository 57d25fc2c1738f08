"""One message to one target about one scan: like hosts grouped, the worst first, the resolved last. Pure."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from orchestrator.domain.notices.edges import OK, Edge, verdict_of

NAMES = 100  # of a group's hosts; the others are a count
GROUPS = 50  # that a message lists; the others are a count


class NoticeKind(enum.StrEnum):
    """What a message is about."""

    BASELINE = "baseline"  # the first scan that a target is told of: counts, no edges
    CHANGES = "changes"
    TEST = "test"  # nothing: somebody looks whether it arrives


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeGroup:
    """Hosts that were told as `before` (None: never) and are `after` now; `more` of them are not named."""

    before: str | None
    after: str
    hosts: tuple[str, ...]
    more: int = 0

    @property
    def count(self) -> int:
        """How many hosts it has."""
        return len(self.hosts) + self.more

    @property
    def resolved(self) -> bool:
        """Whether they are well again."""
        return self.after == OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message. `id` is unique for ever, and the same each time it is sent; `at` is when it was made, aware
    UTC.

    `counts` has the scan's hosts by label. `scan` is None for a test. `more_groups` are not listed.
    """

    id: str
    target: str
    kind: NoticeKind
    at: datetime
    scan: int | None = None
    fleet: str = ""
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    groups: tuple[NoticeGroup, ...] = ()
    more_groups: int = 0

    @property
    def hosts(self) -> int:
        """How many hosts the scan read or tried."""
        return sum(self.counts.values())


def counts_of(labels: Iterable[str]) -> dict[str, int]:
    """Count hosts by label, the worst first."""
    counted = Counter(labels)
    return {label: counted[label] for label in sorted(counted, key=_severity)}


def grouped(edges: Iterable[Edge], *, names: int | None = NAMES) -> tuple[NoticeGroup, ...]:
    """Group edges that are alike: the worst first, the resolved last, of like ones the larger first.

    So many `names` of a group are listed, None: all.
    """
    found: dict[tuple[str | None, str], list[str]] = {}
    for edge in edges:
        found.setdefault((edge.before, edge.after), []).append(edge.host)
    order = sorted(found.items(), key=lambda item: (_severity(item[0][1]), -len(item[1]), item[0][0] or ""))
    return tuple(
        NoticeGroup(
            before=before,
            after=after,
            hosts=tuple(hosts[:names]),
            more=0 if names is None else max(0, len(hosts) - names),
        )
        for (before, after), hosts in order
    )


def _severity(label: str) -> tuple[bool, int, str]:
    return label == OK, verdict_of(label).severity, label
