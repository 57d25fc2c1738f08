"""From which addresses a host connects, by its own word and the inventory's. Pure."""

from __future__ import annotations

import ipaddress

from inventory.schema.shapes import is_ip, is_ipv4
from orchestrator.domain.firewall.subnets import parsed_address
from orchestrator.domain.primitives.address import canonical
from orchestrator.domain.standing import Standing


def sources(standing: Standing, own: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """Return the addresses that a host connects from: the inventory's where the host has it, else all that it
    has.

    Loopback, link-local and multicast addresses are none. A host that told none is taken by the address that
    it was dialled at, else by the inventory's word, maybe a name. `own`: its `own_addresses`, for who has
    them.
    """
    own = own_addresses(standing) if own is None else own
    address = canonical(standing.address)
    if address in own:
        return (address,)
    dialled = standing.network.dialled
    if not own and dialled is not None and _outward(canonical(dialled)):
        return (canonical(dialled),)
    return own or (address if is_ip(standing.address) else standing.address,)


def own_addresses(standing: Standing) -> tuple[str, ...]:
    """Return the addresses that a host says it has and that others can see, each once and in one spelling."""
    return tuple(dict.fromkeys(text for text in map(canonical, standing.sources) if _outward(text)))


def _outward(text: str) -> bool:
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
