"""What a change of firewalls would do to the fleet, and in which order its hosts are saved first. Pure.

Before anything closes: a scan of hosts whose other ports nobody tried; re-pins that need nothing, of hosts on
a live tunnel first, since theirs may end at any time; then the rules to ask for and the ports that are
assumed to open; then a scan and the re-pins that wait for these.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from orchestrator.domain.firewall.cover import Gateway, Permit
from orchestrator.domain.judgement import Belief
from orchestrator.domain.standing import Standing
from orchestrator.domain.whatif.assumption import Assumption, Assumptions
from orchestrator.domain.whatif.outlook import HostOutlook, Outlook, look
from orchestrator.domain.whatif.repins import Repin
from orchestrator.domain.whatif.rescue import (
    Later,
    Nothing,
    Now,
    Rescue,
    Rules,
    Scan,
    after_rules,
    fewest,
    rescue,
)


class StepKind(enum.StrEnum):
    """What is done in a step, in the order in which steps come."""

    SCAN = "scan-full"  # ports that may last were not tried: a scan of all of them, and the question again
    REPIN = "repin"  # fleetcheck repin plan, as things are
    PERMIT = "permit"  # a firewall rule to ask for
    OPEN = "assumed-open"  # what is assumed open is opened
    SCAN_AND_REPIN = "scan-and-repin"  # a scan, then fleetcheck repin plan
    CLOSE = "assumed-closed"  # what is assumed closed may be closed now


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, and the hosts that it saves.

    `pins` is the new pin by role and `policy` what plans it (None: the inventory's `pin:` has to say it
    first), of re-pins; `port`, `label` and `gateway` are a rule's. `urgent`: they stand on a live tunnel
    only.
    """

    kind: StepKind
    hosts: tuple[str, ...] = ()
    pins: Mapping[str, int] = field(default_factory=dict)
    policy: str | None = None
    port: int | None = None
    label: str = ""
    gateway: Gateway = ()
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallen:
    """Hosts that share an outlook: `places` are the tunnels it is about (`primary 443`), `reason` why nobody
    can say.
    """

    outlook: Outlook
    places: tuple[str, ...]
    hosts: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsaved:
    """Threatened hosts that no step saves, and why."""

    reason: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """The answer. `counts` has the hosts by outlook; `groups` those that do not simply keep their tunnel.

    `oldest` is when the oldest reading that it rests on came, None for no host. `fewest`: it is proved that
    no fewer rules do. `unknown` are assumptions about a port and address that no host has to do with;
    `gateways` are the addresses that there are.
    """

    assumptions: tuple[Assumption, ...]
    hosts: int
    counts: Mapping[Outlook, int]
    groups: tuple[Fallen, ...]
    steps: tuple[Step, ...]
    unsaved: tuple[Unsaved, ...]
    oldest: datetime | None
    fewest: bool
    unknown: tuple[Assumption, ...] = ()
    gateways: tuple[str, ...] = ()


def what_if(standings: Iterable[Standing], assumed: Assumptions) -> WhatIf:
    """Work out what becomes of every host, and what saves those that would lose their backup."""
    asked = _Asked(assumed)
    hosts = [found for each in standings if (found := asked.look(each)) is not None]
    counts = dict.fromkeys(Outlook, 0)
    for each in hosts:
        counts[each.outlook] += 1
    rescued = _rescues((each for each in hosts if each.outlook.threatened), asked)
    return WhatIf(
        assumptions=assumed.all,
        hosts=len(hosts),
        counts=counts,
        groups=_groups(hosts),
        steps=_in_order(rescued, assumed),
        unsaved=rescued.unsaved(),
        oldest=min((each.standing.at for each in hosts), default=None),
        fewest=rescued.fewest,
        unknown=asked.unknown(),
        gateways=tuple(sorted(asked.gateways)),
    )


class _Asked:
    """What is assumed, and what of it the hosts have to do with."""

    def __init__(self, assumed: Assumptions) -> None:
        self.assumed = assumed
        self.gateways: set[str] = set()
        self.order: dict[int, int] = {}  # the places of ports in the profile's list
        self.labels: dict[int, str] = {}
        self._known: set[tuple[int, str]] = set()
        self._rescues: dict[tuple[object, ...], Rescue] = {}
        self._afters: dict[tuple[object, ...], Repin | None] = {}

    def look(self, standing: Standing) -> HostOutlook | None:
        for place, listed in enumerate(standing.profile.ports):
            self.order.setdefault(listed.number, place)
            self.labels.setdefault(listed.number, listed.label)
        for role in standing.judgement.roles:
            addresses = standing.gateways.get(role.role, ())
            self.gateways.update(addresses)
            self._known.update((port, address) for port in role.beliefs for address in addresses)
        return look(standing, self.assumed)

    def rescue(self, host: HostOutlook) -> Rescue:
        """Say what saves a host; of hosts that share a judgement, as the store reads them, once."""
        alike = _alike(host)
        found = self._rescues.get(alike)
        if found is None:
            found = self._rescues[alike] = rescue(host, self.assumed)
        if isinstance(found, Rules):
            return Rules(tuple(replace(need, host=host.host) for need in found.needs))
        return found

    def after(self, host: HostOutlook, permits: tuple[Permit, ...]) -> Repin | None:
        """Say how a host is re-pinned once these rules are made; of hosts alike once."""
        key = (*_alike(host), permits)
        if key not in self._afters:
            self._afters[key] = after_rules(host, permits)
        return self._afters[key]

    def unknown(self) -> tuple[Assumption, ...]:
        return tuple(each for each in self.assumed.all if (each.port, each.address) not in self._known)


@dataclass(slots=True)
class _Rescued:
    """The ways out while they are gathered; the keys of `now` and `later` have urgent hosts apart."""

    now: dict[tuple[bool, Repin], list[str]] = field(default_factory=dict)
    later: dict[tuple[bool, Repin], list[str]] = field(default_factory=dict)
    scan: list[HostOutlook] = field(default_factory=list)
    permits: list[Step] = field(default_factory=list)
    nothing: dict[str, list[str]] = field(default_factory=dict)
    fewest: bool = True

    def unsaved(self) -> tuple[Unsaved, ...]:
        order = sorted(self.nothing.items(), key=lambda item: (-len(item[1]), item[0]))
        return tuple(Unsaved(reason=reason, hosts=tuple(sorted(names))) for reason, names in order)


def _rescues(threatened: Iterable[HostOutlook], asked: _Asked) -> _Rescued:
    found = _Rescued()
    blocked: dict[str, tuple[HostOutlook, Rules]] = {}
    for host in threatened:
        match asked.rescue(host):
            case Now(repin):
                found.now.setdefault((_urgent(host), repin), []).append(host.host)
            case Later(repin):
                found.later.setdefault((_urgent(host), repin), []).append(host.host)
            case Scan():
                found.scan.append(host)
            case Rules() as rules:
                blocked[host.host] = host, rules
            case Nothing(reason):
                found.nothing.setdefault(reason, []).append(host.host)
    _add_rules(found, blocked, asked)
    return found


def _add_rules(found: _Rescued, blocked: Mapping[str, tuple[HostOutlook, Rules]], asked: _Asked) -> None:
    """Choose rules for these hosts; those whose pin the rules do not open are re-pinned after a scan."""
    needs = [need for _, rules in blocked.values() for need in rules.needs]
    permits, found.fewest = fewest(needs, asked.order)
    for (port, gateway), names in permits.items():
        found.permits.append(
            Step(
                kind=StepKind.PERMIT,
                hosts=names,
                port=port,
                label=asked.labels.get(port, ""),
                gateway=gateway,
                urgent=any(_urgent(blocked[name][0]) for name in names),
            )
        )
    found.permits.sort(key=lambda step: not step.urgent)
    made: dict[str, list[Permit]] = {name: [] for name in blocked}
    for permit, names in permits.items():
        for name in names:
            made[name].append(permit)
    for name, (host, _) in blocked.items():
        repin = asked.after(host, tuple(made[name]))
        if repin is not None:
            found.later.setdefault((_urgent(host), repin), []).append(name)


def _alike(host: HostOutlook) -> tuple[object, ...]:
    """Name what hosts have in common for which the same is true; a judgement by its identity."""
    standing = host.standing
    settings = (standing.repin, standing.waived, *(role.gateway for role in host.roles))
    return (id(standing.judgement), id(standing.profile), *settings)


def _urgent(host: HostOutlook) -> bool:
    return host.outlook is Outlook.TUNNEL_ONLY


def _in_order(rescued: _Rescued, assumed: Assumptions) -> tuple[Step, ...]:
    opening = [Step(kind=StepKind.OPEN)] if assumed.of(Belief.OPEN) else []
    closing = [Step(kind=StepKind.CLOSE)] if assumed.of(Belief.CLOSED) else []
    return (
        *_scans(rescued.scan),
        *_repins(StepKind.REPIN, rescued.now),
        *rescued.permits,
        *opening,
        *_repins(StepKind.SCAN_AND_REPIN, rescued.later),
        *closing,
    )


def _scans(hosts: Sequence[HostOutlook]) -> Iterable[Step]:
    for urgent in (True, False):
        names = sorted(each.host for each in hosts if _urgent(each) is urgent)
        if names:
            yield Step(kind=StepKind.SCAN, hosts=tuple(names), urgent=urgent)


def _repins(kind: StepKind, found: Mapping[tuple[bool, Repin], list[str]]) -> Iterable[Step]:
    order = sorted(found.items(), key=lambda item: (not item[0][0], -len(item[1]), item[0][1].pins))
    for (urgent, repin), names in order:
        yield Step(
            kind=kind,
            hosts=tuple(sorted(names)),
            pins=dict(repin.pins),
            policy=repin.policy,
            urgent=urgent,
        )


def _groups(hosts: Iterable[HostOutlook]) -> tuple[Fallen, ...]:
    found: dict[tuple[Outlook, tuple[str, ...], str], list[str]] = {}
    for each in hosts:
        if each.outlook is not Outlook.KEEPS:
            places = () if each.reason else each.places
            found.setdefault((each.outlook, places, each.reason), []).append(each.host)
    words = list(Outlook)
    order = sorted(found.items(), key=lambda item: (words.index(item[0][0]), -len(item[1]), item[0][1:]))
    return tuple(
        Fallen(outlook=outlook, places=places, reason=reason, hosts=tuple(sorted(names)))
        for (outlook, places, reason), names in order
    )
