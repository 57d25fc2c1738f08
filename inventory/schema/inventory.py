"""The strict schema of an inventory: what may stand where. Importing this costs pydantic.

What needs more than one key to judge (references, duplicates, precedence) is not here but in
`inventory.resolving.resolve`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from inventory.schema.credentials import Entry
from inventory.schema.fields import (
    Address,
    Day,
    Fingerprint,
    Name,
    Port,
    Seconds,
    Strict,
    Subnet,
    Text,
    Via,
    optional,
)
from inventory.verdicts import Verdict

WAIVABLE = tuple(verdict.value for verdict in Verdict if verdict.can_be_waived)


class PinRoles(Strict):
    """Desired pins by role."""

    primary: Port = optional("a whole number from 1 to 65535")
    backup: Port = optional("a whole number from 1 to 65535")


class GatewayRoles(Strict):
    """Gateway addresses by role."""

    primary: Address = optional("an IP address or a host name")
    backup: Address = optional("an IP address or a host name")


def _pin_kind(value: Any) -> str:
    return "roles" if isinstance(value, dict) else "port"


Pins = Annotated[Annotated[Port, Tag("port")] | Annotated[PinRoles, Tag("roles")], Discriminator(_pin_kind)]


class Settings(Strict):
    """What `defaults`, a group and a host may say."""

    transport: Literal["https", "http"] = optional("`https` or `http`")
    port: Port = optional("a whole number from 1 to 65535")
    auth: Literal["negotiate", "ntlm", "kerberos", "basic", "certificate"] = optional(
        "`negotiate`, `ntlm`, `kerberos`, `basic` or `certificate`"
    )
    credential: str | None = optional("the name of one of the `credentials`")
    via: Via | None = optional(
        "the URL of a SOCKS5 proxy or an SSH jump host: `socks5h://HOST[:PORT]` or `ssh://USER@HOST[:PORT]`"
    )
    via_credential: str | None = optional("the name of one of the `credentials`")
    profile: Text = optional("the name of a shipped profile, or the path of a YAML file")
    gateways: GatewayRoles = optional("a mapping such as {primary: 203.0.113.10, backup: 203.0.113.20}")
    pin: Pins | None = optional(
        "a port from 1 to 65535, a mapping such as {primary: 2147, backup: 443}, or null"
    )
    timeout: Seconds | None = optional("a number of seconds, more than 0 and at most 86400")
    ca: Text | None = optional("the path of a PEM file with the certificate authority")
    tls_pin: Fingerprint | None = optional('a fingerprint, "sha256:" and 64 hex digits')
    configuration: Text = optional("the name of a PowerShell session configuration")
    site: Text | None = optional("a text in one line; put quotes around a number or a true")
    subnets: list[Subnet] = optional("a list of networks, such as [10.1.0.0/16, 2001:db8:1::/48]")
    tags: list[Name] = optional("a list of words, such as [web, prod]; put quotes around a number or a true")
    repin: Literal["allow", "forbid"] = optional("`allow` or `forbid`")
    canary_address: Address | None = optional("an IP address or host name where nothing listens")


class HostEntry(Settings):
    """One host under `hosts`."""

    address: Address = optional("an IP address or a host name")


class Group(Settings):
    """One group; `children` are groups too, and null there names a group that is described elsewhere."""

    hosts: list[str] | None = optional(
        "a list of names, such as [web1, db7]; put quotes around a number or a true"
    )
    children: dict[Name, Group | None] | None = optional("a mapping of names to groups")


class WaiverEntry(Strict):
    """A verdict that is accepted for some hosts until a day, that day included."""

    hosts: str = Field(description="a --limit expression, such as db7 or 'paris:!web1'")
    verdict: Literal[WAIVABLE] = Field(description=f"one of {', '.join(WAIVABLE)}")  # type: ignore[valid-type]  # a tuple of literals: Python takes it, mypy does not
    reason: Text = Field(description="why it is accepted, in one line")
    until: Day = Field(description="a day such as 2027-01-31")


class Document(Strict):
    """A fleetcheck inventory."""

    fleet: Text | None = optional("a text in one line; put quotes around a number or a true")
    credentials: dict[Name, Entry] | None = optional("a mapping of names to credentials")
    defaults: Settings | None = optional("a mapping of settings that hold for every host")
    groups: dict[Name, Group | None] | None = optional("a mapping of names to groups")
    hosts: dict[Name, HostEntry | None] = Field(description="a mapping of names to hosts", min_length=1)
    waivers: list[WaiverEntry] | None = optional("a list of waivers")


class PartialDocument(Document):
    """One of several files that make an inventory; the others may have its hosts."""

    hosts: dict[Name, HostEntry | None] | None = optional("a mapping of names to hosts")  # type: ignore[assignment]  # wider on purpose


def json_schema(model: type[Strict] = Document) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an inventory, or of a profile, for editors."""
    from inventory.schema.reference import about_key

    raw = model.model_json_schema(by_alias=True)
    for name, part in (*raw.get("$defs", {}).items(), (model.__name__, raw)):
        for key, said in part.get("properties", {}).items():
            if about := about_key(name, key):
                said["description"] = "; ".join(filter(None, (about.what, said.get("description"))))
    schema: dict[str, Any] = _tidy(raw)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _tidy(node: Any) -> Any:
    """Take out what pydantic adds and no reader needs: titles made of key names, nulls as defaults."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: _tidy(value) for name, value in child.items()}
        if key in ("properties", "$defs")
        else _tidy(child)
        for key, child in node.items()
        if not (key == "default" and child is None) and not (key == "title" and isinstance(child, str))
    }
