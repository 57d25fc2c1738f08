"""Who holds a firewall rule: the hosts of a place that may need it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.firewall.claims import Destinations
from orchestrator.domain.firewall.needs import HostNeeds, Need, Why

Where = tuple[str, int]
"""Destination and port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A host that may need a port, and why. `read` and `stale` as in HostNeeds."""

    host: str
    why: Why
    read: datetime | None
    stale: bool

    @property
    def certain(self) -> bool:
        """Whether the host said so in its last result: it is no guess, and nothing that may be long past."""
        return not self.stale and self.why in (Why.PIN, Why.DESIRED, Why.LIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """Rows of a site to one destination and port that could go, were there not hosts that may need it.

    `rows` counts them, `hosts` are those that find the port open and need it not.
    """

    site: str
    destination: str
    port: int
    rows: int
    hosts: tuple[str, ...]
    held_by: tuple[Holder, ...]


class Holders:
    """Finds who may need a port. A host without a site may stand at any, and at its own place anybody may."""

    def __init__(self, hosts: Iterable[HostNeeds], destinations: Destinations) -> None:
        self._at: defaultdict[str, defaultdict[tuple[str | None, int], list[Holder]]]
        self._at = defaultdict(lambda: defaultdict(list))
        self._found: dict[tuple[str, str, int], tuple[Holder, ...]] = {}
        for each in hosts:
            for need in each.needs:
                holder = Holder(host=each.host, why=need.why, read=each.read, stale=each.stale)
                for place in places(need, each.needs, destinations):
                    self._at[each.site][place, need.port].append(holder)

    def of(self, site: str, destination: str, port: int) -> tuple[Holder, ...]:
        """Return the hosts that hold a rule, by name: those that surely need it first."""
        key = site, destination, port
        if key not in self._found:
            sites = ("", site) if site else tuple(self._at)
            found: dict[str, Holder] = {}
            for each in dict.fromkeys(sites):
                at: Mapping[tuple[str | None, int], list[Holder]] = self._at.get(each, {})
                for holder in (*at.get((destination, port), ()), *at.get((None, port), ())):
                    found.setdefault(holder.host, holder)
            self._found[key] = tuple(sorted(found.values(), key=lambda each: (not each.certain, each.host)))
        return self._found[key]


def places(need: Need, beside: Iterable[Need], destinations: Destinations) -> Iterator[str | None]:
    """Yield the addresses that a need may be for, None for any; `beside` are the host's needs in all.

    A name that no host resolved may be any address, unless the role has one that is known.
    """
    if need.destination is None:
        yield None
        return
    yield need.destination
    addresses = destinations.addresses(need.destination)
    yield from addresses - {need.destination}
    same = (each.destination for each in beside if each.role == need.role)
    if not addresses and not any(each is not None and destinations.addresses(each) for each in same):
        yield None
