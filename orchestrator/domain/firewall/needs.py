"""What a host may need of the firewalls on its way, by what is known of it. Pure.

A rule can go where nobody may need it, so what is not known counts as needed: of a host whose pin nobody
knows, every port of the list that it did not see closed.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar

from inventory.model import Host, Profile
from inventory.verdicts import Verdict
from orchestrator.domain.facts import Facts, facts
from orchestrator.domain.judgement import Belief
from orchestrator.domain.pin import find_value, parse_pin
from orchestrator.domain.primitives.address import canonical
from orchestrator.domain.reading import Reading, ViewState
from orchestrator.domain.standing import HostNow, Standing

Ports = Mapping[int, Belief]
T = TypeVar("T")


class Why(enum.StrEnum):
    """Why a host needs a port, or may need it; of two reasons the one that stands first counts."""

    PIN = "pin"
    DESIRED = "desired"
    LIVE = "live"
    VIEW = "view"  # the pin of one of two registry views that differ
    UNKNOWN = "unknown"  # no valid pin is known, and the port was not seen closed

    __hash__ = str.__hash__  # an enumeration's own is Python's, and rows hold tens of thousands


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A port to a gateway's address, or to any (None) where nobody knows the host's gateway."""

    role: str
    destination: str | None
    port: int
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class HostNeeds:
    """What one host may need. `read` is when the reading came that says so, None where there is none.

    `stale`: the host could not be read since. `based` is the result that counts; `like` that of a host of
    which all that decides needs and open ports is the same, maybe its own.
    """

    host: str
    site: str
    read: datetime | None
    stale: bool
    needs: tuple[Need, ...]
    based: Standing | None = None
    like: Standing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wishes:
    """What the inventories of then and of today say: gateways and desired pins by role."""

    gateways: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    desired: Mapping[str, frozenset[int]] = field(default_factory=lambda: MappingProxyType({}))


class Needs:
    """Says what hosts may need: once for all that share what decides it, as most hosts of a site do.

    What two hosts share is one object, since equal documents are read once; who have equal ones of their own
    are looked at one by one.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], tuple[tuple[Need, ...], Standing, Host | None]] = {}

    def of(self, now: HostNow, listed: Host | None = None) -> HostNeeds:
        """Say what a host may need; `listed` is what today's inventory says of it."""
        based = counted(now)
        shared = _deciding(based, listed)
        found = self._known.get(shared)
        if found is None:  # the two are kept with it, so that no other object takes a number of theirs
            found = self._known[shared] = (_host_needs(based, listed), based, listed)
        return HostNeeds(
            host=based.host,
            site=based.site or "",
            read=based.at if based.probed else None,
            stale=based is not now.latest,
            needs=found[0],
            based=based,
            like=found[1],
        )


def _deciding(based: Standing, listed: Host | None) -> tuple[int, ...]:
    """Name all that needs and open ports are worked out from."""
    told = based.judgement, based.gateways, based.named, based.desired, based.profile
    network = based.network.tunnels, based.network.reading
    wished = () if listed is None else (listed.gateways, listed.desired)
    return tuple(map(id, (*told, *network, *wished)))


def _host_needs(based: Standing, listed: Host | None) -> tuple[Need, ...]:
    wishes = _Wishes(
        gateways=_both(based.named or {}, listed.gateways if listed else {}),
        desired=_both(based.desired, listed.desired if listed else {}),
    )
    return _first_reason(_needs(based, wishes))


def listed_needs(listed: Host) -> HostNeeds:
    """Say what a host of the inventory may need that no scan has a result of."""
    wishes = _Wishes(gateways=_both(listed.gateways), desired=_both(listed.desired))
    roles = listed.profile.role_names
    needs = [need for role in roles for need in _anything(role, listed.profile.port_numbers, {}, wishes, ())]
    return HostNeeds(
        host=listed.name, site=listed.site or "", read=None, stale=False, needs=_first_reason(needs)
    )


def counted(now: HostNow) -> Standing:
    """Return the result that says what a host needs: the last reading, or the last that got at the key."""
    standing = now.standing
    if standing.judgement.verdict is Verdict.UNREADABLE and now.readable is not None:
        return now.readable
    return standing


def _both(*said: Mapping[str, T]) -> Mapping[str, frozenset[T]]:
    """Put what inventories say together, by role."""
    roles = {role for each in said for role in each}
    return {role: frozenset(each[role] for each in said if role in each) for role in roles}


def _needs(standing: Standing, wishes: _Wishes) -> Iterator[Need]:
    match standing.judgement.verdict:
        case Verdict.NO_AGENT:
            return
        case Verdict.SPLIT | Verdict.UNREADABLE | Verdict.UNKNOWN:
            yield from _without_roles(standing, wishes)
        case _:
            yield from _by_role(standing, wishes)
    yield from (
        Need(role=each.role, destination=each.address, port=each.port, why=Why.LIVE)
        for each in standing.network.tunnels
    )


def _by_role(standing: Standing, wishes: _Wishes) -> Iterator[Need]:
    tunnels = {(each.role, each.port) for each in standing.network.tunnels}
    for role in standing.judgement.roles:
        where = standing.gateways.get(role.role, ())
        if role.pin.port is None:
            ports = dict.fromkeys(standing.profile.port_numbers, Belief.UNTRIED) | dict(role.beliefs)
            yield from _anything(role.role, ports, ports, wishes, where)
        else:
            wanted = {role.desired} - {None} | wishes.desired.get(role.role, frozenset())
            yield from _at(role.role, _places(role.role, where, wishes), [role.pin.port], Why.PIN)
            yield from _at(role.role, _places(role.role, where, wishes), wanted, Why.DESIRED)
        lost = [port for port in role.live if (role.role, port) not in tunnels]  # nobody noted where to
        yield from _at(role.role, _places(role.role, where, wishes), lost, Why.LIVE)


def _without_roles(standing: Standing, wishes: _Wishes) -> Iterator[Need]:
    """Say what a host may need whose key was not read, or whose two views differ."""
    reading = standing.network.reading
    known: Facts | None = None
    for named in standing.profile.roles:
        where = _told(reading, named.role) or standing.gateways.get(named.role, ())
        pins = [] if reading is None else list(_view_pins(reading, named.port_value))
        if _valid(pins):
            places = _places(named.role, where, wishes)
            yield from _at(named.role, places, pins, Why.VIEW)
            yield from _at(named.role, places, wishes.desired.get(named.role, ()), Why.DESIRED)
        else:
            known = known or _facts(standing, reading)
            seen: Ports = (
                next((role.beliefs for role in known.roles if role.role == named.role), {}) if known else {}
            )
            yield from _anything(named.role, standing.profile.port_numbers, seen, wishes, where)
            yield from _at(
                named.role, _places(named.role, where, wishes), [pin for pin in pins if pin], Why.VIEW
            )


def _facts(standing: Standing, reading: Reading | None) -> Facts | None:
    if reading is None:
        return None
    named = standing.named or {}
    return facts(reading, profile=standing.profile, desired=standing.desired, gateways=named)


def _told(reading: Reading | None, role: str) -> tuple[str, ...]:
    """Return every address that the registry, in either view, or the inventory has for a role."""
    if reading is None:
        return ()
    targets = [target for target in reading.targets if target.role == role]
    return tuple(dict.fromkeys(each for target in targets for each in target.addresses or (target.name,)))


def pinned(reading: Reading, profile: Profile) -> bool:
    """Whether the registry alone says what a host may need: each role has a valid pin, in every view that is
    there.
    """
    return all(_valid(list(_view_pins(reading, role.port_value))) for role in profile.roles)


def _valid(pins: Sequence[int | None]) -> bool:
    return bool(pins) and None not in pins


def _view_pins(reading: Reading, value: str) -> Iterator[int | None]:
    """Yield the pin of each view that holds the key, None for one that is no port."""
    for view in reading.views:
        if view.state is ViewState.PRESENT:
            yield parse_pin(find_value(view.values, value)).port


def _anything(
    role: str, ports: Iterable[int], seen: Ports, wishes: _Wishes, where: Iterable[str]
) -> Iterator[Need]:
    """Say what a role may need of which no valid pin is known."""
    places = _places(role, where, wishes)
    yield from _at(role, places, wishes.desired.get(role, ()), Why.DESIRED)
    left = [port for port in ports if seen.get(port) is not Belief.CLOSED]
    yield from _at(role, places, left, Why.UNKNOWN)


def _places(role: str, where: Iterable[str], wishes: _Wishes) -> tuple[str | None, ...]:
    """Return the addresses that a role's tunnel may go to: where it was seen to go,
    and where the inventory says.
    """
    places = dict.fromkeys(map(canonical, (*where, *sorted(wishes.gateways.get(role, ())))))
    return tuple(places) or (None,)


def _at(role: str, places: Iterable[str | None], ports: Iterable[int | None], why: Why) -> Iterator[Need]:
    for place in places:
        for port in ports:
            if port is not None:
                yield Need(role=role, destination=place, port=port, why=why)


def _first_reason(needs: Iterable[Need]) -> tuple[Need, ...]:
    """Keep of each place and port the reason that counts most."""
    order = {why: number for number, why in enumerate(Why)}
    found: dict[tuple[str | None, int], Need] = {}
    for need in sorted(needs, key=lambda each: order[each.why]):
        found.setdefault((need.destination, need.port), need)
    return tuple(found.values())
