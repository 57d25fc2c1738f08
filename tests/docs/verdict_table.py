"""The verdicts for the page: when each is given, in prose, and what the program then says to do,
in its own words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from inventory.verdicts import Verdict
from orchestrator.domain.actions import role_action
from orchestrator.domain.facts import Facts, KeyState, RoleFacts
from orchestrator.domain.judgement import Belief, Pin
from orchestrator.domain.reading import Source, Target
from orchestrator.domain.verdict import HOST_TABLE, role_verdict

WHY = "; see [why a host could not be probed](#why-a-host-could-not-be-probed)"
WHEN = {verdict: verdict.meaning + (WHY if verdict is Verdict.UNKNOWN else "") for verdict in Verdict}

_GATEWAY = Target(
    role="primary", source=Source.INVENTORY, name="GATEWAY", addresses=("203.0.113.10",), decides=True
)
_UNRESOLVED = Target(role="primary", source=Source.INVENTORY, name="GATEWAY", decides=True)


@dataclass(frozen=True)
class Case:
    """What is believed of the pin 2147, of the desired pin (None: none, 2147: the same),
    and of 554 of the list.
    """

    pin: Belief
    desired: int | None = None
    wanted: Belief = Belief.OPEN
    other: Belief = Belief.OPEN
    target: Target | None = _GATEWAY
    live: tuple[int, ...] = (2147,)
    refused: bool = False

    def role(self) -> RoleFacts:
        """Make the facts."""
        beliefs = {2147: self.pin, 554: self.other}
        if self.desired not in (None, 2147):
            beliefs[self.desired] = self.wanted
        return RoleFacts(
            role="primary",
            pin=Pin(port=2147, kind="DWORD", shown="2147"),
            desired=self.desired,
            beliefs=beliefs,
            live=self.live,
            trying=(),
            target=self.target,
            refused=self.refused,
        )


_CASES = (
    Case(Belief.CLOSED, 443, Belief.OPEN),
    Case(Belief.CLOSED),
    Case(Belief.CLOSED, 2147),
    Case(Belief.CLOSED, 2147, other=Belief.UNTRIED),
    Case(Belief.CLOSED, other=Belief.CLOSED),
    Case(Belief.CLOSED, other=Belief.CLOSED, refused=True),
    Case(Belief.UNTRIED, target=None),
    Case(Belief.UNTRIED, target=_UNRESOLVED),
    Case(Belief.UNTRIED),
    Case(Belief.INTERCEPTED),
    Case(Belief.OPEN, 443, Belief.INTERCEPTED),
    Case(Belief.OPEN, 443, Belief.CLOSED),
    Case(Belief.OPEN, 443, Belief.OPEN),
    Case(Belief.OPEN, live=()),
    Case(Belief.OPEN, live=(443,)),
)


def actions(verdict: Verdict) -> tuple[str, ...]:
    """Return every advice that the program has for a verdict, each once."""
    if verdict is Verdict.UNKNOWN:
        return ("by the cause",)
    if verdict is Verdict.BAD_PIN:  # there is no port to believe anything of
        return (role_action(verdict, Case(Belief.OPEN).role(), deadline_hit=False),)
    host = [action for found, action in HOST_TABLE.values() if found is verdict]
    return tuple(dict.fromkeys((*host, *filter(None, _of_roles(verdict)))))


def _of_roles(verdict: Verdict) -> Iterator[str]:
    for case in _CASES:
        role = case.role()
        facts = Facts(
            key=KeyState.HELD, view=64, differing=(), roles=(role,), connections_read=True, permanent=True
        )
        if role_verdict(role, facts) is verdict:
            yield role_action(verdict, role, deadline_hit=False)
