"""IP addresses as text, in one spelling, so that two of them can be compared."""

from __future__ import annotations

import functools
import ipaddress

from inventory.schema.shapes import is_ipv4


@functools.lru_cache(maxsize=2**16)  # a report asks for each host's several times
def canonical(address: str) -> str:
    """Return an address in its one spelling; an IPv4 address inside IPv6 (`::ffff:10.0.0.1`) as IPv4.

    What is no address (a name) comes back in lower case. Never raises.
    """
    if is_ipv4(address):
        return address
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address.lower()
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)
