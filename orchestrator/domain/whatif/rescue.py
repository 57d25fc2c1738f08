"""What saves each threatened host: a re-pin now, a re-pin once a port is opened, or firewall rules first.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from inventory.model import Rule
from orchestrator.domain.firewall.cover import Gateway, Need, Permit, choose
from orchestrator.domain.firewall.unblock import NO_GATEWAY, REFUSED
from orchestrator.domain.judgement import Belief
from orchestrator.domain.whatif.assumption import Assumptions
from orchestrator.domain.whatif.outlook import HostOutlook, RoleOutlook, doubt
from orchestrator.domain.whatif.repins import Repin, Stage, repin

FORBIDDEN = "the inventory says `repin: forbid`, and the pin is the port that closes"
NO_PORT = "no listed port is left that a rule could open to every gateway that needs one"


@dataclass(frozen=True, slots=True)
class Now:
    """A re-pin that can be planned as things are."""

    repin: Repin


@dataclass(frozen=True, slots=True)
class Later:
    """A re-pin that can be planned once what is assumed open is open and was scanned."""

    repin: Repin


@dataclass(frozen=True, slots=True)
class Scan:
    """Ports that were not tried may last: a scan of all ports, and the question again."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Firewall rules that are needed first."""

    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """No way that this tool knows, and why."""

    reason: str


Rescue = Now | Later | Scan | Rules | Nothing


def rescue(host: HostOutlook, assumed: Assumptions) -> Rescue:
    """Say what saves a threatened host: the soonest that there is."""
    standing = host.standing
    if standing.waived is not None:
        return Nothing(f"waived ({standing.waived}): repin plan --include-waived REASON takes it in")
    if standing.repin == "allow":
        unknown = next((why for role in host.roles if (why := doubt(role, role.judgement.beliefs))), "")
        if unknown:
            return Nothing(unknown)
        now = [Stage(role=role, now=role.judgement.beliefs, then=role.then) for role in host.roles]
        if (found := repin(host, now)) is not None:
            return Now(found)
        later = [Stage(role=role, now=role.opened, then=role.then) for role in host.roles]
        if (found := repin(host, later)) is not None:
            return Later(found)
        if _may_last(later, assumed, one_port=_one_port_only(host)):
            return Scan()
    return _rules(host, assumed)


def _one_port_only(host: HostOutlook) -> bool:
    """Tell whether all roles have to have the same port."""
    profile = host.standing.profile
    return profile.shared_value is not None or profile.rule is Rule.COMMON


def _may_last(stages: Sequence[Stage], assumed: Assumptions, *, one_port: bool) -> bool:
    """Tell whether every role has a port that is open or was not tried, and that nothing is to close."""

    def may(stage: Stage) -> set[int]:
        untried = {
            port
            for port, belief in stage.now.items()
            if belief is Belief.UNTRIED and not assumed.closes(port, stage.role.gateway)
        }
        return {*stage.lasting_ports, *untried}

    each = [may(stage) for stage in stages]
    return bool(set.intersection(*each)) if one_port else all(each)


def after_rules(host: HostOutlook, permits: Iterable[Permit]) -> Repin | None:
    """Say how a host is re-pinned once these rules, all for it, are made: None where its pins need
    no change.
    """
    made = {(port, address) for port, gateway in permits for address in gateway}

    def with_rules(beliefs: Mapping[int, Belief], gateway: Gateway) -> dict[int, Belief]:
        return {
            port: Belief.OPEN
            if belief is not Belief.INTERCEPTED and any((port, address) in made for address in gateway)
            else belief
            for port, belief in beliefs.items()
        }

    stages = [
        Stage(role=role, now=with_rules(role.opened, role.gateway), then=with_rules(role.then, role.gateway))
        for role in host.roles
    ]
    if all(stage.then.get(stage.role.pin or 0) is Belief.OPEN for stage in stages):
        return None
    return repin(host, stages)


def fewest(needs: Sequence[Need], order: Mapping[int, int]) -> tuple[Mapping[Permit, tuple[str, ...]], bool]:
    """Choose the fewest permits that meet every need, what helps most first, each with the hosts that it
    helps.

    `order` has the ports' places in the profile's list. The second part: it is proved that no fewer do.
    """
    if not needs:
        return {}, True
    choice = choose(needs, len({need.host for need in needs}), order)
    return {each.permit: tuple(sorted(each.helped)) for each in choice.chosen}, choice.fewest


def _rules(host: HostOutlook, assumed: Assumptions) -> Rescue:
    """Say which rules a host needs: for its pin or its desired pin, else for the first listed port that is
    left.
    """
    closed = [role for role in host.roles if role.then.get(role.pin or 0) is not Belief.OPEN]
    if any(role.judgement.refused for role in closed):
        return Nothing(REFUSED)
    if any(not role.gateway for role in closed):
        return Nothing(NO_GATEWAY)
    if host.standing.repin != "allow":
        usable = all(_usable(role, role.pin, assumed) for role in closed)
        return (
            Rules(tuple(_need(host, role, (role.pin,)) for role in closed)) if usable else Nothing(FORBIDDEN)
        )
    if _one_port_only(host):
        return _one_port(host, assumed)
    return _port_by_role(host, closed, assumed)


def _usable(role: RoleOutlook, port: int | None, assumed: Assumptions) -> bool:
    """Tell whether a rule for this port would help: it is not to be closed, and nothing else
    answers there.
    """
    if port is None or role.then.get(port) is Belief.INTERCEPTED:
        return False
    return not assumed.closes(port, role.gateway)


def _port_by_role(host: HostOutlook, closed: Iterable[RoleOutlook], assumed: Assumptions) -> Rescue:
    """Find ports for each role that has none that lasts."""
    needs = []
    for role in closed:
        if Stage(role=role, now=role.opened, then=role.then).lasting_ports:
            continue
        usable = [port for port in (role.pin, role.judgement.desired) if _usable(role, port, assumed)]
        listed = [port for port in role.then if _usable(role, port, assumed)]
        if not listed:
            return Nothing(NO_PORT)
        needs.append(_need(host, role, usable or listed[:1]))
    return Rules(tuple(needs)) if needs else Nothing(NO_PORT)


def _one_port(host: HostOutlook, assumed: Assumptions) -> Rescue:
    """Find the port for a host whose roles must all have the same one."""
    first = host.roles[0]
    wanted = (first.pin, first.judgement.desired, *first.then)
    for port in wanted:
        if port is not None and all(_usable(role, port, assumed) for role in host.roles):
            closed = [role for role in host.roles if role.then.get(port) is not Belief.OPEN]
            return Rules(tuple(_need(host, role, (port,)) for role in closed))
    return Nothing(NO_PORT)


def _need(host: HostOutlook, role: RoleOutlook, ports: Iterable[int | None]) -> Need:
    wanted = dict.fromkeys(port for port in ports if port is not None)
    return Need(host.host, role.role, tuple((port, role.gateway) for port in wanted))
