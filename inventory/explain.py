"""One host's settings, each with the place that it came from.

Holds no secret: a host only names its credential.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inventory.model import Host, Origin
from inventory.words import digits

NOT_SET = Origin("not set")
_KEYS = (
    "address", "port", "via", "via_credential", "transport", "auth", "credential", "ca", "tls_pin",
    "configuration", "profile", "gateways", "pin", "canary_address", "timeout", "repin", "site", "subnets",
    "tags",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """A key of the inventory, its value as text ("" where there is none), and where that came from."""

    key: str
    value: str
    origin: Origin


def explain(host: Host) -> tuple[Setting, ...]:
    """Return every setting of a host, in the order in which a reader looks for them; never raises."""
    return tuple(Setting(key, _text(_value(host, key)), host.origins.get(key, NOT_SET)) for key in _KEYS)


def _value(host: Host, key: str) -> Any:
    match key:
        case "pin":
            ports = set(host.desired.values())
            everywhere = len(ports) == 1 and set(host.desired) == set(host.profile.role_names)
            return ports.pop() if everywhere else host.desired
        case "profile":
            return host.profile.name
        case _:
            return getattr(host, key)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case Mapping():
            return ", ".join(f"{role} {item}" for role, item in value.items())
        case tuple():
            return ", ".join(value)
        case float():
            return digits(value)
        case _:
            return str(value)
