"""What a simulated host is: identity, registry in two views, a network around it, connections.

State, and no I/O.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orchestrator.demo.machine.writes import Data, Mutex, WriteLog
from orchestrator.domain.pin import parse_pin
from orchestrator.domain.reading import Kind, Result, Value


class KeyState(enum.StrEnum):
    """What opening a registry key gives. A key that is not in the model is absent."""

    PRESENT = "present"
    DENIED = "denied"
    FAILED = "failed"


@dataclass(slots=True)
class Entry:
    """One registry value under its name as it was written;
    `data` as in `orchestrator.domain.reading.Value`.
    """

    name: str
    kind: Kind
    data: Data


@dataclass(slots=True)
class Key:
    """A registry key: its values by lower-case name."""

    path: str
    state: KeyState = KeyState.PRESENT
    values: dict[str, Entry] = field(default_factory=dict)
    error: str = (
        "System.Security.SecurityException 0x8013150a"  # what the script says of a key that is not present
    )
    locked: str | None = None  # what the write script says where the key may be read and not written

    def set(self, name: str, kind: Kind, data: Data) -> None:
        """Create or replace a value; one that is there keeps its name as it was written first."""
        held = self.get(name)
        self.values[name.casefold()] = Entry(held.name if held else name, kind, data)

    def delete(self, name: str) -> None:
        """Remove a value if it is there."""
        self.values.pop(name.casefold(), None)

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

    def keys(self, view: int) -> list[Key]:
        """Return every key of a view."""
        return list(self._views[view].values())

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
class Agent:
    """The backup agent's service: it keeps its tunnels until the pin changes, and takes a new pin up after a
    while.

    `values` and `gateways` are the pin's value name and the gateway's address by role; `reconnects` is how
    many seconds after a change it connects anew, None for never. What the pins were when it was first looked
    at is nothing new.
    """

    key: str
    values: Mapping[str, str]
    gateways: Mapping[str, str]
    reconnects: float | None
    _pins: dict[str, int | None] = field(default_factory=dict)
    _due: dict[str, datetime] = field(default_factory=dict)

    def settle(self, machine: Machine, now: datetime) -> None:
        """Let the service do what it has done by `now` (aware): notice new pins,
        and move tunnels that are due.
        """
        for role, name in self.values.items():
            pin = self._pin(machine.registry, name)
            if self._pins.setdefault(role, pin) != pin:
                self._pins[role] = pin
                self._due.pop(role, None)
                if self.reconnects is not None:
                    self._due[role] = now + timedelta(seconds=self.reconnects)
            if role in self._due and now >= self._due[role]:
                del self._due[role]
                self._connect(machine, self.gateways[role], pin)

    def _pin(self, registry: Registry, name: str) -> int | None:
        keys = (registry.key(view, self.key) for view in (64, 32))
        entry = next((key.get(name) for key in keys if key is not None), None)
        return None if entry is None else parse_pin(Value(name=name, kind=entry.kind, data=entry.data)).port

    def _connect(self, machine: Machine, gateway: str, pin: int | None) -> None:
        """Drop the old tunnel; put up a new one where the network lets it."""
        local = next(iter(machine.interfaces.values()))[0]
        machine.connections = [row for row in machine.connections if row.remote_address != gateway]
        if pin is not None and machine.network.connect(gateway, pin) is Result.CONNECTED:
            machine.connections.append(Row(gateway, pin, local_address=local, local_port=50000 + pin % 10000))


@dataclass(slots=True, kw_only=True)
class Machine:
    """One host's whole state. `failing` names parts of the probe that break: part -> the error it reports.

    `clock_skew` is in seconds, ahead of ours; `utc_offset` in minutes east. For real, in seconds: `latency`
    is how long a script takes, `step_time` how long each step of the write script takes besides.
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
    step_time: float = 0.0
    mutex: Mutex = field(default_factory=Mutex)
    log: WriteLog = field(default_factory=WriteLog)
    agent: Agent | None = None
