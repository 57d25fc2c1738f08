"""The networks that an inventory names for its hosts: in which of them an address lies. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Subnets:
    """Each host's networks.

    An address counts for its own host's alone: nothing is widened by another one's words.
    """

    def __init__(self, named: Mapping[str, Sequence[str]]) -> None:
        """`named` gives the networks of a host, as `10.1.0.0/16`; a host without any may be left out."""
        self._named = {host: tuple(networks) for host, networks in named.items() if networks}

    def __bool__(self) -> bool:
        """Whether any network is named at all."""
        return bool(self._named)

    def of(self, host: str) -> tuple[str, ...]:
        """Return the networks that are named for a host."""
        return self._named.get(host, ())

    def around(self, host: str, address: str) -> str | None:
        """Return the smallest of a host's networks that holds an address; None where none does,
        or it is a name.
        """
        named = self._named.get(host)
        parsed = parsed_address(address) if named else None
        if named is None or parsed is None:
            return None
        return next((str(each) for each in _smallest_first(named) if parsed in each), None)


@lru_cache(maxsize=1024)
def _smallest_first(
    named: tuple[str, ...],
) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Read what the hosts of a group share once."""
    return tuple(sorted(map(ipaddress.ip_network, named), key=lambda each: each.num_addresses))


@lru_cache(maxsize=4096)
def parsed_address(text: str) -> Address | None:
    """Read an IPv4 or IPv6 address; None for a name. Gateways come again with every host."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
