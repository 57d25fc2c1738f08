"""From which addresses a host connects, by its own word and the inventory's. Pure."""

from __future__ import annotations

import ipaddress

from inventory.schema.shapes import is_ip, is_ipv4
from orchestrator.domain.firewall.subnets import parsed_address
from orchestrator.domain.primitives.address import canonical
from orchestrator.domain.standing import Standing


def sources(standing: Standing) -> tuple[str, ...]:
    """Return the addresses that a host connects from: the inventory's where the host has it, else all that it
    has.

    Loopback, link-local and multicast addresses are none. A host that told none is taken by the address that
    it was dialled at, else by the inventory's word, maybe a name.
    """
    own = own_addresses(standing)
    if canonical(standing.address) in own:
        return (canonical(standing.address),)
    dialled = standing.network.dialled
    if not own and dialled is not None and _outward(dialled):
        return (canonical(dialled),)
    return own or (canonical(standing.address) if is_ip(standing.address) else standing.address,)


def own_addresses(standing: Standing) -> tuple[str, ...]:
    """Return the addresses that a host says it has and that others can see, each once and in one spelling."""
    return tuple(dict.fromkeys(canonical(address) for address in standing.sources if _outward(address)))


def _outward(address: str) -> bool:
    text = canonical(address)
    if is_ipv4(text):  # as most are: read by their first numbers
        first, second, *_ = text.split(".", 2)
        return first not in _NOWHERE and (first, second) != _LINK_LOCAL and text != _UNSPECIFIED
    parsed = parsed_address(text)
    return parsed is not None and not (
        parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified or parsed.is_multicast
    )


_NOWHERE = frozenset({"127", *map(str, range(224, 240))})  # loopback and multicast
_LINK_LOCAL = ("169", "254")
_UNSPECIFIED = str(ipaddress.IPv4Address(0))
