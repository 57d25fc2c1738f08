"""What a plan makes of one conclusion, before anybody looks at the registry: ports to write, or why none are.

Hosts that share a judgement share the decision. A port is chosen only where the evidence shows it open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inventory.model import Profile, Rule
from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Belief, Judgement, RoleJudgement
from orchestrator.domain.repin.plan import RoleChange
from orchestrator.domain.repin.policy import PORT, Choice, NoChoice, Policy, choose


class NotPlannedError(Exception):
    """A host is left out of the plan; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The new ports of a host's roles, why, and what could go wrong.

    `choice` is None where the two registry views differ: in what, only they themselves say.
    """

    choice: Choice | None
    changes: tuple[RoleChange, ...] = ()
    why: str = ""
    risks: tuple[str, ...] = ()


def decide(judgement: Judgement, profile: Profile, policy: Policy, *, forced: bool) -> Decision:
    """Choose by a policy what is written. `forced`: a port that is not open may be.

    Raises NotPlannedError.
    """
    if judgement.verdict is Verdict.SPLIT:
        return Decision(choice=None)
    roles = judgement.roles
    _readable(judgement)
    choice = chosen(policy, roles, profile)
    again = "scan again, or add --ask" if policy.word == PORT else "scan again"
    for role in roles:
        _check_role(role, choice.get(role.role), forced=forced, again=again)
    if all(role.pin.port == choice.get(role.role, role.pin.port) for role in roles):
        raise NotPlannedError("nothing to do: pinned as wanted")
    changes = tuple(
        RoleChange(role=role.role, old=role.pin.port, new=choice[role.role])
        for role in roles
        if role.role in choice and role.pin.port is not None
    )
    return Decision(
        choice=choice,
        changes=changes,
        why=_why(roles, changes, policy),
        risks=tuple(_risks(roles, changes, profile)),
    )


def _readable(judgement: Judgement) -> None:
    """Refuse a key that holds no port. Raises NotPlannedError."""
    if judgement.verdict is Verdict.UNREADABLE:
        raise NotPlannedError("the registry key could not be read")
    if judgement.verdict is Verdict.NO_AGENT:
        raise NotPlannedError("the registry key is absent: no agent there")
    for role in judgement.roles:
        if role.pin.port is None:
            raise NotPlannedError(f"the {role.role} value is no port: mend by hand, or run lvhealth")


def chosen(policy: Policy, roles: Sequence[RoleJudgement], profile: Profile) -> Choice:
    """Choose by a policy; two roles whose port is one registry value get one port, and each of them is looked
    at.

    Raises NotPlannedError where it leaves the host out.
    """
    shared = profile.shared_value
    if shared is not None and policy.word == "keep-if-working":
        working = all(role.pin_belief is Belief.OPEN for role in roles)
        policy = policy if working else Policy("vendor-order")
    choice = choose(policy, roles, profile.port_numbers, profile.rule if shared is None else Rule.COMMON)
    if isinstance(choice, NoChoice):
        raise NotPlannedError(choice.reason)
    if shared is None:
        return choice
    if len(set(choice.values())) > 1:
        wanted = " and ".join(f"{role} {port}" for role, port in choice.items())
        raise NotPlannedError(f"{wanted} are wanted, and the registry keeps both in one value, {shared}")
    return dict.fromkeys(profile.role_names, next(iter(choice.values())))


def _check_role(role: RoleJudgement, new: int | None, *, forced: bool, again: str) -> None:
    """Refuse a role whose pin or new port nobody can vouch for; a pin that stays may be closed.

    `again` says what tries a port that was not tried.
    """
    for port, what in ((role.pin.port, "pin"), (new, "new port")):
        if port is None:
            continue
        belief = role.beliefs.get(port, Belief.UNTRIED)
        if belief is Belief.UNTRIED:
            raise NotPlannedError(f"the {role.role} {what} {port} was not tried: {again}")
        if belief is Belief.INTERCEPTED:
            raise NotPlannedError(
                f"the {role.role} {what} {port} is answered by something else than the gateway"
            )
        changes = port == new and new != role.pin.port
        if changes and belief is not Belief.OPEN and not forced:
            raise NotPlannedError(
                f"{role.role} {port} is not open: a firewall rule first (or --force-closed REASON)"
            )


def _why(roles: Sequence[RoleJudgement], changes: Sequence[RoleChange], policy: Policy) -> str:
    words = []
    for change in changes:
        if change.old != change.new:
            role = next(each for each in roles if each.role == change.role)
            words.append(
                f"{change.role} {change.old} is {role.pin_belief}, {change.new} is {role.beliefs[change.new]}"
            )
    return f"{policy}: {'; '.join(words)}"


def _risks(roles: Sequence[RoleJudgement], changes: Sequence[RoleChange], profile: Profile) -> Iterator[str]:
    for role in roles:
        yield from _risks_of_role(role, changes, profile)
    if len({change.new for change in changes}) > 1:
        yield "the two gateways get different ports"


def moved_back(role: str, wanted: int) -> str:
    """Say that the inventory wants another pin than a change gives."""
    return f"the inventory wants {role} {wanted}: the next plan by desired moves it back: change `pin:`"


def _risks_of_role(role: RoleJudgement, changes: Sequence[RoleChange], profile: Profile) -> Iterator[str]:
    change = next((each for each in changes if each.role == role.role and each.old != each.new), None)
    if change is None:
        if role.pin_belief is not Belief.OPEN:
            yield f"{role.role} {role.pin.port} is {role.pin_belief}, and stays as it is"
        return
    if role.desired is not None and role.desired != change.new:
        yield moved_back(role.role, role.desired)
    if change.old in role.live:
        yield f"a tunnel is up on {change.role} {change.old}: the agent will reconnect"
    if role.beliefs[change.new] is not Belief.OPEN:
        yield f"{change.role} {change.new} was not open in the evidence: forced"
    if change.new not in profile.port_numbers:
        yield f"{change.new} is not in the list of {profile.title}"
