"""The strict schema of a profile. Importing this costs pydantic."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from inventory.schema import shapes
from inventory.schema.fields import Address, Name, Port, Strict, Text, optional


class ListedPortEntry(Strict):
    """A port with the name that people know it by."""

    number: Port = Field(description="a whole number from 1 to 65535")
    label: Text = optional("a text in one line; put quotes around a number")


def _port_kind(value: Any) -> str:
    return "labelled" if isinstance(value, dict) else "number"


AnyPort = Annotated[
    Annotated[Port, Tag("number")] | Annotated[ListedPortEntry, Tag("labelled")], Discriminator(_port_kind)
]


class RoleEntry(Strict):
    """The registry values of one role."""

    port_value: Text = Field(description="the name of the registry value that holds the pin")
    address_value: Text | None = optional("the name of the registry value that holds the gateway's address")


class RoleEntries(Strict):
    """A profile uses one role or both."""

    primary: RoleEntry = optional("a mapping such as {port_value: PrimaryTunnelPort}")
    backup: RoleEntry = optional("a mapping such as {port_value: BackupTunnelPort}")


class ProfileDocument(Strict):
    """A fleetcheck profile: an agent product as data."""

    extends: Text | None = optional("the name of a shipped profile, or the path of a YAML file")
    name: Name = optional("a word; absent: the file's name")
    title: Text = optional("the product's name, in one line")
    key: Annotated[str, AfterValidator(shapes.registry_key)] = optional(
        "a registry key below HKEY_LOCAL_MACHINE"
    )
    views: list[Literal[64, 32]] = optional("[64, 32], [64] or [32]", min_length=1, max_length=2)
    roles: RoleEntries = optional("a mapping such as {primary: {port_value: PrimaryTunnelPort}}")
    ports: list[AnyPort] = optional(
        "a list of ports in the vendor's order, such as [443, {number: 2147, label: tunnel}]",
        min_length=1,
        max_length=256,
    )
    rule: Literal["common, else per role", "common", "per role"] = optional(
        "`common, else per role`, `common` or `per role`; quotes are needed between braces"
    )
    tunnel: Literal["permanent", "on-demand"] = optional("`permanent` or `on-demand`")
    connect_timeout: Annotated[float, Field(gt=0, le=60)] = optional(
        "a number of seconds, more than 0 and at most 60"
    )
    canary_address: Address | None = optional("an IP address or host name where nothing listens, or null")
    canary_port: Port | None = optional("a port that no gateway serves, from 1 to 65535, or null")
