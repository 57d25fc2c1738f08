"""The verdicts: two tables, first match, total. Pure; nothing here raises on a valid reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from inventory.model import Profile
from inventory.verdicts import Verdict
from orchestrator.domain import actions
from orchestrator.domain.evidence import role_lines, split_lines, tunnel
from orchestrator.domain.facts import Facts, KeyState, RoleFacts, facts
from orchestrator.domain.judgement import Belief, Judgement, RoleJudgement
from orchestrator.domain.outcome import Failed, Outcome, Trace
from orchestrator.domain.reading import Reading
from orchestrator.domain.remarks import remarks

HOST_TABLE: Mapping[KeyState, tuple[Verdict, str]] = MappingProxyType(
    {
        KeyState.UNREADABLE: (Verdict.UNREADABLE, actions.UNREADABLE),
        KeyState.ABSENT: (Verdict.NO_AGENT, actions.NO_AGENT),
        KeyState.SPLIT: (Verdict.SPLIT, actions.SPLIT),
    },
)
"""The verdicts on a whole host with their action; a key that is HELD is judged role by role instead."""


def _every_port_shut(role: RoleFacts) -> bool:
    return not {Belief.OPEN, Belief.UNTRIED} & set(role.beliefs.values())


def _nothing_live(host: Facts) -> bool:
    return host.permanent and host.connections_read and host.gateways_known and not host.any_live


ROLE_TABLE: tuple[tuple[Verdict, Callable[[RoleFacts, Facts], bool]], ...] = (
    (Verdict.BAD_PIN, lambda role, _: role.pin.port is None),
    (Verdict.UNTESTED, lambda role, _: role.pin_belief is Belief.UNTRIED),
    (Verdict.SUSPECT, lambda role, _: role.pin_belief is Belief.INTERCEPTED),
    (Verdict.CUT_OFF, lambda role, _: role.pin_belief is Belief.CLOSED and _every_port_shut(role)),
    (Verdict.BLOCKED, lambda role, _: role.pin_belief is Belief.CLOSED),
    (Verdict.DISCONNECTED, lambda _, host: _nothing_live(host)),
    (Verdict.UNTESTED, lambda role, _: role.other_desired is Belief.UNTRIED),
    (Verdict.SUSPECT, lambda role, _: role.other_desired is Belief.INTERCEPTED),
    (Verdict.DRIFT_BLOCKED, lambda role, _: role.other_desired is Belief.CLOSED),
    (Verdict.DRIFTED, lambda role, _: role.other_desired is Belief.OPEN),
    (Verdict.STALE, lambda role, _: bool(role.live) and role.pin.port not in role.live),
    (Verdict.OK, lambda _, __: True),
)
"""The verdicts on a role, in order: the first whose condition holds counts.

From BLOCKED down the pin is open.
"""


def role_verdict(role: RoleFacts, host: Facts) -> Verdict:
    """Judge one role of a host whose key is held."""
    return next(verdict for verdict, holds in ROLE_TABLE if holds(role, host))


def judge(
    reading: Reading,
    *,
    profile: Profile,
    desired: Mapping[str, int],
    gateways: Mapping[str, str],
    trace: Trace | None = None,
) -> Judgement:
    """Conclude about a host from its reading.

    `desired` and `gateways` are the inventory's words, by role. With `trace`, a clock that is off is a
    remark.
    """
    known = facts(reading, profile=profile, desired=desired, gateways=gateways)
    said = remarks(reading, facts=known, profile=profile, trace=trace)
    if known.key is KeyState.HELD:
        return _by_role(known, reading, profile, said)
    verdict, action = HOST_TABLE[known.key]
    return Judgement(
        verdict=verdict,
        any_live=known.any_live,
        evidence=(tunnel(known), *_key_lines(known, reading)),
        action=action,
        remarks=said,
    )


def judge_outcome(
    outcome: Outcome,
    *,
    profile: Profile,
    desired: Mapping[str, int],
    gateways: Mapping[str, str],
) -> Judgement:
    """Conclude about a host from whatever became of it; a failure is `unknown`,
    with its advice as the action.
    """
    if isinstance(outcome, Failed):
        return Judgement(
            verdict=Verdict.UNKNOWN,
            evidence=(f"{outcome.phase}: {outcome.cause}: {outcome.detail}",),
            action=outcome.advice,
        )
    return judge(outcome.reading, profile=profile, desired=desired, gateways=gateways, trace=outcome.trace)


def _by_role(known: Facts, reading: Reading, profile: Profile, said: tuple[str, ...]) -> Judgement:
    roles = tuple(_judge_role(role, known, reading, profile) for role in known.roles)
    if not roles:
        return Judgement(
            verdict=Verdict.UNTESTED,
            view=known.view,
            evidence=(tunnel(known),),
            action=actions.NO_ROLE,
            remarks=said,
        )
    worst = min(roles, key=lambda role: role.verdict.severity)
    alike = all(role.verdict is worst.verdict for role in roles)
    return Judgement(
        verdict=worst.verdict,
        role=None if alike else worst.role,
        roles=roles,
        view=known.view,
        any_live=known.any_live,
        evidence=(tunnel(known), *(line for role in roles for line in role.evidence)),
        action=actions.host_action(worst, roles),
        remarks=said,
    )


def _judge_role(role: RoleFacts, known: Facts, reading: Reading, profile: Profile) -> RoleJudgement:
    verdict = role_verdict(role, known)
    return RoleJudgement(
        role=role.role,
        verdict=verdict,
        pin=role.pin,
        desired=role.desired,
        beliefs=role.beliefs,
        live=role.live,
        evidence=role_lines(role, reading=reading, profile=profile),
        action=actions.role_action(verdict, role, deadline_hit=reading.deadline_hit)
        + actions.unlooked(verdict, reading.mode),
        refused=role.refused,
    )


def _key_lines(known: Facts, reading: Reading) -> tuple[str, ...]:
    if known.key is KeyState.SPLIT:
        return split_lines(known.differing, reading)
    looked = ", ".join(f"{view.view}-bit {view.state}" for view in reading.views)
    return (f"the key in the registry: {looked or 'not looked at'}",)
