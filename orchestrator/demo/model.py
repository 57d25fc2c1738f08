"""What a simulated host is: identity, registry in two views, a network around it, connections. State, and no I/O."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orchestrator.domain.reading import Kind, Result

Data = int | str | tuple[str, ...]


class KeyState(enum.StrEnum):
    """What opening a registry key gives. A key that is not in the model is absent."""

    PRESENT = "present"
    DENIED = "denied"
    FAILED = "failed"


@dataclass(slots=True)
class Entry:
    """One registry value under its name as it was written; `data` as in `orchestrator.domain.reading.Value`."""

    name: str
    kind: Kind
    data: Data


@dataclass(slots=True)
class Key:
    """A registry key: its values by lower-case name."""

    path: str
    state: KeyState = KeyState.PRESENT
    values: dict[str, Entry] = field(default_factory=dict)
    error: str = "SecurityException 0x8013150A"  # what the script says of a key that is not present

    def set(self, name: str, kind: Kind, data: Data) -> None:
        """Create or replace a value."""
        self.values[name.casefold()] = Entry(name, kind, data)

    def get(self, name: str) -> Entry | None:
        """Return a value, whatever the case of its name."""
        return self.values.get(name.casefold())


@dataclass(slots=True)
class Registry:
    """HKEY_LOCAL_MACHINE in its 64-bit and 32-bit views."""

    _views: dict[int, dict[str, Key]] = field(default_factory=lambda: {64: {}, 32: {}})

    def key(self, view: int, path: str) -> Key | None:
        """Return a key, None where it is absent."""
        return self._views[view].get(path.casefold())

    def create(self, view: int, path: str, state: KeyState = KeyState.PRESENT) -> Key:
        """Return a key of the view, made where it was absent."""
        key = self._views[view].setdefault(path.casefold(), Key(path, state))
        key.state = state
        return key

    def delete(self, view: int, path: str) -> None:
        """Remove a key if it is there."""
        self._views[view].pop(path.casefold(), None)

    def matching(self, view: int, pattern: str) -> list[Key]:
        """Return the keys that a path means in which one `*` may stand for one whole name, by name."""
        if "*" not in pattern:
            key = self.key(view, pattern)
            return [key] if key else []
        head, _, tail = pattern.casefold().partition("*")
        return [
            key
            for path, key in sorted(self._views[view].items())
            if path.startswith(head)
            and path.endswith(tail)
            and "\\" not in path[len(head) : len(path) - len(tail)]
        ]


@dataclass(slots=True)
class Network:
    """What the host's packets meet: a result for each (address, port), the most exact rule first.

    A `times` of n in `flaky` lets an attempt at that (address, port) time out n times before its rule holds.
    """

    exact: dict[tuple[str, int], Result] = field(default_factory=dict)
    ports: dict[int, Result] = field(default_factory=dict)  # towards every address
    addresses: dict[str, Result] = field(default_factory=dict)  # every port of it
    otherwise: Result = Result.TIMED_OUT
    flaky: dict[tuple[str, int], int] = field(default_factory=dict)

    def open(self, addresses: Iterable[str], ports: Iterable[int]) -> None:
        """Let connects from here to these ports of these addresses through."""
        ports = tuple(ports)
        for address in addresses:
            self.exact.update({(address, port): Result.CONNECTED for port in ports})

    def connect(self, address: str, port: int, *, number: int = 1) -> Result:
        """Return what the `number`th attempt comes to."""
        if number <= self.flaky.get((address, port), 0):
            return Result.TIMED_OUT
        rule = self.exact.get((address, port))
        return rule or self.addresses.get(address) or self.ports.get(port) or self.otherwise


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the host's TCP table; `state` as .NET names it."""

    remote_address: str
    remote_port: int
    state: str = "Established"
    local_address: str = "10.20.0.15"
    local_port: int = 49721


@dataclass(slots=True, kw_only=True)
class Machine:
    """One host's whole state. `failing` names parts of the probe that break: part -> the error it reports.

    `clock_skew` is in seconds, ahead of ours; `utc_offset` in minutes east; `latency` is how long, in seconds, a
    script takes for real.
    """

    computer: str
    machine_id: str
    fqdn: str | None = None
    os_name: str = "Windows Server 2019 Standard"
    os_version: str = "10.0.17763.5329"
    powershell: str = "5.1.17763.5328"
    edition: str = "Desktop"
    clr: str = "4.0.30319.42000"
    language: str = "FullLanguage"
    time_zone: str = "W. Europe Standard Time"
    utc_offset: int = 60
    elevated: bool = True
    bits: int = 64
    interfaces: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"Ethernet0": ("10.20.0.15",)})
    clock_skew: float = 0.0
    registry: Registry = field(default_factory=Registry)
    network: Network = field(default_factory=Network)
    connections: list[Row] = field(default_factory=list)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # lower case -> addresses
    failing: Mapping[str, str] = field(default_factory=dict)
    latency: float = 0.0
