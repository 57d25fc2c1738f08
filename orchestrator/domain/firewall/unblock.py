"""The fewest firewall rules that bring blocked hosts back. Pure.

A rule permits one port to one gateway. A host is back when each of its closed roles has a rule for its pin,
or for its desired pin where it may be re-pinned. How rules are chosen stands in
`orchestrator.domain.firewall.cover`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from inventory.verdicts import Verdict
from orchestrator.domain.firewall.cover import Chosen, Gateway, Need, choose
from orchestrator.domain.firewall.sources import sources
from orchestrator.domain.firewall.subnets import Subnets
from orchestrator.domain.judgement import Belief, RoleJudgement
from orchestrator.domain.standing import Standing

_BLOCKED = frozenset({Verdict.BLOCKED, Verdict.CUT_OFF})
_NO_RULE = {
    Verdict.DISCONNECTED: "the pin is open and no tunnel is up: no firewall rule helps",
    Verdict.SUSPECT: "something else answers in the gateway's place",
    Verdict.SPLIT: "the two registry views differ",
    Verdict.BAD_PIN: "the pin is not a port",
    Verdict.UNREADABLE: "the key could not be read",
    Verdict.UNTESTED: "the pin was not tried",
    Verdict.NO_AGENT: "no agent is installed",
    Verdict.UNKNOWN: "the host never gave a reading",
}
NO_GATEWAY = "no gateway address is known"
REFUSED = "every port is refused, not dropped: a wrong gateway address, or a dead service"
REPIN = "needs no rule: the desired pin is open, fleetcheck repin plan"

_Place = tuple[str, str]  # site and subnet, each empty for none


@dataclass(frozen=True, slots=True, kw_only=True)
class HostsAt:
    """Hosts of a site, by name; `subnet` is the one that the inventory names for them and that they lie in,
    or empty.
    """

    site: str
    subnet: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A firewall rule worth having: TCP `port` to `gateway`, from `hosts`, which it helps; `places` says
    where they are.

    `back` counts the hosts that are back with this rule and those before it.
    """

    port: int
    label: str
    gateway: Gateway
    hosts: tuple[str, ...]
    places: tuple[HostsAt, ...]
    back: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Hosts that no rule can fix, and why."""

    reason: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unblocking:
    """What to ask for. `blocked` counts the hosts that rules can bring back, `back` those that these rules
    do.

    `left` are the others of them, beyond the target. `fewest`: it is proved that no fewer rules do.
    """

    blocked: int
    back: int
    rules: tuple[Rule, ...]
    left: tuple[str, ...]
    apart: tuple[Apart, ...]
    fewest: bool = True


def unblock(
    standings: Iterable[Standing], *, target: float = 1.0, subnets: Subnets | None = None
) -> Unblocking:
    """Choose rules until `target` (over 0, up to 1) of the hosts that rules can fix are back.

    Rules come with what helps most first; of equal ones the earlier in the profile's list, then the lower
    port and gateway. With `subnets` a rule's hosts are told apart by these, too.
    """
    needs: list[Need] = []
    places: dict[str, _Place] = {}
    apart: dict[str, list[str]] = {}
    order: dict[int, tuple[int, str]] = {}
    for standing in standings:
        for place, listed in enumerate(standing.profile.ports):
            order.setdefault(listed.number, (place, listed.label))
        found = _look(standing)
        if isinstance(found, str):
            if found:
                apart.setdefault(found, []).append(standing.host)
            continue
        places[standing.host] = standing.site or "", _subnet(standing, subnets) if subnets else ""
        needs.extend(found)
    choice = choose(
        needs,
        math.ceil(round(target * len(places), 9)),
        {port: place for port, (place, _) in order.items()},
    )
    return Unblocking(
        blocked=len(places),
        back=len(choice.back),
        rules=tuple(_rule(each, places, order) for each in choice.chosen),
        left=tuple(sorted(places.keys() - choice.back)),
        apart=tuple(
            Apart(reason=reason, hosts=tuple(sorted(names)))
            for reason, names in sorted(apart.items(), key=lambda item: (-len(item[1]), item[0]))
        ),
        fewest=choice.fewest or not needs,
    )


def _look(standing: Standing) -> list[Need] | str:
    """Return what a host needs, or why no rule can fix it; an empty reason where nothing is blocked."""
    closed = [role for role in standing.judgement.roles if role.verdict in _BLOCKED]
    repin = standing.repin == "allow"
    if not closed:
        return _NO_RULE.get(standing.judgement.verdict, "")
    hindering = _NO_RULE.keys() - {
        Verdict.DISCONNECTED
    }  # no tunnel may be up because the other gateway is closed
    other = next((role.verdict for role in standing.judgement.roles if role.verdict in hindering), None)
    if other is not None:
        return f"another role: {_NO_RULE[other]}"
    if any(role.refused for role in closed):
        return REFUSED
    needs = []
    for role in closed:
        gateway = standing.gateways.get(role.role)
        if gateway is None:
            return NO_GATEWAY
        if repin and role.desired is not None and role.beliefs.get(role.desired) is Belief.OPEN:
            continue
        permits = tuple((port, gateway) for port in _helping(role, repin=repin))
        needs.append(Need(standing.host, role.role, permits))
    return needs or REPIN


def _subnet(standing: Standing, subnets: Subnets) -> str:
    """Return the named subnets that a host's addresses lie in, almost always one."""
    around = (subnets.around(standing.host, source) for source in sources(standing))
    return ", ".join(dict.fromkeys(subnet for subnet in around if subnet))


def _helping(role: RoleJudgement, *, repin: bool) -> tuple[int, ...]:
    ports = (role.pin.port, role.desired if repin else None)
    useless = {port for port, belief in role.beliefs.items() if belief is Belief.INTERCEPTED}
    return tuple(dict.fromkeys(port for port in ports if port is not None and port not in useless))


def _rule(chosen: Chosen, places: Mapping[str, _Place], order: Mapping[int, tuple[int, str]]) -> Rule:
    hosts = tuple(sorted(chosen.helped))
    port, gateway = chosen.permit
    by_place: dict[_Place, list[str]] = {}
    for host in hosts:
        by_place.setdefault(places[host], []).append(host)
    return Rule(
        port=port,
        label=order.get(port, (0, ""))[1],
        gateway=gateway,
        hosts=hosts,
        places=tuple(
            HostsAt(site=site, subnet=subnet, hosts=tuple(by_place[site, subnet]))
            for site, subnet in sorted(by_place)
        ),
        back=chosen.back,
    )
