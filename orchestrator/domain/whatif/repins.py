"""Which re-pin takes a host off a port that closes, and the policy that plans it. Pure.

A policy is offered only where the planner's own choice, by what is open when it is typed, gives ports that
stay open.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from inventory.model import Profile, Rule
from orchestrator.domain.judgement import Belief
from orchestrator.domain.repin.decision import NotPlannedError, chosen
from orchestrator.domain.repin.policy import Policy
from orchestrator.domain.whatif.outlook import HostOutlook, RoleOutlook

Beliefs = Mapping[int, Belief]
Pins = Mapping[str, int]

_MOST = 256  # pairs of ports that are tried by name: all that two roles have with sixteen ports each


@dataclass(frozen=True, slots=True, kw_only=True)
class Repin:
    """The pins by role that a host gets. `policy` is what plans them, None where no policy does without new
    `pin:`s.
    """

    pins: tuple[tuple[str, int], ...]
    policy: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A role when `repin plan` is typed, `now`, and when all has come true, `then`."""

    role: RoleOutlook
    now: Beliefs
    then: Beliefs

    def lasting(self, port: int | None) -> bool:
        """Tell whether a port is open now and stays so."""
        return port is not None and self.now.get(port) is Belief.OPEN and self.then.get(port) is Belief.OPEN

    @property
    def lasting_ports(self) -> tuple[int, ...]:
        """The ports that are open now and stay so, in the profile's order."""
        return tuple(port for port in self.now if self.lasting(port))


def repin(host: HostOutlook, stages: Sequence[Stage]) -> Repin | None:
    """Find the pins that last for every role, by the first policy that gives them; None where
    there are none.
    """
    profile = host.standing.profile
    for policy in _policies(stages):
        pins = _by_policy(policy, stages, profile)
        if pins is not None and all(each.lasting(pins.get(each.role.role)) for each in stages):
            return Repin(pins=tuple(pins.items()), policy=str(policy))
    pins = _by_hand(stages, profile)
    return None if pins is None else Repin(pins=tuple(pins.items()), policy=None)


def _policies(stages: Sequence[Stage]) -> Iterator[Policy]:
    """Yield the policies to try: the inventory's own word, the vendor's, then ports by name."""
    yield Policy("desired")
    yield Policy("vendor-order")
    each = [stage.lasting_ports for stage in stages]
    for port in each[0]:
        if all(port in ports for ports in each):
            yield Policy("prefer", (port,))
    for ports in itertools.islice(itertools.product(*each), _MOST):
        for order in itertools.permutations(dict.fromkeys(ports)):
            yield Policy("prefer", order)


def _by_policy(policy: Policy, stages: Sequence[Stage], profile: Profile) -> dict[str, int] | None:
    """Return every role's pin after a plan by this policy, made now; None where the planner leaves the host
    out.
    """
    roles = [replace(stage.role.judgement, beliefs=stage.now) for stage in stages]
    try:
        choice = chosen(policy, roles, profile)
    except NotPlannedError:
        return None
    pins = {each.role.role: choice.get(each.role.role, each.role.pin) for each in stages}
    return {role: port for role, port in pins.items() if port is not None}


def _by_hand(stages: Sequence[Stage], profile: Profile) -> dict[str, int] | None:
    """Choose by the vendor's rule among the ports that last: what the inventory's `pin:` would
    have to say.
    """
    common = _common(each.lasting_ports for each in stages)
    one_port = profile.shared_value is not None or profile.rule is Rule.COMMON
    if common is not None and profile.rule is not Rule.PER_ROLE:
        return {each.role.role: common for each in stages}
    if one_port or not all(each.lasting_ports for each in stages):
        return None
    return {each.role.role: each.lasting_ports[0] for each in stages}


def _common(ports: Iterable[tuple[int, ...]]) -> int | None:
    first, *others = ports
    return next((port for port in first if all(port in other for other in others)), None)
