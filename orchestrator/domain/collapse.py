"""Firewall rows of many hosts as one row per subnet that the inventory names. Pure.

What lies in no subnet of its host stays exact. A subnet is asked for as a whole; it is given up as a whole only where
nobody in it needs the port.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestrator.domain.firewall import Action, Row, Why
from orchestrator.domain.judgement import Belief
from orchestrator.domain.subnets import Subnets, parsed_address

Where = tuple[str, int]
"""Destination and port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
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


def collapse(rows: Iterable[Row], subnets: Subnets) -> tuple[Merged, ...]:
    """Merge rows: those to permit first, then by site, subnets before exact addresses, destination and port."""
    exact = list(rows)
    needed = _needed(exact)
    bins: defaultdict[tuple[Action, str, bool, str, int], list[Row]] = defaultdict(list)
    for row in exact:
        around = subnets.around(row.host, row.source)
        if around is not None and row.action is Action.REMOVE:
            around = None if _holds(around, needed[row.destination, row.port]) else around
        key = row.action, around or row.source, around is not None, row.destination, row.port
        bins[key].append(row)
    merged = [_merged(source, same, subnet=subnet) for (_, source, subnet, *_), same in bins.items()]
    return tuple(sorted(merged, key=_order))


def _merged(source: str, rows: list[Row], *, subnet: bool) -> Merged:
    beliefs = {row.host: row.found for row in rows}
    return Merged(
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


def _needed(rows: Iterable[Row]) -> Mapping[Where, list[tuple[int, int]]]:
    """Give who needs what, as sorted (version, number) of the sources' addresses."""
    found: defaultdict[Where, set[tuple[int, int]]] = defaultdict(set)
    for row in rows:
        address = parsed_address(row.source)
        if row.action is Action.PERMIT and address is not None:
            found[row.destination, row.port].add((address.version, int(address)))
    return defaultdict(list, {where: sorted(numbers) for where, numbers in found.items()})


def _holds(subnet: str, numbers: list[tuple[int, int]]) -> bool:
    """Tell whether any of the sorted addresses lies in a network."""
    network = ipaddress.ip_network(subnet)
    first = network.version, int(network.network_address)
    place = bisect_left(numbers, first)
    return place < len(numbers) and numbers[place] <= (network.version, int(network.broadcast_address))


def _order(merged: Merged) -> tuple[object, ...]:
    address = parsed_address(merged.source.partition("/")[0])
    number = (address.version, int(address)) if address is not None else (0, 0)
    where = merged.destination, merged.port
    return merged.action, merged.sites, not merged.subnet, number, merged.source, where
