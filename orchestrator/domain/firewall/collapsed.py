"""Firewall rows of many hosts as one row per subnet that the inventory names. Pure.

What lies in no subnet of its host stays exact. A subnet is asked for as a whole; it is given up as a whole
only where nobody in it may need the port: a host whose address nobody knows may be in any network that is
named for it.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestrator.domain.firewall.firewall import Action, FirewallRow, Needed, Why
from orchestrator.domain.firewall.subnets import Subnets, parsed_address
from orchestrator.domain.judgement import Belief

Span = tuple[int, int, int]
"""The version of a network, its first and its last address as numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollapsedRows:
    """What several hosts' rows come to: from a subnet, or from an exact address (`subnet` is false).

    `hosts` are the hosts that it covers, by name; `found` counts what they believe; `why` is empty to remove.
    """

    source: str
    subnet: bool
    destination: str
    port: int
    action: Action
    found: Mapping[Belief, int]
    why: tuple[Why, ...]
    hosts: tuple[str, ...]
    sites: tuple[str, ...]


def collapse(
    rows: Iterable[FirewallRow], subnets: Subnets, needed: Iterable[Needed] = ()
) -> tuple[CollapsedRows, ...]:
    """Merge rows: those to permit first, then by site, subnets before exact addresses, destination and port.

    `needed` says what every host may need, also those that have no row.
    """
    exact = list(rows)
    spots = _needed(exact, needed, subnets)
    bins: defaultdict[tuple[Action, str, bool, str, int], list[FirewallRow]] = defaultdict(list)
    for row in exact:
        around = subnets.around(row.host, row.source)
        if around is not None and row.action is Action.REMOVE:
            maybe = (spots.get((place, row.port)) for place in (row.destination, None))
            around = None if any(each and each.within(around) for each in maybe) else around
        key = row.action, around or row.source, around is not None, row.destination, row.port
        bins[key].append(row)
    merged = [_merged(source, same, subnet=subnet) for (_, source, subnet, *_), same in bins.items()]
    return tuple(sorted(merged, key=_order))


def _merged(source: str, rows: list[FirewallRow], *, subnet: bool) -> CollapsedRows:
    beliefs = {row.host: row.found for row in rows}
    return CollapsedRows(
        source=source,
        subnet=subnet,
        destination=rows[0].destination,
        port=rows[0].port,
        action=rows[0].action,
        found=Counter(beliefs.values()),
        why=tuple(why for why in Why if any(row.why is why for row in rows)),
        hosts=tuple(sorted(beliefs)),
        sites=tuple(sorted({row.site for row in rows})),
    )


def _needed(
    rows: Iterable[FirewallRow], needed: Iterable[Needed], subnets: Subnets
) -> Mapping[tuple[str | None, int], _From]:
    """Return from where each place, destination (None: any) and port, may be needed."""
    found: defaultdict[tuple[str | None, int], set[Span]] = defaultdict(set)
    for row in rows:
        if row.action is Action.PERMIT:
            found[row.destination, row.port].update(_spans([row.source]))
    for each in needed:
        spans = _spans(each.sources) or _spans(subnets.of(each.host))
        for place in each.places:
            found[place].update(spans)
    return {place: _From(spans) for place, spans in found.items()}


def _spans(texts: Iterable[str]) -> list[Span]:
    """Return the first and the last number of addresses and networks; names have none."""
    networks = [ipaddress.ip_network(text) for text in texts if parsed_address(text.partition("/")[0])]
    return [(each.version, int(each.network_address), int(each.broadcast_address)) for each in networks]


class _From:
    """Addresses, and the few networks of hosts whose address nobody knows."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._sorted = sorted(spans)
        self._wide = [span for span in self._sorted if span[1] != span[2]]

    def within(self, subnet: str) -> bool:
        """Tell whether any of them has a part in a network."""
        ((version, first, last),) = _spans([subnet])
        place = bisect_left(self._sorted, (version, first, 0))
        if place < len(self._sorted) and self._sorted[place][:2] <= (version, last):
            return True
        return any(v == version and one <= last and other >= first for v, one, other in self._wide)


def _order(merged: CollapsedRows) -> tuple[object, ...]:
    address = parsed_address(merged.source.partition("/")[0])
    number = (address.version, int(address)) if address is not None else (0, 0)
    where = merged.destination, merged.port
    return merged.action, merged.sites, not merged.subnet, number, merged.source, where
