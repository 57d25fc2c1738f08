"""The shape of single values: each function returns the value as it is kept,
or raises ValueError with words for the user.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import date
from typing import Any

from inventory.words import shown, visible

_NAME = re.compile(r"[\w.\-]{1,255}")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_THUMBPRINT = re.compile(r"\W*(?:sha-?1:)?(?:[0-9a-f]{2}[: ]?){20}", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_HIVES = {
    "HKLM": True,
    "HKLM:": True,
    "HKEY_LOCAL_MACHINE": True,
    "HKCU": False,
    "HKCU:": False,
    "HKEY_CURRENT_USER": False,
    "HKCR": False,
    "HKCR:": False,
    "HKEY_CLASSES_ROOT": False,
    "HKU": False,
    "HKU:": False,
    "HKEY_USERS": False,
    "HKCC": False,
    "HKCC:": False,
    "HKEY_CURRENT_CONFIG": False,
}
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_RANGE = re.compile(r"[0-9]+(?:\.[0-9]+){2}\.[0-9]+-[0-9]+(?:\.[0-9]+)*")  # 10.1.2.3-10: no name ends so
_NUMBERS = re.compile(
    r"(?=.*[0-9])(?=.*[*?-])[0-9*?-]+(?:\.[0-9*?-]+)+"
)  # an address with gaps, or a range of them
_MULTICAST = range(224, 240)
_SEGMENT = 255  # characters: the registry's limit for a key's name


def is_ipv4(text: str) -> bool:
    """Whether a text is an IPv4 address: as `ipaddress` has it, at a fifth of the price."""
    return _IPV4.fullmatch(text) is not None


def is_ip(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address."""
    if ":" not in text:
        return is_ipv4(text)
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def name(text: str) -> str:
    """Check the name of a host, group, tag or credential:
    nothing that `--limit` could take for one of its signs.
    """
    if text == "all":
        raise ValueError("`all` means every host in a selection; take another name")
    if text.startswith("-"):
        raise ValueError(
            f"the name {shown(text)} begins with a `-`, which is an option on a command line; take another "
            "name"
        )
    if not _NAME.fullmatch(text) and not (":" in text and is_ip(text)):
        raise ValueError(
            f"{shown(text)} cannot be a name: letters, digits, `_`, `-` and `.` only (or an IPv6 address)"
        )
    return text


def address(text: str) -> str:
    """Check a network address: IPv4, IPv6, or a host name (ASCII; an international one in its xn-- form)."""
    if "://" in text:
        raise ValueError(
            f"{shown(text)} is a URL; write the host's name or IP address alone, `transport` and `port` "
            "have keys of their own"
        )
    if is_ip(text):
        if not _of_one_host(text):
            raise ValueError(f"{shown(text)} is no address of a single host")
        return text
    if text.startswith("[") and text.endswith("]") and is_ip(text[1:-1]):
        raise ValueError(f"write the IPv6 address without brackets: `{text[1:-1]}`")
    host, colon, port = text.rpartition(":")
    if colon and port.isdecimal() and (":" not in host or (host.startswith("[") and is_ip(host[1:-1]))):
        raise ValueError(f"{shown(text)} has a port in it; write `port: {visible(port)}` beside the address")
    labels = text.removesuffix(".").split(".")
    if all(label.isdecimal() for label in labels) or _RANGE.fullmatch(text):
        raise ValueError(
            f"{shown(text)} is not an IPv4 address (four numbers from 0 to 255) and no host name"
        )
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):  # noqa: PLR2004 - RFC 1035
        raise ValueError(f"{shown(text)} is not a host name, IPv4 or IPv6 address")
    return text


def _of_one_host(text: str) -> bool:
    """Whether an IP address can be a host's: to 0.0.0.0 this machine itself would answer."""
    if ":" in text:
        address = ipaddress.ip_address(text)
        return not (address.is_unspecified or address.is_multicast)
    first = int(text.partition(".")[0])
    return first != 0 and first not in _MULTICAST and text != "255.255.255.255"


def subnet(text: str) -> str:
    """Check a network as `10.1.0.0/16` or `2001:db8:1::/48`; one without a length is a single address."""
    network = _network(text)
    if network.prefixlen == 0:
        raise ValueError(f"{shown(text)} is every address there is, and no subnet")
    return str(network)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{shown(text)} is not a network such as 10.1.0.0/16 or 2001:db8:1::/48") from None
    address = ipaddress.ip_address(text.partition("/")[0])
    if address != network.network_address:
        raise ValueError(
            f"{shown(text)} has bits beyond its length: the network is {network}, the address alone {address}"
        )
    return network


def hosts_meant(text: str) -> str:
    """Check what stands for hosts: a network, an address, or a name with `*` and `?` in it."""
    if is_ip(text.partition("/")[0]):
        _network(text)
        return text
    if _NUMBERS.fullmatch(text):
        raise ValueError(f"{shown(text)} fits names, and no address; write a network, such as 10.1.0.0/16")
    if "/" in text and "://" not in text:
        raise ValueError(f"{shown(text)} is not a network such as 10.1.0.0/16, and no name has a `/` in it")
    if not set("*?").intersection(text):
        return address(text)
    try:
        address(text.translate({ord("*"): "x", ord("?"): "x"}))
    except ValueError:
        raise ValueError(
            f"{shown(text)} is not a network, nor a host name in which `*` and `?` stand for signs"
        ) from None
    return text


def address_key(text: str) -> str:
    """Return what two spellings of one address have in common."""
    if is_ipv4(text):
        return text  # an IPv4 address has one spelling
    return ipaddress.ip_address(text).compressed if is_ip(text) else text.lower().removesuffix(".")


def tls_pin(text: str) -> str:
    """Check a certificate's SHA-256; colons between the bytes and capitals are taken out."""
    if _THUMBPRINT.fullmatch(text):
        raise ValueError(
            f"{shown(text)} is a SHA-1 thumbprint, as Windows shows it; `fleetcheck doctor HOST` shows the "
            "SHA-256 that is wanted: `sha256:` and 64 hex digits"
        )
    algorithm, _, digest = text.partition(":")
    digest = digest.replace(":", "").lower()
    if algorithm.lower() != "sha256" or not _DIGEST.fullmatch(digest):
        raise ValueError(
            f"expected `sha256:` and the 64 hex digits of the certificate's fingerprint, found {shown(text)}"
        )
    return f"sha256:{digest}"


def day(text: Any) -> date:
    """Read a date, YYYY-MM-DD, from what YAML gave: a text, or something that is no date."""
    try:
        return date.fromisoformat(text if _DATE.fullmatch(str(text)) else "")
    except ValueError:
        raise ValueError(f"expected a day such as 2027-01-31, found {shown(text)}") from None


def registry_key(text: str) -> str:
    """Check a registry key; a HKEY_LOCAL_MACHINE in front is taken off. One whole subkey name may be `*`."""
    parts = text.strip("\\").split("\\")
    hive = _HIVES.get(parts[0].upper())
    if hive is False:
        raise ValueError(f"{shown(text)} is not below HKEY_LOCAL_MACHINE; only that hive is read")
    if hive:
        parts = parts[1:]
    if not parts or not all(parts):
        raise ValueError(f"expected a registry key such as SOFTWARE\\Vendor\\Product, found {shown(text)}")
    if any(part.upper() == "WOW6432NODE" for part in parts):
        raise ValueError("write the key without Wow6432Node; `views: [32]` reads that side")
    if any("*" in part and part != "*" for part in parts) or parts.count("*") > 1 or parts[0] == "*":
        raise ValueError("`*` stands for one whole subkey name, once, and not for the first")
    if any(len(part) > _SEGMENT or not part.isprintable() for part in parts):
        raise ValueError(f"a subkey's name is at most {_SEGMENT} printable characters: {shown(text)}")
    return "\\".join(parts)


def line_of_text(text: str) -> str:
    """Check a text that stands in one line on a screen."""
    if not text.strip() or not text.isprintable():
        raise ValueError(f"expected a text in one line, found {shown(text)}")
    return text
