"""Edges: a host whose verdict differs from what was last told of it. Pure.

Not from the last scan: what was never told, because a scan was not for this reader, is still to be told. A
host that could not be probed once is no news yet: `unknown` is an edge only when so many scans in a row say
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from inventory.verdicts import Verdict

OK = Verdict.OK.value
UNKNOWN = Verdict.UNKNOWN.value
UNKNOWN_AFTER = 2  # scans in a row


@dataclass(frozen=True, slots=True)
class Told:
    """What was last told of a host, and how many of its newest results in a row are `unknown`: no more are
    counted than it takes to tell.
    """

    label: str
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Edge:
    """A host, what was told of it before (None: nothing ever), and what is to be told now."""

    host: str
    before: str | None
    after: str


def label_of(verdict: str, role: str | None, waived: str | None) -> str:
    """Write what a result comes to for a reader: the verdict with its role; what is waived counts as ok."""
    if waived is not None:
        return OK
    return f"{verdict} ({role})" if role else verdict


def verdict_of(label: str) -> Verdict:
    """Return the verdict of a label without its role."""
    return Verdict(label.partition(" (")[0])


def first(label: str) -> Told:
    """Return what is told of a host by the baseline: what it is, and nothing of its past."""
    return Told(label, int(label == UNKNOWN))


def observe(told: Told | None, label: str, *, unknown_after: int) -> tuple[Told, str | None]:
    """Take one more result of a host into account.

    `told` is None for a host of which nothing was ever told. The second part is the label to tell, None for
    no news.
    A host that turns up and is well is no news, and counts as told.
    """
    known = told or Told(OK)
    if label == UNKNOWN:
        streak = min(known.unknown + 1, unknown_after)
        if streak < unknown_after or known.label == UNKNOWN:
            return Told(known.label, streak), None
        return Told(UNKNOWN, streak), UNKNOWN
    return Told(label), None if label == known.label else label


def edges(
    labels: Mapping[str, str], told: Mapping[str, Told], *, unknown_after: int = UNKNOWN_AFTER
) -> tuple[dict[str, Told], tuple[Edge, ...]]:
    """Take a scan's results (label by host) into account, by what was told before.

    Return what counts as told once the edges are, of the hosts of which that changed, and the edges by host.
    """
    changed: dict[str, Told] = {}
    found = []
    for host in sorted(labels):
        before = told.get(host)
        after, news = observe(before, labels[host], unknown_after=unknown_after)
        if after != before:
            changed[host] = after
        if news is not None:
            found.append(Edge(host, before.label if before else None, news))
    return changed, tuple(found)


def over(
    histories: Iterable[tuple[str, Iterable[str], Iterable[str]]], *, unknown_after: int = UNKNOWN_AFTER
) -> tuple[Edge, ...]:
    """Find what changed over a time: of each host its labels before it and within it, oldest first.

    What came and went again within the time is no edge.
    """
    found = []
    for host, earlier, later in histories:
        told: Told | None = None
        for label in earlier:
            told = first(label) if told is None else observe(told, label, unknown_after=unknown_after)[0]
        now = told
        for label in later:
            now = first(label) if now is None else observe(now, label, unknown_after=unknown_after)[0]
        if now is None or (told.label if told else OK) == now.label:
            continue
        found.append(Edge(host, told.label if told else None, now.label))
    return tuple(sorted(found, key=lambda edge: edge.host))
