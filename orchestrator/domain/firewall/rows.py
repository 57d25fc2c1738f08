"""The firewall rows of a host: what its tunnels need, and what is open to it without need. Pure."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from inventory.schema.shapes import is_ipv4
from orchestrator.domain.firewall.needs import Why
from orchestrator.domain.firewall.subnets import parsed_address
from orchestrator.domain.judgement import Belief, RoleJudgement
from orchestrator.domain.primitives.address import canonical
from orchestrator.domain.standing import Standing


class Action(enum.StrEnum):
    """What to do about a row: it has to be permitted, or a rule for it can go."""

    PERMIT = "permit"
    REMOVE = "remove"

    __hash__ = str.__hash__  # an enumeration's own is Python's, and rows hold tens of thousands


class FirewallRow(NamedTuple):
    """One source, one destination, one TCP port.

    `found` is what the host believes of it; `why` is None to remove.
    """

    source: str
    destination: str
    port: int
    action: Action
    found: Belief
    why: Why | None
    host: str
    site: str


class OpenPort(NamedTuple):
    """A row but for its source and its host: what hosts that are alike share."""

    destination: str
    port: int
    action: Action
    found: Belief
    why: Why | None

    def row(self, source: str, standing: Standing) -> FirewallRow:
        """Return the row of a host from one of its addresses."""
        return FirewallRow(source, *self, standing.host, standing.site or "")


def open_ports(
    standing: Standing, roles: Iterable[RoleJudgement], own: Collection[tuple[str | None, int]]
) -> tuple[OpenPort, ...]:
    """Return what a host's roles need, then what each finds open without need, each once.

    `own` are the places, destination and port, that the host itself may need.
    """
    found: dict[OpenPort, None] = {}
    for role in roles:
        gateways = tuple(map(canonical, standing.gateways[role.role]))
        for destination, port, why in (*_needed(standing, role, gateways), *_unneeded(role, gateways, own)):
            decides = destination in gateways  # what is believed of a port is believed of these
            belief = role.beliefs.get(port, Belief.UNTRIED) if decides else Belief.UNTRIED
            found[OpenPort(destination, port, Action.PERMIT if why else Action.REMOVE, belief, why)] = None
    return tuple(found)


_Place = tuple[str, int, Why | None]


def _needed(standing: Standing, role: RoleJudgement, gateways: tuple[str, ...]) -> Iterator[_Place]:
    """Yield what a role has to get to; of two reasons the pin counts before a wish,
    and that before what is up now.
    """
    tunnels = [each for each in standing.network.tunnels if each.role == role.role]
    found: dict[tuple[str, int], Why] = {}
    for port in role.live:
        known = [each.address for each in tunnels if each.port == port]
        found |= dict.fromkeys(((place, port) for place in known or gateways), Why.LIVE)
    for wanted, why in ((role.desired, Why.DESIRED), (role.pin.port, Why.PIN)):
        if wanted is not None:
            found |= dict.fromkeys(((place, wanted) for place in gateways), why)
    yield from ((destination, port, why) for (destination, port), why in found.items())


def _unneeded(
    role: RoleJudgement, gateways: tuple[str, ...], own: Collection[tuple[str | None, int]]
) -> Iterator[_Place]:
    """Yield what a role finds open."""
    for port, belief in role.beliefs.items():
        for destination in gateways if belief is Belief.OPEN else ():
            if (destination, port) not in own:
                yield destination, port, None


def family(address: str) -> int | None:
    """Return the version of IP that an address is of; None for a name."""
    if is_ipv4(address):
        return 4
    parsed = parsed_address(address)
    return None if parsed is None else parsed.version
