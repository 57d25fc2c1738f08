"""What one probe of one host brought back, as values.

See `orchestrator.remote.contract.probe` for the wire form.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime


class Kind(enum.StrEnum):
    """The kind of a registry value. `UNKNOWN` keeps its bytes as hex."""

    DWORD = "DWORD"
    QWORD = "QWORD"
    SZ = "SZ"
    EXPAND_SZ = "EXPAND_SZ"
    MULTI_SZ = "MULTI_SZ"
    BINARY = "BINARY"
    NONE = "NONE"
    UNKNOWN = "UNKNOWN"


class ViewState(enum.StrEnum):
    """What came of opening the profile's key in one registry view."""

    PRESENT = "present"
    ABSENT = "absent"
    DENIED = "denied"
    FAILED = "failed"


class Result(enum.StrEnum):
    """Why an attempt ended as it did."""

    CONNECTED = "connected"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    RESET = "reset"
    BLOCKED_LOCALLY = "blocked_locally"
    NAME_ERROR = "name_error"
    ERROR = "error"


class Source(enum.StrEnum):
    """Who named a gateway's address, in the order that decides the belief."""

    REGISTRY = "registry"
    INVENTORY = "inventory"
    GUESS = "guess"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One registry value.

    `data` is an int for DWORD (unsigned) and QWORD, text for SZ and EXPAND_SZ (unexpanded), a tuple of texts
    for MULTI_SZ, lower-case hex digits for the others. `cut`: the answer's size limit took the data.
    """

    name: str
    kind: Kind
    data: int | str | tuple[str, ...]
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One registry view (64 or 32) of the profile's key;
    `path` is the key that a wildcard turned out to be.
    """

    view: int
    state: ViewState
    path: str = ""
    values: tuple[Value, ...] = ()
    error: str | None = None  # type name and HResult of what stopped the reading
    dropped: int = 0  # values left out whole, because not even their names fitted into the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A gateway address of a role, as the probe found it. `decides`: attempts at it decide the belief.

    `value` is the registry value that held it, None for the inventory's. A guess that does not decide was
    only watched for live connections, never tried.
    """

    role: str
    source: Source
    name: str
    addresses: tuple[str, ...] = ()
    decides: bool = False
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One TCP connect from the host to one gateway and port. `milliseconds` is None where it never began."""

    role: str
    source: Source
    target: str
    address: str | None
    port: int
    result: Result
    milliseconds: int | None
    number: int = 1  # 2: the second try of a pin or desired pin that timed out
    error: str | None = None  # the socket error's name, where there was one


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A connect that must fail; a result of `connected` is a hit.

    `kind` is "address" (a hit: that port is intercepted everywhere) or "port" (a hit: what connects at that
    address is intercepted).
    """

    kind: str
    address: str
    port: int
    result: Result
    milliseconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One row of the host's TCP table whose remote address is a gateway's. `state` as .NET names it."""

    local_address: str
    local_port: int
    remote_address: str
    remote_port: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """A network interface that is up, and its unicast addresses."""

    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which machine answered. Times are aware UTC; None where the host could not say."""

    computer: str | None = None
    fqdn: str | None = None
    machine_id: str | None = None
    os_name: str | None = None
    os_version: str | None = None
    powershell: str | None = None
    edition: str | None = None
    clr: str | None = None
    language: str | None = None
    clock: datetime | None = None
    time_zone: str | None = None
    utc_offset: int | None = None  # minutes east
    elevated: bool | None = None
    bits: int | None = None  # of the operating system
    interfaces: tuple[Interface, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How one part of the probe went: `error` is None, or type name and HResult."""

    name: str
    milliseconds: int
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that one probe brought back. `connections_complete` is False where rows were capped or the part
    failed.

    `deadline_hit`: the probe's own deadline ended it early. `mode` is the mode that was asked for,
    `whole_list` says whether all listed ports were in fact tried. `key` is the registry key that the profile
    asked for.
    """

    mode: str
    identity: Identity
    views: tuple[View, ...]
    targets: tuple[Target, ...]
    attempts: tuple[Attempt, ...]
    canaries: tuple[Canary, ...]
    connections: tuple[Connection, ...]
    connections_complete: bool
    parts: tuple[Part, ...]
    whole_list: bool = False
    deadline_hit: bool = False
    cut_values: int = 0  # values whose data the size limit took
