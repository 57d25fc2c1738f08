"""What a stored result comes to: enough to compare hosts and to sum up a fleet,
without attempts and values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from inventory.model import Profile
from orchestrator.domain.group import GroupKey, key_of
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunnel:
    """A live connection of a role: where it goes, in one spelling."""

    role: str
    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What a host's last reading says of its network, for firewall rows.

    `dialled` is the address that the host answered at, None where that was not noted. `resolved` has the
    addresses that the host found for gateways that the inventory calls by a name. `reading` is there where
    the judgement says nothing by role (the key was not readable, or its two views differ): with the profile's
    values alone, without connections, and without attempts where all pins are valid.
    """

    dialled: str | None = None
    tunnels: tuple[Tunnel, ...] = ()
    resolved: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    reading: Reading | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One host's result in one scan. `at` is when it came, aware UTC. The judgement has no evidence and no
    remarks.

    `cause` is phase and cause where the host was not probed (`auth: logon-failed`), else empty. `gateways`
    are the addresses that decide, by role, sorted; `sources` the host's own addresses, as its interfaces have
    them. `named` and `desired` are the inventory's gateways and pins by role when it was asked, None where
    nobody looked.
    """

    host: str
    scan: int
    at: datetime
    address: str
    profile: Profile
    judgement: Judgement
    cause: str = ""
    waived: str | None = None
    site: str | None = None
    groups: tuple[str, ...] = ()
    gateways: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    sources: tuple[str, ...] = ()
    repin: str = "allow"  # or "forbid", by the inventory
    named: Mapping[str, str] | None = None
    desired: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    network: Network = Network()
    via: str | None = None  # the proxy or jump host that it was reached by

    @property
    def probed(self) -> bool:
        """Whether the host gave a reading."""
        return not self.cause

    @property
    def key(self) -> GroupKey:
        """What this result has in common with others that are folded with it."""
        return key_of(self.judgement, self.cause, waived=self.waived is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostNow:
    """What is known of a host now: its latest result, its last one with a reading, and the reading before
    that.

    `latest` and `known` are the same where the latest result has a reading; `known` is None where none ever
    had. `readable` is the last reading that got at the registry key, for who asks for it; None where none
    ever did. `since` says what to do where a re-pin made the last reading old, empty where none did.
    """

    latest: Standing
    known: Standing | None = None
    before: Standing | None = None
    readable: Standing | None = None
    since: str = ""

    @property
    def action(self) -> str:
        """What to do: by the result that counts, or for a newer one."""
        return self.since or self.standing.judgement.action

    @property
    def standing(self) -> Standing:
        """The result that counts: the last one with a reading, else the latest."""
        return self.known or self.latest


Pair = tuple[Standing | None, Standing | None]
"""A host's results in an earlier and in a later scan; None where it has none there."""
