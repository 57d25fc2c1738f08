"""Which gateways the fleet's agents use, and whether their pins get there. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from orchestrator.domain.judgement import Belief, RoleJudgement
from orchestrator.domain.primitives.address import canonical
from orchestrator.domain.standing import Standing

_SEVERAL = 3  # hosts at another gateway of the role: one host alone beside them is worth a remark


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayUse:
    """The hosts whose tunnel of a role goes to one gateway. `addresses` are those that decide, each in one
    spelling.

    `pins` counts the hosts by pin, most first; `beliefs` what they believe of their pin; `live` those with a
    tunnel up. `lonely` is the one host that alone uses it where several share another gateway of the role,
    else None.
    """

    role: str
    addresses: tuple[str, ...]
    hosts: int
    pins: Mapping[int, int]
    beliefs: Mapping[Belief, int]
    live: int
    lonely: str | None = None


@dataclass(slots=True)
class _Bin:
    """A gateway while its hosts come in."""

    first: str
    hosts: int = 0
    live: int = 0
    pins: Counter[int] = field(default_factory=Counter)
    beliefs: Counter[Belief] = field(default_factory=Counter)


class Gateways:
    """Takes results one by one, and keeps of each gateway its counts and the first host's name."""

    def __init__(self) -> None:
        self._bins: dict[tuple[str, tuple[str, ...]], _Bin] = {}
        self._spelt: dict[tuple[str, ...], tuple[str, ...]] = {}  # whole fleets share a few gateways

    def add(self, standing: Standing) -> None:
        """Take one host's result into account; one without a reading uses no gateway that is known."""
        roles = {role.role: role for role in standing.judgement.roles}
        for role, addresses in standing.gateways.items():
            if addresses not in self._spelt:
                self._spelt[addresses] = tuple(sorted(map(canonical, addresses)))
            where = role, self._spelt[addresses]
            if where not in self._bins:
                self._bins[where] = _Bin(standing.host)
            found = self._bins[where]
            found.hosts += 1
            if role in roles:
                _count(found, roles[role])

    def uses(self) -> tuple[GatewayUse, ...]:
        """Return the gateways by role, the primary ones and those of most hosts first."""
        shared = {role for (role, _), found in self._bins.items() if found.hosts >= _SEVERAL}
        order = sorted(
            self._bins.items(), key=lambda item: (item[0][0] != "primary", item[0][0], -item[1].hosts)
        )
        return tuple(_uses(order, shared))


def _count(found: _Bin, role: RoleJudgement) -> None:
    found.live += bool(role.live)
    if role.pin.port is not None:
        found.pins[role.pin.port] += 1
        found.beliefs[role.beliefs.get(role.pin.port, Belief.UNTRIED)] += 1


def _uses(order: list[tuple[tuple[str, tuple[str, ...]], _Bin]], shared: set[str]) -> Iterator[GatewayUse]:
    for (role, addresses), found in order:
        yield GatewayUse(
            role=role,
            addresses=addresses,
            hosts=found.hosts,
            pins=dict(found.pins.most_common()),
            beliefs=dict(found.beliefs),
            live=found.live,
            lonely=found.first if found.hosts == 1 and role in shared else None,
        )
