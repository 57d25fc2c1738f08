"""What to do about a verdict, in words, with the command to type next where there is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from inventory.verdicts import Verdict
from orchestrator.domain.evidence import numbers
from orchestrator.domain.facts import RoleFacts
from orchestrator.domain.judgement import Belief, RoleJudgement

_RESCAN = "scan it again: fleetcheck scan"
_LONGER = " with a longer `timeout:`, the deadline cut the probe short"

_UNLOOKED = " (`--probe pinned` looks for no middlebox: fleetcheck scan first)"

BEHIND_A_FIREWALL = frozenset({Verdict.CUT_OFF, Verdict.BLOCKED, Verdict.DRIFT_BLOCKED})
"""Verdicts on a role whose gateway may need a rule of its own."""

UNREADABLE = f"does the account have the right to read the key? then {_RESCAN}"
NO_AGENT = "was the agent removed? if not: the wrong host, or the wrong `profile:`"
SPLIT = "find the registry view that the agent uses, and mend the other by hand"
NO_ROLE = "the profile names no role, so nothing can be judged: give it `roles:`"


def role_action(verdict: Verdict, role: RoleFacts, *, deadline_hit: bool) -> str:
    """Say what to do about a role's verdict; empty for `ok`.

    `deadline_hit`: the probe was cut by its deadline.
    """
    say = _ROLE_ACTIONS.get(verdict)
    return say(role, deadline_hit) if say else ""


def unlooked(verdict: Verdict, mode: str) -> str:
    """Say behind a role's action that a middlebox was not looked for, where the mode tries no canary;
    else nothing.
    """
    return _UNLOOKED if verdict is Verdict.DRIFT_BLOCKED and mode == "pinned" else ""


def host_action(worst: RoleJudgement, roles: Sequence[RoleJudgement]) -> str:
    """Say what to do about a host: for its worst role, and for each other one that a firewall may cut off.

    Each gateway has a rule of its own, and a host that is given one of two is still not back.
    """
    others = [role for role in roles if role is not worst and role.verdict in BEHIND_A_FIREWALL]
    told = dict.fromkeys(role.action for role in others if role.action not in ("", worst.action))
    names = {action: " and ".join(role.role for role in others if role.action == action) for action in told}
    return "; ".join((worst.action, *(f"and for the {names[action]} gateway: {action}" for action in told)))


def _untested(role: RoleFacts, deadline_hit: bool) -> str:
    if role.target is None:
        return f"name the gateway's address in the inventory: `gateways: {{{role.role}: ADDRESS}}`"
    if not role.target.addresses:
        return (
            f"the host cannot resolve the gateway's name {role.target.name}: mend its DNS, or name an address"
        )
    return _RESCAN + (_LONGER if deadline_hit else "")


def _suspect(role: RoleFacts, _: bool) -> str:
    find = "find what answers in the gateway's place (a proxy firewall?)"
    return find if role.pin_belief is Belief.INTERCEPTED else f"do not re-pin; {find}"


def _blocked(role: RoleFacts, deadline_hit: bool) -> str:
    others = [port for port in role.ports(Belief.OPEN) if port != role.pin.port]
    if role.other_desired is Belief.OPEN:
        return f"re-pin it to the desired pin {role.desired}: fleetcheck repin plan"
    if others and role.desired is None:
        return (
            f"re-pin it to a port that connects: fleetcheck repin plan --policy vendor-order; "
            f"or ask for a firewall rule: {_rule(role, role.pin.port)}"
        )
    if others:
        return (
            f"ask for a firewall rule for the desired pin: {_rule(role, role.desired)}; "
            f"or change `pin:` to a port that connects ({numbers(others)})"
        )
    return "try every port: fleetcheck scan --probe full" + (_LONGER if deadline_hit else "")


def _cut_off(role: RoleFacts, _: bool) -> str:
    if role.refused:
        gateway = role.target.name if role.target else f"the {role.role} gateway"
        return (
            f"every port is refused, not dropped: is {gateway} the {role.role} gateway's address, and does "
            "its service run? no firewall is in the way, unless it rejects instead of dropping"
        )
    rule = _rule(role, role.pin.port if role.desired is None else role.desired)
    return f"ask for a firewall rule: {rule}" + ("" if role.other_desired is None else "; then re-pin it")


def _rule(role: RoleFacts, port: int | None) -> str:
    gateway = role.target.name if role.target else f"the {role.role} gateway"
    return f"from the host to {gateway}, TCP {port}, permit"


_ROLE_ACTIONS: Mapping[Verdict, Callable[[RoleFacts, bool], str]] = MappingProxyType(
    {
        Verdict.BAD_PIN: lambda _, __: "mend the value by hand, or run lvhealth on the host",
        Verdict.UNTESTED: _untested,
        Verdict.SUSPECT: _suspect,
        Verdict.CUT_OFF: _cut_off,
        Verdict.BLOCKED: _blocked,
        Verdict.DISCONNECTED: lambda _, __: (
            "is the agent's service stopped? was the computer renamed (the agent's certificate is tied to "
            "its name)? or a middlebox: fleetcheck scan --probe full"
        ),
        Verdict.DRIFT_BLOCKED: lambda role, _: (
            f"first a firewall rule: {_rule(role, role.desired)}; then re-pin it"
        ),
        Verdict.DRIFTED: lambda _, __: "re-pin it: fleetcheck repin plan",
        Verdict.STALE: lambda _, __: (
            "the agent has not taken the pin up yet: it does when it next connects, scan again later"
        ),
    },
)
