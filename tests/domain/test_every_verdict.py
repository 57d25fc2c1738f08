"""Every combination of what can be known of a role has its verdict."""

from __future__ import annotations

import itertools

from inventory.verdicts import Verdict
from orchestrator.domain.facts import Facts, KeyState, RoleFacts
from orchestrator.domain.judgement import Belief, Pin
from orchestrator.domain.verdict import role_verdict
from tests.domain.build import (
    BACKUP,
    PRIMARY,
    target,
)

OPEN, CLOSED, HIT, UNTRIED = Belief.OPEN, Belief.CLOSED, Belief.INTERCEPTED, Belief.UNTRIED
V = Verdict


PINS = (None, 2147)
WANTED = (None, 2147, 443)
LIVES: tuple[tuple[int, ...], ...] = ((), (2147,), (443,), (443, 2147))


def expected_verdict(role: RoleFacts, host: Facts) -> Verdict:  # noqa: PLR0911 - the table, told as a tree of cases
    """Judge by cases instead of by the first match: what the table must come to."""
    if role.pin.port is None:
        return V.BAD_PIN
    pin = role.beliefs[role.pin.port]
    if pin is UNTRIED:
        return V.UNTESTED
    if pin is HIT:
        return V.SUSPECT
    if pin is CLOSED:
        return V.BLOCKED if {OPEN, UNTRIED} & set(role.beliefs.values()) else V.CUT_OFF
    up = any(one.live for one in host.roles)
    known = all(one.target and one.target.addresses for one in host.roles)
    if host.permanent and host.connections_read and known and not up:
        return V.DISCONNECTED
    if role.desired not in (None, role.pin.port):
        wanted = role.beliefs[role.desired or 0]
        return {UNTRIED: V.UNTESTED, HIT: V.SUSPECT, CLOSED: V.DRIFT_BLOCKED, OPEN: V.DRIFTED}[wanted]
    return V.STALE if role.live and role.pin.port not in role.live else V.OK


def every_role(name: str) -> list[RoleFacts]:
    """Enumerate what can be known of one role with a pin, one other desired port and one more."""
    known = target(name, PRIMARY if name == "primary" else BACKUP)
    return [
        RoleFacts(
            role=name,
            pin=Pin(port=pin, kind="DWORD", shown=str(pin)),
            desired=desired,
            beliefs=dict(zip((2147, 443, 80), found, strict=True)),
            live=up,
            trying=(),
            target=gateway,
        )
        for pin, desired, found, up, gateway in itertools.product(
            PINS, WANTED, itertools.product(Belief, repeat=3), LIVES, (known, None)
        )
    ]


def host_facts(roles: tuple[RoleFacts, ...], read: bool, permanent: bool) -> Facts:
    """Make the facts of a host whose key is held."""
    return Facts(
        key=KeyState.HELD, view=64, differing=(), roles=roles, connections_read=read, permanent=permanent
    )


def test_every_combination_gives_the_verdict_of_its_case() -> None:
    """Over all that can be known of a role beside another one,
    first match and case by case come to the same.
    """
    others = [role for role in every_role("backup") if role.pin.port and role.live in ((), (2147,))]
    witnesses = [others[0], others[1], next(role for role in others if role.live)]
    seen: set[Verdict] = set()
    for role, other, read, permanent in itertools.product(
        every_role("primary"), witnesses, (True, False), (True, False)
    ):
        host = host_facts((role, other), read, permanent)
        verdict = role_verdict(role, host)
        assert verdict is expected_verdict(role, host)
        seen.add(verdict)

    assert seen == set(Verdict) - {V.SPLIT, V.UNREADABLE, V.NO_AGENT, V.UNKNOWN}


def test_a_live_connection_never_opens_a_closed_pin() -> None:
    """A tunnel that is still up is evidence, and never makes a blocked role look well."""
    for role in every_role("primary"):
        if role.pin_belief is CLOSED:
            assert role_verdict(role, host_facts((role,), read=True, permanent=True)) in (
                V.CUT_OFF,
                V.BLOCKED,
            )
