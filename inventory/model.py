"""What an inventory says, resolved: one frozen value per host, per credential, per waiver, per profile.

Everything here is already validated: ports are ints in 1-65535, names are unique, references exist.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from inventory.errors import file_words
from inventory.windows_names import fold

ROLES = ("primary", "backup")  # the roles that a gateway can have; a profile uses one or both


class Rule(enum.StrEnum):
    """How the vendor's checker chooses a port from its ordered list."""

    COMMON_ELSE_PER_ROLE = "common, else per role"
    COMMON = "common"
    PER_ROLE = "per role"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPort:
    """One port of a profile's ordered list, with the label that people know it by."""

    number: int
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleValues:
    """The registry values that hold a role's pin and, where it is known, its gateway's address."""

    role: str
    port_value: str
    address_value: str | None = None


@dataclass(
    frozen=True, kw_only=True
)  # no slots: a run asks for the names and numbers below once per host and more
class Profile:
    """An agent product as data. `connect_timeout` is in seconds; `views` are 64 and/or 32."""

    name: str
    title: str
    key: str  # below HKEY_LOCAL_MACHINE, no hive in front
    views: tuple[int, ...] = (64, 32)
    roles: tuple[RoleValues, ...] = ()
    ports: tuple[ListedPort, ...] = ()
    rule: Rule = Rule.COMMON_ELSE_PER_ROLE
    tunnel: Literal["permanent", "on-demand"] = "permanent"
    connect_timeout: float = 3.0
    canary_address: str | None = None  # an address where nothing listens
    canary_port: int | None = None  # a port that a gateway never serves
    source: str = ""  # "shipped", or the file that it was read from

    @cached_property
    def role_names(self) -> tuple[str, ...]:
        """The roles of this product, in order."""
        return tuple(role.role for role in self.roles)

    @cached_property
    def shared_value(self) -> str | None:
        """The registry value that holds the ports of two roles at once; None:
        each role has a value of its own.
        """
        names = [role.port_value for role in self.roles]
        return names[0] if len({fold(name) for name in names}) < len(names) else None

    @property
    def remarks(self) -> tuple[str, ...]:
        """What who wrote the profile should know of it, though it is no mistake; sentences."""
        if self.shared_value is None:
            return ()
        roles = " and ".join(self.role_names)
        said = (
            f"{roles} have their port in one registry value, {self.shared_value}: both always get the same "
            "port"
        )
        return (f"{said}, and a `pin:` that wants two is a mistake",)

    @cached_property
    def port_numbers(self) -> tuple[int, ...]:
        """The ports of the list, in the vendor's order."""
        return tuple(port.number for port in self.ports)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRef:
    """Where a secret is to be found; never the secret. `fields` holds the reference's other keys."""

    source: str  # a name of `inventory.secrets.registry`
    fields: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A logon. `username` is "" where the ticket or the certificate says who it is; `path` is the keytab or
    PEM file.

    `per_host`: the reference to the password holds `{host}` or `{address}`: it is another one for each host.
    """

    name: str
    username: str = ""
    password: SecretRef | None = None
    kind: Literal["password", "ccache", "keytab", "certificate"] = "password"
    path: Path | None = None
    key_password: SecretRef | None = None
    per_host: bool = False
    scope: Literal["host", "domain"] = "host"
    line: int = field(default=0, compare=False)
    file: Path = field(default=Path(), compare=False)  # the inventory that describes it

    @property
    def secrets(self) -> tuple[SecretRef, ...]:
        """The references to secrets in it."""
        return tuple(ref for ref in (self.password, self.key_password) if ref is not None)


class Origin(NamedTuple):
    """Where a host's value came from: `layer` is "host web1", "group paris", "defaults" or "built in"."""

    layer: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        """Write it as `file:line (layer)`, or the layer alone where no file said it."""
        return f"{self.file}:{self.line} ({self.layer})" if self.line else self.layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A server with an agent, every setting resolved. Seconds for `timeout`; None where it is derived."""

    name: str
    address: str
    port: int
    profile: Profile
    transport: Literal["https", "http"] = "https"
    auth: Literal["negotiate", "ntlm", "kerberos", "basic", "certificate"] = "negotiate"
    credential: str | None = None
    via: str | None = None  # the proxy or jump host in between, in its one spelling: "ssh://ops@jump:22"
    via_credential: str | None = None  # who logs on there
    ca: Path | None = None
    tls_pin: str | None = None  # "sha256:" and 64 hex digits, lower case
    configuration: str = "Microsoft.PowerShell"  # the session configuration that is asked for
    gateways: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # role -> address
    desired: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))  # role -> desired pin
    canary_address: str | None = None  # the host's own, else the profile's
    timeout: float | None = None
    repin: Literal["allow", "forbid"] = "allow"
    site: str | None = None
    subnets: tuple[str, ...] = ()  # networks of the site, for firewall rows: "10.1.0.0/16"
    tags: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()  # every group that the host is in, nearest first
    origins: Mapping[str, Origin] = field(default_factory=lambda: MappingProxyType({}), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A verdict that is known and accepted for some hosts until a day (that day included)."""

    hosts: tuple[str, ...]
    verdict: str
    reason: str
    until: date
    line: int = 0
    file: Path = field(default=Path(), compare=False)  # the inventory that says so


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryFile:
    """One of the files that an inventory is made of; `digest` is the SHA-256 (hex) of its bytes."""

    path: Path
    digest: str
    hosts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """A whole inventory, of one file (`path`) or of several (`files`, `path` being the first).

    `hosts` keeps the files' order; `digest` is the SHA-256 (hex) of the file's bytes; of several files, that
    of their digests, one a line.
    """

    path: Path
    digest: str
    hosts: Mapping[str, Host]
    groups: Mapping[str, Sequence[str]]  # group -> the names of its hosts, children's included
    credentials: Mapping[str, Credential]
    waivers: tuple[Waiver, ...] = ()
    name: str | None = None  # the key `fleet`
    counted: Mapping[str, Sequence[str]] = (
        field(  # the same hosts in the order in which a subscript counts them
            default_factory=lambda: MappingProxyType({})
        )
    )
    notes: tuple[str, ...] = ()  # said by `inventory check` alone: a waiver whose pattern takes no host, ...
    remarks: tuple[str, ...] = ()  # said to the user, no error: a deadline too short for its mode, ...
    files: tuple[InventoryFile, ...] = ()  # none: `path` alone

    @property
    def inventories(self) -> tuple[InventoryFile, ...]:
        """The files that it is made of, one at least."""
        return self.files or (InventoryFile(path=self.path, digest=self.digest, hosts=len(self.hosts)),)

    @property
    def named(self) -> str:
        """The files' names, one a line: what a scan or a plan keeps of them."""
        return "\n".join(str(file.path) for file in self.inventories)

    @property
    def shown(self) -> str:
        """The files' names for people, with commas between."""
        return ", ".join(file_words(file.path) for file in self.inventories)
