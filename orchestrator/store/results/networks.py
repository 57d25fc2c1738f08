"""What readings say of hosts' networks, for firewall rows: their own addresses, where they answered,
their tunnels.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, select

from inventory.verdicts import Verdict
from orchestrator.domain.facts import ESTABLISHED
from orchestrator.domain.primitives.address import canonical
from orchestrator.domain.reading import Source
from orchestrator.domain.standing import Network, Standing, Tunnel
from orchestrator.store.place import Place
from orchestrator.store.results.load import ODD, damaged, records
from orchestrator.store.tables import connection, host_result

_WITHOUT_ROLES = frozenset({Verdict.SPLIT, Verdict.UNREADABLE})  # the whole record says what they may need


@dataclass(frozen=True, slots=True)
class _Said:
    """What the document says that tells who answered: own addresses, known addresses by role,
    and what was dialled.
    """

    sources: tuple[str, ...]
    known: Mapping[str, frozenset[str]]
    resolved: Mapping[str, tuple[str, ...]]
    dialled: str | None


class Networks:
    """Adds to results, by their ids, what their readings say of the network."""

    def __init__(self, using: Connection, place: Place, found: Mapping[int, Standing]) -> None:
        """Read what is needed beside the documents. Raises DatabaseError for rows that make no record."""
        self._place, self._found = place, found
        self._connections = _established(using, found)
        odd = [number for number, each in found.items() if each.judgement.verdict in _WITHOUT_ROLES]
        self._whole = records(using, place, host_result.c.id.in_(odd), whole=True) if odd else {}

    def added(self, number: int, identity: str | None) -> Standing:
        """Return a result with its network; `identity` is the document that says who answered.

        Raises DatabaseError.
        """
        standing = self._found[number]
        if identity is None:
            return standing
        try:
            said = _said(json.loads(identity))
        except ODD as error:
            raise damaged(self._place, standing.host, standing.scan, error) from error
        network = Network(
            dialled=said.dialled,
            tunnels=tuple(_tunnels(self._connections[number], said.known, standing.named or {})),
            resolved=said.resolved,
            whole=self._whole.get(number),
        )
        return replace(standing, sources=said.sources, network=network)


def _established(using: Connection, ids: Collection[int]) -> Mapping[int, list[tuple[str, int]]]:
    """Read where the live connections of each result go."""
    found: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    columns = connection.c
    query = select(columns.result_id, columns.remote_address, columns.remote_port).where(
        columns.result_id.in_(ids), columns.state == ESTABLISHED
    )
    for number, address, port in using.execute(query):
        found[number].append((canonical(address), port))
    return found


def _said(document: list[Any]) -> _Said:
    identity, targets, steady = document
    interfaces: Iterable[dict[str, Any]] = identity.get("interfaces", ())
    known: defaultdict[str, set[str]] = defaultdict(set)
    resolved: dict[str, tuple[str, ...]] = {}
    for target in targets:
        addresses = tuple(map(canonical, target.get("addresses", ())))
        known[target["role"]].update(addresses)
        if target["source"] == Source.INVENTORY:
            resolved[canonical(target["name"])] = addresses
    return _Said(
        sources=tuple(dict.fromkeys(address for each in interfaces for address in each.get("addresses", ()))),
        known={role: frozenset(addresses) for role, addresses in known.items()},
        resolved=MappingProxyType(resolved),
        dialled=steady.get("dialled"),
    )


def _tunnels(
    connections: Iterable[tuple[str, int]], known: Mapping[str, frozenset[str]], named: Mapping[str, str]
) -> Iterable[Tunnel]:
    """Yield the connections that go to an address known for a role, each once."""
    roles = {role: {*known.get(role, ()), canonical(named.get(role, ""))} for role in {*known, *named}}
    for address, port in dict.fromkeys(connections):
        for role in sorted(role for role, addresses in roles.items() if address in addresses):
            yield Tunnel(role=role, address=address, port=port)
