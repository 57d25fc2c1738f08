"""The firewall rows of one host: what its tunnels need, and what is open to it without need. Pure."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from orchestrator.domain.firewall.needs import Why
from orchestrator.domain.firewall.sources import sources
from orchestrator.domain.firewall.subnets import parsed_address
from orchestrator.domain.judgement import Belief, RoleJudgement
from orchestrator.domain.primitives.address import canonical
from orchestrator.domain.standing import Standing


class Action(enum.StrEnum):
    """What to do about a row: it has to be permitted, or a rule for it can go."""

    PERMIT = "permit"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallRow:
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


class HostRows:
    """Makes the rows of one host."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._sources = sources(standing)

    def needed(self, role: RoleJudgement) -> Iterator[FirewallRow]:
        """Yield what a role has to get to; of two reasons the pin counts before a wish,
        and that before what is up now.
        """
        gateways = self._gateways(role)
        tunnels = [each for each in self._standing.network.tunnels if each.role == role.role]
        found: dict[tuple[str, int], Why] = {}
        for port in role.live:
            known = [each.address for each in tunnels if each.port == port]
            found |= dict.fromkeys(((place, port) for place in known or gateways), Why.LIVE)
        for wanted, why in ((role.desired, Why.DESIRED), (role.pin.port, Why.PIN)):
            if wanted is not None:
                found |= dict.fromkeys(((place, wanted) for place in gateways), why)
        for (destination, port), why in found.items():
            yield from self._rows(role, destination, port, why)

    def unneeded(self, role: RoleJudgement, own: Collection[tuple[str | None, int]]) -> Iterator[FirewallRow]:
        """Yield what a role finds open; `own` are the places, destination and port,
        that the host itself may need.
        """
        gateways = self._gateways(role)
        for port, belief in role.beliefs.items():
            for destination in gateways if belief is Belief.OPEN else ():
                if (destination, port) not in own:
                    yield from self._rows(role, destination, port, None)

    def _gateways(self, role: RoleJudgement) -> tuple[str, ...]:
        return tuple(map(canonical, self._standing.gateways[role.role]))

    def _rows(
        self, role: RoleJudgement, destination: str, port: int, why: Why | None
    ) -> Iterator[FirewallRow]:
        decides = destination in self._gateways(role)  # what is believed of a port is believed of these
        for source in self._sources:
            if _meet(source, destination):
                yield FirewallRow(
                    source=source,
                    destination=destination,
                    port=port,
                    action=Action.PERMIT if why else Action.REMOVE,
                    found=role.beliefs.get(port, Belief.UNTRIED) if decides else Belief.UNTRIED,
                    why=why,
                    host=self._standing.host,
                    site=self._standing.site or "",
                )


def _meet(source: str, destination: str) -> bool:
    """Tell whether one may reach the other: two addresses of one family do, and a name may have any."""
    one, other = parsed_address(source), parsed_address(destination)
    return one is None or other is None or one.version == other.version
