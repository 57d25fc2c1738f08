"""Who holds a firewall rule: the hosts of a place that may need it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.firewall.claims import Destinations
from orchestrator.domain.firewall.needs import HostNeeds, Need, Why

Place = tuple[str | None, int]
"""Destination, None for any, and port."""


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
        self._destinations = destinations
        self._places: dict[int, Mapping[Place, Why]] = {}
        self._found: dict[tuple[str, str, int], tuple[Holder, ...]] = {}
        alike: defaultdict[tuple[str, int], list[HostNeeds]] = defaultdict(list)
        for each in hosts:
            alike[each.site, id(each.needs)].append(each)
        self._at: defaultdict[str, defaultdict[Place, list[tuple[Why, list[HostNeeds]]]]]
        self._at = defaultdict(lambda: defaultdict(list))
        for (site, _), same in alike.items():
            for place, why in self.places(same[0]).items():
                self._at[site][place].append((why, same))

    def places(self, each: HostNeeds) -> Mapping[Place, Why]:
        """Return all places that a host may connect to, and why; worked out once for hosts that are alike."""
        found = self._places.get(id(each.needs))
        if found is None:
            found = self._places[id(each.needs)] = {}
            for need in each.needs:
                for place in places(need, each.needs, self._destinations):
                    found.setdefault((place, need.port), need.why)
        return found

    def of(self, site: str, destination: str, port: int) -> tuple[Holder, ...]:
        """Return the hosts that hold a rule, by name: those that surely need it first."""
        key = site, destination, port
        if key not in self._found:
            found: dict[str, Holder] = {}
            for place in dict.fromkeys(("", site) if site else tuple(self._at)):
                at: Mapping[Place, list[tuple[Why, list[HostNeeds]]]] = self._at.get(place, {})
                for why, alike in (*at.get((destination, port), ()), *at.get((None, port), ())):
                    for each in alike:
                        if each.host not in found:
                            found[each.host] = Holder(
                                host=each.host, why=why, read=each.read, stale=each.stale
                            )
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
