"""The address in a cell: alone, with a length or a port behind it, in a URL, or the first of several."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from inventory.schema import shapes

_APART = re.compile(r"(?:[;,|{}\r\n]|<br ?/?>)+", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://([^/\s]+)(?:/\S*)?", re.IGNORECASE)
_PORT = re.compile(r"(\[[^\]]+\]|[^:]+):([0-9]{1,5})")
_ASIDE = re.compile(r"([^\s()]+)\s*\([^()]*\)")
_LENGTH = re.compile(r"([0-9a-f.:]+)/([0-9.]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What a cell gives: the address and the port that stands with it; `remarks` say what was left out."""

    address: str
    port: str | None = None
    remarks: tuple[str, ...] = ()


def address_in(cell: str) -> Address:
    """Return the first address of a cell that other machines can reach. Raises ValueError with words for the
    user.

    Of several, an address that is valid on its own link alone (fe80::, 169.254.) is never taken, one of the
    machine itself (127.) only where there is no other.
    """
    found, reasons = [], []
    parts = list(_parts(cell))
    for part in parts:
        try:
            found.append(_address(part))
        except ValueError as exc:
            reasons.append(str(exc))
    if not found:
        raise ValueError(reasons[0] if reasons else "an empty text")
    chosen = next((each for each in found if not _own(each.address)), found[0])
    if len(parts) == 1:
        return chosen
    said = f"of several addresses in a cell the first that others can reach was taken, `{chosen.address}`"
    return Address(address=chosen.address, port=chosen.port, remarks=(*chosen.remarks, said))


def _parts(cell: str) -> Iterator[str]:
    """Part a cell at its signs; at a blank only where IP addresses stand on both sides of every one."""
    for part in filter(None, map(str.strip, _APART.split(cell))):
        words = part.split()
        yield from words if all(shapes.is_ip(word.partition("/")[0]) for word in words) else [part]


def _address(text: str) -> Address:
    """Return one address without what stands around it. Raises ValueError."""
    remarks, port = [], None
    if aside := _ASIDE.fullmatch(text):
        text = aside[1]
        remarks.append("what stands in brackets behind an address was left out")
    text = "/".join(map(str.strip, text.split("/")))
    if url := _URL.fullmatch(text):
        text = url[1].rpartition("@")[2]
        remarks.append("only the host of a URL was taken as its address")
    if not shapes.is_ip(text) and (with_port := _PORT.fullmatch(text)):
        text, port = with_port[1], with_port[2]
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    if (length := _LENGTH.fullmatch(text)) and shapes.is_ip(length[1]):
        text = _without_length(text)
        remarks.append("the length behind an address was left out")
    shapes.address(text)
    if shapes.is_ip(text) and (reason := _unreachable(text)):
        raise ValueError(f"`{text}` is {reason}")
    return Address(address=text, port=port, remarks=tuple(remarks))


def _without_length(text: str) -> str:
    try:
        interface = ipaddress.ip_interface(text)
    except ValueError:
        raise ValueError(f"`{text}` has no length that an address can have") from None
    network = interface.network
    if network.num_addresses > 2 and interface.ip == network.network_address:  # noqa: PLR2004 - RFC 3021: a /31 has two hosts
        raise ValueError(f"`{text}` is a network, and no host's address")
    return str(interface.ip)


def _unreachable(text: str) -> str:
    """Say why an IP address is none that a server is reached at, or nothing."""
    ip = ipaddress.ip_address(text)
    if ip.is_link_local:
        return "an address of one link alone"
    if ip.is_multicast or ip.is_unspecified or text == "255.255.255.255":
        return "no address of a single host"
    return ""


def _own(text: str) -> bool:
    return shapes.is_ip(text) and ipaddress.ip_address(text).is_loopback
