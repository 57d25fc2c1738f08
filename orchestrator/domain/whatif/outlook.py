"""What becomes of each host at its agent's next reconnect, if what is assumed came true. Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Belief, RoleJudgement
from orchestrator.domain.standing import Standing
from orchestrator.domain.whatif.assumption import Assumptions


class Outlook(enum.StrEnum):
    """What becomes of a host; of a host with several roles the first of these that one of them has."""

    TUNNEL_ONLY = "tunnel-only"  # the pin is closed already, and stays so: an old tunnel is all there is
    LOSES = "loses"  # the pin is closed by what is assumed
    LOST = "lost"  # the pin is closed already, and no tunnel is up
    UNSURE = "unsure"  # nobody can say: not read, not tried, or something else answers
    RETURNS = "returns"  # the pin is closed, and what is assumed opens it
    KEEPS = "keeps"  # the pin is open before and after

    @property
    def threatened(self) -> bool:
        """Whether a tunnel that may be up now does not come back by itself."""
        return self in (Outlook.TUNNEL_ONLY, Outlook.LOSES)


_ORDER = tuple(Outlook)
_NOT_JUDGED = {
    Verdict.UNKNOWN: "the host never gave a reading",
    Verdict.UNREADABLE: "the key could not be read",
    Verdict.SPLIT: "the two registry views differ",
    Verdict.UNTESTED: "the profile names no role",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleOutlook:
    """One role: what was measured, what holds once ports are opened, and `then`, once all has come true."""

    judgement: RoleJudgement
    gateway: tuple[str, ...]
    outlook: Outlook
    opened: Mapping[int, Belief]
    then: Mapping[int, Belief]

    @property
    def role(self) -> str:
        """The role's word."""
        return self.judgement.role

    @property
    def pin(self) -> int | None:
        """The port that the registry holds, None where it is no port."""
        return self.judgement.pin.port

    @property
    def place(self) -> str:
        """Which tunnel it is: `primary 443`."""
        return f"{self.role} {self.pin}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOutlook:
    """One host. `reason` says why nobody can say where that is so, else it is empty."""

    standing: Standing
    outlook: Outlook
    roles: tuple[RoleOutlook, ...]
    reason: str = ""

    @property
    def host(self) -> str:
        """The host's name."""
        return self.standing.host

    @property
    def places(self) -> tuple[str, ...]:
        """The roles that make the host's outlook, each with its pin."""
        return tuple(role.place for role in self.roles if role.outlook is self.outlook)


def look(standing: Standing, assumed: Assumptions) -> HostOutlook | None:
    """Say what becomes of a host; None where there is no agent, and so nothing at stake."""
    verdict = standing.judgement.verdict
    if verdict is Verdict.NO_AGENT:
        return None
    roles = tuple(
        _role(role, standing.gateways.get(role.role, ()), assumed) for role in standing.judgement.roles
    )
    if not roles:
        reason = _NOT_JUDGED.get(verdict, str(verdict))
        return HostOutlook(standing=standing, outlook=Outlook.UNSURE, roles=(), reason=reason)
    outlook = min((role.outlook for role in roles), key=_ORDER.index)
    unsure = next((role for role in roles if role.outlook is Outlook.UNSURE), None)
    return HostOutlook(
        standing=standing,
        outlook=outlook,
        roles=roles,
        reason=doubt(unsure, unsure.then) if unsure is not None and outlook is Outlook.UNSURE else "",
    )


def doubt(role: RoleOutlook, beliefs: Mapping[int, Belief]) -> str:
    """Say why nobody can say whether a role's pin is open by these beliefs; empty where that is known."""
    port = role.pin
    if port is None:
        return f"the {role.role} pin is not a port: mend it by hand"
    belief, measured = beliefs.get(port, Belief.UNTRIED), role.judgement.beliefs.get(port, Belief.UNTRIED)
    if belief is Belief.INTERCEPTED:
        return f"something else answers in the {role.role} gateway's place"
    if belief is not Belief.UNTRIED:
        return ""
    if measured is Belief.UNTRIED:
        return f"the {role.role} pin was not tried: scan again"
    others = ", ".join(role.gateway)
    return f"the {role.role} gateway has several addresses ({others}): assume something of each of them"


def _role(role: RoleJudgement, gateway: tuple[str, ...], assumed: Assumptions) -> RoleOutlook:
    then = assumed.then(role.beliefs, gateway)
    return RoleOutlook(
        judgement=role,
        gateway=gateway,
        outlook=_outlook(role, then),
        opened=assumed.opened(role.beliefs, gateway),
        then=then,
    )


def _outlook(role: RoleJudgement, then: Mapping[int, Belief]) -> Outlook:
    if role.pin.port is None:
        return Outlook.UNSURE
    before, after = (each.get(role.pin.port, Belief.UNTRIED) for each in (role.beliefs, then))
    match after:
        case Belief.OPEN:
            return Outlook.RETURNS if before is Belief.CLOSED else Outlook.KEEPS
        case Belief.CLOSED if before is not Belief.CLOSED:
            return Outlook.LOSES
        case Belief.CLOSED:
            return Outlook.TUNNEL_ONLY if role.live else Outlook.LOST
        case _:
            return Outlook.UNSURE
