"""What part of the pace each site may take: a gateway that several ask gets no more from all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from inventory.model import Host

HERE = ""  # in the place of a site: the hosts that are asked from here
Shares = Mapping[str, float]


def shares(here: Iterable[Host], there: Iterable[Host], pace: float) -> Mapping[str, Shares]:
    """Return the connects a second that each site, or HERE, may make to each gateway that its hosts name.

    `pace` is what a gateway gets from all of them; 0 for no limit, and then there are no shares.
    """
    asking: dict[str, set[str]] = defaultdict(set)
    for site, host in [*((HERE, host) for host in here), *((host.site or HERE, host) for host in there)]:
        for address in host.gateways.values():
            asking[address].add(site)
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for address, sites in asking.items() if pace > 0 else ():
        for site in sites:
            found[site][address] = pace / len(sites)
    return found


def shares_of(hosts: Sequence[Host], shared: Shares) -> Shares:
    """Return those shares that are of these hosts' gateways."""
    named = {address for host in hosts for address in host.gateways.values()}
    return {address: rate for address, rate in shared.items() if address in named}
