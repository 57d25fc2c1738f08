"""What stands between this machine and a host: a SOCKS5 proxy or an SSH jump host, as `via` names it."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Literal

from inventory.schema import shapes
from inventory.words import shown

_PORTS = {"socks5h": 1080, "ssh": 22}
_FORM = "`socks5h://HOST[:PORT]` or `ssh://USER@HOST[:PORT]`"
_USER = re.compile(r"[^\s/:?#\-][^\s/:?#]{0,63}")
_HOST = re.compile(r"\[(?P<six>[^\]]*)\](?::(?P<port6>.*))?|(?P<name>[^:]*)(?::(?P<port>.*))?")
_OTHER = {
    "socks5": "`socks5://` looks the host's name up on this machine; write `socks5h://`, which gives it to "
    "the proxy",
    "socks": "write `socks5h://`: version 5, and the proxy looks the host's name up",
    "socks4": "SOCKS 4 knows neither names nor IPv6; write `socks5h://` where the proxy speaks version 5",
    "socks4a": "SOCKS 4 knows no IPv6 and no password; write `socks5h://` where the proxy speaks version 5",
    "http": "an HTTP proxy is not supported; expected " + _FORM,
    "https": "an HTTP proxy is not supported; expected " + _FORM,
}


@dataclass(frozen=True, slots=True)
class Via:
    """A proxy or jump host.

    `host` is an IP address or a name in lower case; `user` is None where none is named.
    """

    scheme: Literal["socks5h", "ssh"]
    host: str
    port: int
    user: str | None = None

    def __str__(self) -> str:
        """Write it in its one spelling: `ssh://ops@jump.corp.example:22`."""
        return f"{self.scheme}://{self.user + '@' if self.user else ''}{self._place}"

    @property
    def network(self) -> str:
        """Name the network behind it: the same whoever logs on there."""
        return f"{self.scheme}://{self._place}"

    @property
    def _place(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_via(text: str) -> Via:
    """Read a `via`. Raises ValueError with words for the user, which never hold what may be a password."""
    scheme, mark, rest = text.partition("://")
    scheme = scheme.lower()
    user, at, place = rest.rpartition("@")
    if at and ":" in user:
        raise ValueError("a password does not belong in `via`; name a credential: `via_credential: NAME`")
    if mark and scheme in _OTHER:
        raise ValueError(_OTHER[scheme])
    if not mark or scheme not in _PORTS:
        raise ValueError(f"expected {_FORM}, found {_found(text)}")
    if at and scheme != "ssh":
        raise ValueError(
            "the user of a proxy does not belong in `via`; name a credential: `via_credential: NAME`"
        )
    if at and not _USER.fullmatch(user):
        raise ValueError(f"{_found(user)} is no user's name; expected {_FORM}")
    host, port = _place(place, _PORTS[scheme], text)
    return Via("ssh" if scheme == "ssh" else "socks5h", host, port, user or None)


def _found(text: str) -> str:
    """Quote what was found; where it may hold a password, say so instead."""
    return "a text with `@` in it" if "@" in text else shown(text)


def _place(text: str, port: int, whole: str) -> tuple[str, int]:
    """Read host and port; a slash at the end means nothing."""
    match = _HOST.fullmatch(text.removesuffix("/"))
    if match is None:
        raise ValueError(f"expected {_FORM} (an IPv6 address in brackets), found {_found(whole)}")
    number = match["port6"] if match["six"] is not None else match["port"]
    if number is not None:
        if not (number.isascii() and number.isdecimal() and len(number) <= 5 and 1 <= int(number) <= 65535):  # noqa: PLR2004 - the last port
            raise ValueError(f"{_found(number)} is no port from 1 to 65535; expected {_FORM}")
        port = int(number)
    if match["six"] is not None and not shapes.is_ip(match["six"]):
        raise ValueError(f"{_found(match['six'])} is no IPv6 address; expected {_FORM}")
    host = match["six"] or match["name"] or ""
    if not host:
        raise ValueError(f"there is no host in it; expected {_FORM}")
    return shapes.address_key(shapes.address(host)), port


def via(text: str) -> str:
    """Check a `via` and return it in its one spelling."""
    return str(parse_via(text))


@functools.lru_cache(maxsize=1024)
def network(text: str | None) -> str:
    """Name the network that a host lies in by its `via`; "" for one that is reached directly.

    Two hosts with one address are two hosts where this differs.
    """
    return "" if text is None else parse_via(text).network
