"""Where a new pin comes from: six policies over what is believed of one host's roles.

Pure; a host that a policy leaves out has a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from inventory.errors import EXIT_USAGE, FleetcheckError
from inventory.model import Rule
from orchestrator.domain.judgement import Belief, RoleJudgement
from orchestrator.domain.pin import HIGHEST_PORT, LOWEST_PORT

PORT = "port"
WORDS = ("desired", "vendor-order", "keep-if-working", "prefer:PORT,...", "fleet-common", "port:PORT")
SCAN_FULL = "scan with --probe full"

Choice = Mapping[str, int]
"""The new port of each role that the policy speaks of."""


class PolicyError(FleetcheckError, ValueError):
    """A `--policy` that says nothing usable; the message is for the user."""

    exit_code = EXIT_USAGE


@dataclass(frozen=True, slots=True)
class NoChoice:
    """The policy gives this host no port, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy by its word; `prefer` has its ports, `fleet-common` its port once `common_port` found it.

    `port` has one port for every role, or in `by_role` one for each role that it speaks of.
    """

    word: str
    ports: tuple[int, ...] = ()
    by_role: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        """Write it as the user types it."""
        if self.word not in {"prefer", PORT}:
            return self.word
        named = (f"{role}={port}" for role, port in self.by_role)
        return f"{self.word}:{','.join([*map(str, self.ports), *named])}"

    def named(self, roles: Sequence[str]) -> Choice:
        """Return what `port` names for these roles."""
        return {role: port for role, port in self.by_role or self._everywhere(roles) if role in roles}

    def _everywhere(self, roles: Sequence[str]) -> Iterator[tuple[str, int]]:
        return ((role, port) for role in roles for port in self.ports)


def parse_policy(text: str) -> Policy:
    """Read what stands behind `--policy`. Raises PolicyError."""
    word, colon, rest = text.partition(":")
    if word == PORT and colon:
        return parse_port(rest.split(","), "--policy port")
    if word == "prefer" and colon:
        return Policy("prefer", tuple(_port(part) for part in rest.split(",")))
    if colon or word not in WORDS:
        raise PolicyError(f"--policy: found {text!r}, expected one of {', '.join(WORDS)}")
    return Policy(word)


def parse_port(texts: Sequence[str], option: str = "--port") -> Policy:
    """Read what stands behind each `--port`: one port, or `ROLE=PORT` for each role. Raises PolicyError."""
    parts = [part.strip() for text in texts for part in text.split(",")]
    named = [tuple(map(str.strip, part.split("=", 1))) for part in parts if "=" in part]
    if len(named) < len(parts) and len(parts) > 1:
        found = ",".join(parts)
        raise PolicyError(f"{option}: found {found!r}, expected one port, or ROLE=PORT for each role")
    if not named:
        return Policy(PORT, (_port(parts[0], option, "443"),))
    roles = [role for role, _ in named]
    if "" in roles or len(set(roles)) < len(roles):
        found = ",".join(parts)
        raise PolicyError(f"{option}: found {found!r}, expected each role once, such as primary=443")
    return Policy(PORT, by_role=tuple((role, _port(port, option, "primary=443")) for role, port in named))


def _port(text: str, option: str = "--policy prefer", example: str = "prefer:2147,443") -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text.strip()) or not LOWEST_PORT <= int(text) <= HIGHEST_PORT:
        raise PolicyError(f"{option}: found {text!r}, expected ports from 1 to 65535, such as {example}")
    return int(text)


def choose(
    policy: Policy, roles: Sequence[RoleJudgement], order: Sequence[int], rule: Rule
) -> Choice | NoChoice:
    """Choose the new ports of a host. `order` is the profile's list, `rule` its rule. Never raises.

    Only `desired` and `port` may choose a port that is not open: whether that may be written is for the
    planner to say.
    """
    match policy.word:
        case "desired":
            return _desired(roles)
        case "port":
            return _named(roles, policy)
        case "prefer":
            return _preferred(roles, policy.ports, order, rule)
        case "keep-if-working":
            return _keep_if_working(roles, order, rule)
        case "fleet-common":
            return _common(roles, policy.ports, order)
        case _:
            return _first_open(roles, order, rule, thorough=True)


def _named(roles: Sequence[RoleJudgement], policy: Policy) -> Choice | NoChoice:
    named = policy.named([role.role for role in roles])
    return named or NoChoice("none of its roles is one that --port names")


def _desired(roles: Sequence[RoleJudgement]) -> Choice | NoChoice:
    wanted = {role.role: role.desired for role in roles if role.desired is not None}
    return wanted or NoChoice("the inventory names no desired pin (`pin:`)")


def _preferred(
    roles: Sequence[RoleJudgement], ports: Sequence[int], order: Sequence[int], rule: Rule
) -> Choice | NoChoice:
    found = _first_open(roles, ports, rule, thorough=False)
    unlisted = [port for port in ports if port not in order and _untried(roles, [port])]
    if isinstance(found, NoChoice) and unlisted:
        named = ", ".join(map(str, unlisted))
        return NoChoice(
            f"{named} was not tried: a scan tries the profile's ports, the pin and the desired pin (`pin:`)"
        )
    return found


def _keep_if_working(roles: Sequence[RoleJudgement], order: Sequence[int], rule: Rule) -> Choice | NoChoice:
    keep = {
        role.role: role.pin.port
        for role in roles
        if role.pin.port is not None and role.pin_belief is Belief.OPEN
    }
    broken = [role for role in roles if role.role not in keep]
    if not broken:
        return keep
    found = _first_open(roles, order, rule, thorough=True)
    if isinstance(found, NoChoice):
        return found
    return keep | {role.role: found[role.role] for role in broken}


def common_port(hosts: Sequence[Sequence[RoleJudgement]], order: Sequence[int]) -> int | None:
    """Find the port that is open, for every role, on most hosts; the earlier in `order` wins a tie.

    None: none is.
    """
    votes = {port: sum(_open_for_all(roles, port) for roles in hosts) for port in order}
    best = max(votes.values(), default=0)
    return next((port for port, count in votes.items() if count == best), None) if best else None


def _common(roles: Sequence[RoleJudgement], ports: Sequence[int], order: Sequence[int]) -> Choice | NoChoice:
    if not ports:
        return NoChoice("no port is open to every gateway on any host of the selection")
    port = ports[0]
    earlier = order[: order.index(port)] if port in order else order
    if _untried(roles, earlier):
        return NoChoice(f"ports before {port} were not all tried: {SCAN_FULL}")
    if not _open_for_all(roles, port):
        return NoChoice(f"the fleet's common port {port} is not open here to every gateway")
    return {role.role: port for role in roles}


def _first_open(
    roles: Sequence[RoleJudgement], order: Sequence[int], rule: Rule, *, thorough: bool
) -> Choice | NoChoice:
    """Apply the vendor's rule to an order.

    `thorough`: every port that comes earlier has to have been tried.
    """
    common = next((port for port in order if _open_for_all(roles, port)), None)
    if rule is not Rule.PER_ROLE and common is not None:
        return _checked(roles, order, {role.role: common for role in roles}, thorough=thorough)
    if rule is Rule.COMMON:
        return _nothing(roles, order, "no port is open to every gateway")
    each = {role.role: port for role in roles for port in [_first(role, order)] if port is not None}
    if len(each) < len(roles):
        missing = " and ".join(role.role for role in roles if role.role not in each)
        return _nothing(roles, order, f"no port is open to the {missing} gateway")
    if thorough and rule is Rule.COMMON_ELSE_PER_ROLE and _untried(roles, order):
        return NoChoice(f"whether some port is open to every gateway was not all tried: {SCAN_FULL}")
    return _checked(roles, order, each, thorough=thorough)


def _checked(
    roles: Sequence[RoleJudgement], order: Sequence[int], choice: Choice, *, thorough: bool
) -> Choice | NoChoice:
    common = len(set(choice.values())) == 1
    for role in roles:
        earlier = order[: order.index(choice[role.role])]
        if thorough and _untried(roles if common else [role], earlier):
            return NoChoice(f"ports before {choice[role.role]} were not all tried: {SCAN_FULL}")
    return choice


def _nothing(roles: Sequence[RoleJudgement], order: Sequence[int], reason: str) -> NoChoice:
    if _untried(roles, order):
        return NoChoice(f"{reason} of those tried: {SCAN_FULL}")
    return NoChoice(f"{reason}: a firewall rule is needed")


def _first(role: RoleJudgement, order: Sequence[int]) -> int | None:
    return next((port for port in order if _belief(role, port) is Belief.OPEN), None)


def _open_for_all(roles: Sequence[RoleJudgement], port: int) -> bool:
    return all(_belief(role, port) is Belief.OPEN for role in roles)


def _untried(roles: Sequence[RoleJudgement], ports: Sequence[int]) -> bool:
    return any(_belief(role, port) is Belief.UNTRIED for role in roles for port in ports)


def _belief(role: RoleJudgement, port: int) -> Belief:
    return role.beliefs.get(port, Belief.UNTRIED)
