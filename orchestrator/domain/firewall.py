"""What firewalls have to permit for the fleet as it is, and what they permit that no host needs any more. Pure.

All of it is what hosts told and found; no firewall was asked. A source is an address of the host's own interfaces: one
behind address translation looks different to a firewall.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestrator.domain.judgement import Belief, RoleJudgement
from orchestrator.domain.standing import Standing
from orchestrator.domain.subnets import parsed_address


class Action(enum.StrEnum):
    """What to do about a row: it has to be permitted, or a rule for it can go."""

    PERMIT = "permit"
    REMOVE = "remove"


class Why(enum.StrEnum):
    """Why a host needs a port: its pin, its desired pin, or a connection that is up."""

    PIN = "pin"
    DESIRED = "desired"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One source, one destination, one TCP port. `found` is what the host believes of it; `why` is None to remove."""

    source: str
    destination: str
    port: int
    action: Action
    found: Belief
    why: Why | None
    host: str
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall:
    """All rows: what is needed, by host, then what is not. `unknown` are hosts of which no need is known."""

    rows: tuple[Row, ...]
    unknown: tuple[str, ...]


def firewall(standings: Iterable[Standing]) -> Firewall:
    """Work out the rows. A port can go at a site where a host finds it open and no host of the site needs it."""
    rows: list[Row] = []
    unneeded: list[tuple[Standing, RoleJudgement, int]] = []
    needed: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
    unknown = []
    for standing in standings:
        roles = [role for role in standing.judgement.roles if role.role in standing.gateways]
        if not roles:
            unknown.append(standing.host)
        for role in roles:
            needs = dict(_needs(role))
            for port, why in needs.items():
                rows.extend(_rows(standing, role, port, why))
            where = standing.gateways[role.role]
            needed[standing.site or ""].update((address, port) for address in where for port in needs)
            others = [p for p, belief in role.beliefs.items() if belief is Belief.OPEN and p not in needs]
            unneeded.extend((standing, role, port) for port in others)
    for standing, role, port in unneeded:
        known = needed[standing.site or ""]
        rows.extend(row for row in _rows(standing, role, port, None) if (row.destination, port) not in known)
    return Firewall(rows=tuple(dict.fromkeys(rows)), unknown=tuple(unknown))


def _needs(role: RoleJudgement) -> Iterator[tuple[int, Why]]:
    """Yield ports with why they are needed; of two reasons the last one that comes counts."""
    yield from ((port, Why.LIVE) for port in role.live)
    if role.desired is not None:
        yield role.desired, Why.DESIRED
    if role.pin.port is not None:
        yield role.pin.port, Why.PIN


def _rows(standing: Standing, role: RoleJudgement, port: int, why: Why | None) -> Iterator[Row]:
    for source in sources(standing):
        for destination in standing.gateways[role.role]:
            if _meet(source, destination):
                yield Row(
                    source=source,
                    destination=destination,
                    port=port,
                    action=Action.PERMIT if why else Action.REMOVE,
                    found=role.beliefs.get(port, Belief.UNTRIED),
                    why=why,
                    host=standing.host,
                    site=standing.site or "",
                )


def sources(standing: Standing) -> tuple[str, ...]:
    """Give the addresses that a host connects from: the inventory's where the host has it, else all that it has.

    Loopback and link-local addresses are none. A host that told none is taken by the inventory's word, maybe a name.
    """
    own = tuple(address for address in standing.sources if _outward(address))
    if standing.address in own:
        return (standing.address,)
    return own or (standing.address,)


def _outward(address: str) -> bool:
    parsed = parsed_address(address)
    return parsed is not None and not (parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified)


def _meet(source: str, destination: str) -> bool:
    """Tell whether one may reach the other: two addresses of one family do, and a name may have any."""
    one, other = parsed_address(source), parsed_address(destination)
    return one is None or other is None or one.version == other.version
