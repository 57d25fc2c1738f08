"""From a reading to facts: which view counts, what each role is pinned to, what is believed of each port,
what is live.

Verdicts and the re-pin planner read these, never each other's words.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inventory.model import Profile, RoleValues
from orchestrator.domain.beliefs import Beliefs
from orchestrator.domain.judgement import Belief, Pin
from orchestrator.domain.pin import find_value, parse_pin
from orchestrator.domain.primitives.address import canonical
from orchestrator.domain.reading import Reading, Target, View, ViewState

ESTABLISHED = "Established"
SYN_SENT = "SynSent"


class KeyState(enum.StrEnum):
    """What came of looking for the profile's key in all views together."""

    HELD = "held"  # by one view, or by two that say the same
    UNREADABLE = "unreadable"  # no view gave it, and at least one could not be looked into
    ABSENT = "absent"  # in every view
    SPLIT = "split"  # two views hold it and say different things


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFacts:
    """What is known of one role. `beliefs` has every listed port (the profile's, the pin, the desired pin),
    in order.

    `live` and `trying` are the remote ports of Established and SynSent connections to any address known for
    the role. `target` is the gateway that decides the beliefs, None where the host knew none.
    """

    role: str
    pin: Pin
    desired: int | None
    beliefs: Mapping[int, Belief]
    live: tuple[int, ...]
    trying: tuple[int, ...]
    target: Target | None
    refused: bool = False  # every listed port, and by an answer: somebody is there, and nothing listens

    @property
    def gateway_known(self) -> bool:
        """Whether at least one address of the role's gateway is known."""
        return self.target is not None and bool(self.target.addresses)

    @property
    def pin_belief(self) -> Belief | None:
        """What is believed of the pin; None where there is no pin."""
        return None if self.pin.port is None else self.beliefs[self.pin.port]

    @property
    def other_desired(self) -> Belief | None:
        """What is believed of a desired pin that is not the pin; None where there is none."""
        return None if self.desired is None or self.desired == self.pin.port else self.beliefs[self.desired]

    def ports(self, belief: Belief) -> tuple[int, ...]:
        """Return the listed ports of which this is believed, in order."""
        return tuple(port for port, found in self.beliefs.items() if found is belief)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a host. `view` is the one that is judged, None where none is.

    `differing` names the values that two views do not agree on. `connections_read`: the table was read to its
    end.
    """

    key: KeyState
    view: int | None
    differing: tuple[str, ...]
    roles: tuple[RoleFacts, ...]
    connections_read: bool
    permanent: bool

    @property
    def any_live(self) -> bool:
        """Whether a connection is up for some role."""
        return any(role.live for role in self.roles)

    @property
    def gateways_known(self) -> bool:
        """Whether every role's gateway has a known address."""
        return all(role.gateway_known for role in self.roles)


def facts(
    reading: Reading,
    *,
    profile: Profile,
    desired: Mapping[str, int],
    gateways: Mapping[str, str],
) -> Facts:
    """Draw the facts from a reading; `desired` and `gateways` are the inventory's words, by role.

    Never raises.
    """
    present = tuple(view for view in reading.views if view.state is ViewState.PRESENT)
    unlike = differing(present, profile)
    key = _key_state(reading, present, unlike)
    judged = present[0] if key is KeyState.HELD else None
    beliefs = Beliefs(reading)
    return Facts(
        key=key,
        view=judged.view if judged else None,
        differing=unlike,
        roles=tuple(
            _role(role, reading, judged, profile, desired, gateways, beliefs) for role in profile.roles
        ),
        connections_read=reading.connections_complete,
        permanent=profile.tunnel == "permanent",
    )


def _key_state(reading: Reading, present: tuple[View, ...], unlike: tuple[str, ...]) -> KeyState:
    if present:
        return KeyState.SPLIT if unlike else KeyState.HELD
    looked = bool(reading.views) and all(view.state is ViewState.ABSENT for view in reading.views)
    broken = any(part.name == "registry" and part.error for part in reading.parts)
    return KeyState.ABSENT if looked and not broken else KeyState.UNREADABLE


def differing(present: Sequence[View], profile: Profile) -> tuple[str, ...]:
    """Name the profile's values that differ in presence, kind or data between views that hold the key."""
    if len(present) < 2:  # noqa: PLR2004 - it takes two to differ
        return ()
    ports = (role.port_value for role in profile.roles)
    addresses = (role.address_value for role in profile.roles if role.address_value)
    return tuple(name for name in (*ports, *addresses) if len({_said(view, name) for view in present}) > 1)


def _said(view: View, name: str) -> object:
    value = find_value(view.values, name)
    return value and (value.kind, value.data)


def _role(
    named: RoleValues,
    reading: Reading,
    judged: View | None,
    profile: Profile,
    desired: Mapping[str, int],
    gateways: Mapping[str, str],
    beliefs: Beliefs,
) -> RoleFacts:
    role = named.role
    pin = parse_pin(find_value(judged.values, named.port_value) if judged else None)
    wanted = desired.get(role)
    important = tuple(port for port in (pin.port, wanted) if port is not None)
    listed = (*profile.port_numbers, *important)
    return RoleFacts(
        role=role,
        pin=pin,
        desired=wanted,
        beliefs=beliefs.over(role, listed, twice=important),
        live=_connected(reading, role, gateways, ESTABLISHED),
        trying=_connected(reading, role, gateways, SYN_SENT),
        target=beliefs.target(role),
        refused=beliefs.refused(role, listed),
    )


def _connected(reading: Reading, role: str, gateways: Mapping[str, str], state: str) -> tuple[int, ...]:
    """Return the remote ports, ascending, of connections in a state to any address known for the role."""
    if not reading.connections:
        return ()
    known = {
        canonical(address)
        for target in reading.targets
        if target.role == role
        for address in target.addresses
    }
    known.add(canonical(gateways.get(role, "")))
    return tuple(
        sorted(
            {
                row.remote_port
                for row in reading.connections
                if row.state == state and canonical(row.remote_address) in known
            },
        ),
    )
