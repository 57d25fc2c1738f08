"""A broker's URL, taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_EXPECTED = "expected a URL such as amqps://USER@HOST:5671/VHOST"


@dataclass(frozen=True, slots=True)
class BrokerPlace:
    """Where a broker is, and who logs on there."""

    host: str
    port: int
    vhost: str
    user: str
    tls: bool


def broker_url(text: str) -> str:
    """Check a broker's URL. Raises ValueError with words; a password in it is not shown."""
    parse(text)
    return text


def parse(text: str) -> BrokerPlace:
    """Take a broker's URL apart. Raises ValueError with words for the user."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(_EXPECTED) from None
    if parts.scheme not in ("amqp", "amqps"):
        raise ValueError(f"{_EXPECTED}; amqps is with TLS, amqp without")
    if parts.password is not None:
        raise ValueError(
            "a password does not belong here (it is not shown): `broker_password` says where to find it"
        )
    vhost = unquote(parts.path.removeprefix("/"))
    if not parts.hostname or not parts.username or not vhost or "/" in vhost:
        raise ValueError(f"{_EXPECTED}: it names a user, a host and a vhost")
    tls = parts.scheme == "amqps"
    return BrokerPlace(
        host=parts.hostname,
        port=port or (5671 if tls else 5672),
        vhost=vhost,
        user=unquote(parts.username),
        tls=tls,
    )
