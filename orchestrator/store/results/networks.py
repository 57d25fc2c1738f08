"""What readings say of hosts' networks, for firewall rows: their own addresses, where they answered,
their tunnels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from inventory.model import Profile
from orchestrator.domain.facts import ESTABLISHED
from orchestrator.domain.firewall.needs import pinned
from orchestrator.domain.primitives.address import canonical
from orchestrator.domain.reading import Reading, Source
from orchestrator.domain.standing import Network, Tunnel
from orchestrator.store.database.types import among
from orchestrator.store.place import Place
from orchestrator.store.results.load import readings
from orchestrator.store.tables import connection

Connections = Sequence[tuple[str, int]]
"""Address and port of each live connection."""


class _Targets(NamedTuple):
    """What a host tried, and the addresses that it found for gateways that the inventory calls by a name.

    `known` are the addresses of each role.
    """

    known: Mapping[str, frozenset[str]]
    resolved: Mapping[str, tuple[str, ...]]


class Networks:
    """Reads what readings say of the network, and keeps what hosts have in common.

    Equal targets and tunnels are one object, by which who goes through many hosts knows those that are alike.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._connections: Mapping[int, Connections] = {}
        self._readings: Mapping[int, Reading] = {}
        self._targets: dict[object, _Targets] = {}
        self._roles: dict[tuple[int, tuple[tuple[str, str], ...]], Mapping[str, Sequence[str]]] = {}
        self._tunnels: dict[tuple[tuple[str, str, int], ...], tuple[Tunnel, ...]] = {}

    def read(self, using: Connection, ids: Collection[int], unjudged: Mapping[int, Profile]) -> None:
        """Read what is needed beside the documents, of results by their ids.

        `unjudged` are those whose judgement says nothing by role, each with its profile. Raises DatabaseError
        for rows that make no reading.
        """
        self._connections = _established(using, ids)
        self._readings = self._read(using, unjudged) if unjudged else {}

    def _read(self, using: Connection, profiles: Mapping[int, Profile]) -> dict[int, Reading]:
        """Read what the registry says, and of those whose pins it does not say what they tried, too."""
        names = {
            name
            for profile in profiles.values()
            for role in profile.roles
            for name in (role.port_value, role.address_value)
            if name is not None
        }
        found = readings(using, self._place, profiles, names, tried=False, connected=False)
        left = [number for number, reading in found.items() if not pinned(reading, profiles[number])]
        return found | readings(using, self._place, left, names, connected=False) if left else found

    def of(
        self, number: int, document: list[Any], named: Mapping[str, str]
    ) -> tuple[tuple[str, ...], Network]:
        """Return a host's own addresses and its network; `document` says who answered, `named` has the
        inventory's gateways.

        Raises KeyError, TypeError, ValueError or AttributeError for a document that does not hang together.
        """
        identity, targets, steady = document
        told = self._told(targets)
        return _addresses(identity.get("interfaces", ())), Network(
            dialled=steady.get("dialled"),
            tunnels=self._through(self._connections[number], self._roles_at(told, named)),
            resolved=told.resolved,
            reading=self._readings.get(number),
        )

    def _told(self, targets: Iterable[dict[str, Any]]) -> _Targets:
        said = tuple(
            (target["role"], target["source"], target["name"], *target.get("addresses", ()))
            for target in targets
        )
        found = self._targets.get(said)
        if found is None:
            found = self._targets[said] = _targets(said)
        return found

    def _roles_at(self, told: _Targets, named: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
        """Return the roles of each address that is known for one."""
        shared = id(told), tuple(named.items())  # the targets are kept: no other object takes their number
        found = self._roles.get(shared)
        if found is None:
            found = self._roles[shared] = _roles_at(told.known, named)
        return found

    def _through(self, connections: Connections, roles: Mapping[str, Sequence[str]]) -> tuple[Tunnel, ...]:
        """Return the connections that go to an address known for a role, each once."""
        through = tuple(
            (role, address, port)
            for address, port in dict.fromkeys(connections)
            for role in roles.get(address, ())
        )
        found = self._tunnels.get(through)
        if found is None:
            found = self._tunnels[through] = tuple(
                Tunnel(role=role, address=address, port=port) for role, address, port in through
            )
        return found


def _addresses(interfaces: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(address for each in interfaces for address in each.get("addresses", ())))


def _targets(said: Iterable[tuple[str, ...]]) -> _Targets:
    known: defaultdict[str, set[str]] = defaultdict(set)
    resolved: dict[str, tuple[str, ...]] = {}
    for role, source, name, *found in said:
        addresses = tuple(map(canonical, found))
        known[role].update(addresses)
        if source == Source.INVENTORY:
            resolved[canonical(name)] = addresses
    return _Targets(
        {role: frozenset(addresses) for role, addresses in known.items()}, MappingProxyType(resolved)
    )


def _established(using: Connection, ids: Collection[int]) -> Mapping[int, Connections]:
    """Read where the live connections of each result go."""
    found: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    columns = connection.c
    query = select(columns.result_id, columns.remote_address, columns.remote_port).where(
        among(columns.result_id, ids), columns.state == ESTABLISHED
    )
    for number, address, port in using.execute(query).all():
        found[number].append((canonical(address), port))
    return found


def _roles_at(known: Mapping[str, frozenset[str]], named: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    """Return the roles, by name, of each address: those of hosts' targets and the inventory's."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for role in sorted({*known, *named}):
        for address in {*known.get(role, ()), canonical(named.get(role, ""))}:
            found[address].append(role)
    return found
