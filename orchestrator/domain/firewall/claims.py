"""Whose address an address is: a host speaks only for itself, also where firewall rules are made of its
words. Pure.

A host owns the address that it was dialled at, since it answered there with a good logon; of all others it
only says that they are its own. Sites may use the same private networks, so each site is looked at by itself;
a host without a site may stand in any of them. What lies behind a proxy or jump host is a network of its own,
whatever its sites.
"""

from __future__ import annotations

import enum
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from orchestrator.domain.firewall.subnets import parsed_address
from orchestrator.domain.primitives.address import canonical

OWNERS_NAMED = 10  # of a claimed address, which as a rule has one

_BySite = dict[str, set[str]]
_Address = tuple[str, str]  # the network by its `via`, and the address in it


class Mark(enum.StrEnum):
    """Why a row is left out of what machines take."""

    CLAIMED = "claimed"  # the source is the address at which another host answers
    DISPUTED = "disputed"  # several hosts say that the source is theirs, and none answers there
    GATEWAY = "gateway"  # the source is a gateway's address
    DESTINATION = "destination"  # no inventory names the destination: only the host does


class Claimant(NamedTuple):
    """A host, the addresses that it answers at and those that it says it has, each in one spelling."""

    host: str
    site: str
    owned: frozenset[str]
    said: tuple[str, ...]
    via: str = ""  # the network that it lies in, as `inventory.schema.via.network` names it


class Claims:
    """Tells of a host's address whether it may stand in a row."""

    def __init__(self, hosts: Iterable[Claimant], gateways: Iterable[str]) -> None:
        """`gateways` are the addresses that an inventory names for gateways."""
        self._gateways = frozenset(gateways)
        self._owners: dict[_Address, _BySite] = {}
        self._claimants: dict[_Address, _BySite] = {}
        for each in hosts:
            for addresses, known in ((each.owned, self._owners), (each.said, self._claimants)):
                for address in addresses:
                    by_site = known.setdefault((each.via, address), {})
                    by_site.setdefault(each.site, set()).add(each.host)

    def mark(self, host: str, site: str, address: str, via: str = "") -> tuple[Mark | None, tuple[str, ...]]:
        """Say what is wrong with a row from this address, and the first few owners of a claimed one; None:
        nothing.
        """
        if address in self._gateways:
            return Mark.GATEWAY, ()
        by_site = self._owners.get((via, address), {})
        if host in by_site.get(site, ()):
            return None, ()
        if owners := _near(by_site, site):
            return Mark.CLAIMED, tuple(sorted({name for each in owners for name in each})[:OWNERS_NAMED])
        claimants = _near(self._claimants.get((via, address), {}), site)
        return (Mark.DISPUTED if any(each != {host} for each in claimants) else None), ()


def _near(hosts: Mapping[str, set[str]], site: str) -> list[set[str]]:
    """Return the hosts that may stand at a site, by theirs."""
    if not site:
        return list(hosts.values())
    return [hosts[each] for each in ("", site) if each in hosts]


class Destinations:
    """The gateways that an inventory names, as addresses and as names.

    What a name stands for is the hosts' word. An address that one host alone finds for it, where others find
    another one, is not believed.
    """

    def __init__(self) -> None:
        self._named: set[str] = set()
        self._votes: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def name(self, gateways: Iterable[str]) -> None:
        """Take what an inventory names."""
        self._named.update(map(canonical, gateways))

    def resolved(self, found: Mapping[str, Iterable[str]], hosts: int = 1) -> None:
        """Take what one host, or so many that found the same, found for names."""
        for name, addresses in found.items():
            self._votes[name].update(dict.fromkeys(addresses, hosts))

    def known(self) -> frozenset[str]:
        """Return all that may be a destination."""
        known = set(self._named)
        for name in self._named & self._votes.keys():
            votes = self._votes[name]
            shared = any(count > 1 for count in votes.values())
            known.update(address for address, count in votes.items() if count > 1 or not shared)
        return frozenset(known)

    def addresses(self, destination: str) -> frozenset[str]:
        """Return the addresses that a destination may have, none where it is a name that no host resolved."""
        if parsed_address(destination) is not None:
            return frozenset({destination})
        return frozenset(self._votes.get(destination, ()))
