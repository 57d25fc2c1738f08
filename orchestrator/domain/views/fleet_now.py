"""The fleet as it stands now, from each host's last reading: counts by place, groups, ports in use,
what changed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from inventory.verdicts import Verdict
from orchestrator.domain.group import GroupKey, key_of
from orchestrator.domain.judgement import Belief, Judgement
from orchestrator.domain.standing import HostNow, Standing
from orchestrator.domain.views.diff import ChangeGroup, Differ

NOWHERE = ""  # the place of hosts that have none


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The hosts of a site or group. Each is one of ok, waived, attention, unknown (never gave a reading).

    `unprobed` counts those whose latest result has no reading, `old` those whose last reading is older than
    asked for.
    """

    name: str
    hosts: int
    ok: int
    waived: int
    attention: int
    unknown: int
    unprobed: int
    old: int
    worst: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class NowGroup:
    """Hosts of which the same is known, by name. `key.cause` is why the latest result has no reading.

    `since` says what to do where a re-pin made their readings old, empty where none did.
    `oldest` is when the oldest of their readings came, `old` how many are older than asked for.
    """

    key: GroupKey
    hosts: tuple[str, ...]
    actions: tuple[str, ...]  # what to do, more than one where that differs between them
    oldest: datetime
    old: int
    reasons: tuple[str, ...] = ()
    since: str = ""

    @property
    def action(self) -> str:
        """What to do for the first of them."""
        return self.actions[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortUse:
    """What the fleet does with one port: hosts by role that are pinned to it, live on it,
    and find it open or not.
    """

    port: int
    label: str
    pinned: Mapping[str, int]
    live: Mapping[str, int]
    opened: Mapping[str, int]
    closed: Mapping[str, int]  # intercepted ones too: they do not reach the gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetNow:
    """The whole fleet.

    `total` is the place of all hosts; `places` by name; `changes` are against the reading before.
    """

    total: Place
    places: tuple[Place, ...]
    groups: tuple[NowGroup, ...]
    ports: tuple[PortUse, ...]
    changes: tuple[ChangeGroup, ...]
    oldest: datetime | None
    newest: datetime | None


@dataclass(slots=True)
class _Bin:
    """A group while it fills."""

    hosts: list[str]
    actions: dict[str, None]
    oldest: datetime
    old: int
    reasons: dict[str, None]


@dataclass(slots=True)
class _Shared:
    """A conclusion, how many hosts have it, and the keys of their groups by cause and whether they are
    waived.
    """

    judgement: Judgement
    hosts: int = 0
    keys: dict[tuple[str, bool], GroupKey] = field(default_factory=dict)


class FleetSummariser:
    """Takes hosts one by one and keeps of each only its name and its counts.

    `now` is aware; `by`: `site` or `group`.
    """

    def __init__(self, *, now: datetime, max_age: timedelta, by: str) -> None:
        self._before, self._by = now - max_age, by
        self._places: dict[str, Counter[str]] = {}
        self._worst: dict[str, Verdict] = {}
        self._bins: dict[tuple[GroupKey, str], _Bin] = {}  # by what is known, and by what was done since
        self._differ = Differ()
        # by identity: hosts that say the same share it as the store reads them
        self._judgements: dict[int, _Shared] = {}
        self._labels: dict[int, str] = {}
        self._products: set[str] = set()
        self._oldest: datetime | None = None
        self._newest: datetime | None = None

    def add(self, host: HostNow) -> None:
        """Take one host into account."""
        standing = host.standing
        old = self.is_old(standing)
        self._count(standing, old=old, probed=host.latest.probed)
        self._group(host, old=old)
        if standing.profile.name not in self._products:
            self._products.add(standing.profile.name)
            for listed in standing.profile.ports:
                self._labels.setdefault(listed.number, listed.label)
        self._oldest = standing.at if self._oldest is None else min(self._oldest, standing.at)
        self._newest = standing.at if self._newest is None else max(self._newest, standing.at)
        if host.known is not None and host.before is not None:
            self._differ.add(host.before, host.known)

    def is_old(self, standing: Standing) -> bool:
        """Tell whether a result is older than asked for."""
        return standing.at < self._before

    def summary(self) -> FleetNow:
        """Return the summary of what came so far."""
        places = [_place(name, self._places[name], self._worst[name]) for name in sorted(self._places)]
        total = _place("all", sum(self._places.values(), Counter()), _worst(self._worst.values()))
        listed = {port: place for place, port in enumerate(self._labels)}
        counted = self._count_ports()
        ports = sorted(counted, key=lambda port: (listed.get(port, len(listed)), port))
        return FleetNow(
            total=total,
            places=tuple(places),
            groups=self._groups(),
            ports=tuple(_use(port, self._labels.get(port, ""), counted[port]) for port in ports),
            changes=self._differ.diff().groups,
            oldest=self._oldest,
            newest=self._newest,
        )

    def _count(self, standing: Standing, *, old: bool, probed: bool) -> None:
        place, verdict = place_of(standing, self._by), standing.judgement.verdict
        counts = self._places.get(place)
        if counts is None:
            counts = self._places[place] = Counter()
            self._worst[place] = Verdict.OK
        counts[state(standing)] += 1
        counts["old"] += old
        counts["unprobed"] += not probed
        if verdict.severity < self._worst[place].severity:
            self._worst[place] = verdict

    def _group(self, host: HostNow, *, old: bool) -> None:
        standing, cause = host.standing, host.latest.cause
        shared = self._judgements.get(id(standing.judgement))
        if shared is None:
            shared = self._judgements[id(standing.judgement)] = _Shared(standing.judgement)
        shared.hosts += 1
        alike = cause, standing.waived is not None
        key = shared.keys.get(alike)
        if key is None:
            key = shared.keys[alike] = key_of(standing.judgement, cause, waived=alike[1])
        found = self._bins.get((key, host.since))
        if found is None:
            found = self._bins[key, host.since] = _Bin([], {}, standing.at, 0, {})
        found.hosts.append(standing.host)
        found.actions[host.action] = None
        found.oldest = min(found.oldest, standing.at)
        found.old += old
        if standing.waived is not None:
            found.reasons[standing.waived] = None

    def _count_ports(self) -> dict[int, Counter[tuple[str, str]]]:
        """Count ports over all roles, each as often as hosts share it."""
        ports: defaultdict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
        alike = ((role, each.hosts) for each in self._judgements.values() for role in each.judgement.roles)
        for role, hosts in alike:
            if role.pin.port is not None:
                ports[role.pin.port]["pinned", role.role] += hosts
            for port in role.live:
                ports[port]["live", role.role] += hosts
            for port, belief in role.beliefs.items():
                if belief is not Belief.UNTRIED:
                    ports[port]["opened" if belief is Belief.OPEN else "closed", role.role] += hosts
        return ports

    def _groups(self) -> tuple[NowGroup, ...]:
        order = sorted(
            self._bins.items(),
            key=lambda item: (
                item[0][0].waived,
                item[0][0].verdict.severity,
                item[0][0].any_live,
                bool(item[0][1]),
                -len(item[1].hosts),
                item[1].hosts,
            ),
        )
        return tuple(
            NowGroup(
                key=key,
                hosts=tuple(sorted(found.hosts)),
                actions=tuple(found.actions),
                oldest=found.oldest,
                old=found.old,
                reasons=tuple(found.reasons),
                since=since,
            )
            for (key, since), found in order
        )


def state(standing: Standing) -> str:
    """Say where a host counts: `ok`, `waived`, `attention`, or `unknown` where it never gave a reading."""
    return standing.judgement.verdict.counted_as(waived=standing.waived is not None)


def place_of(standing: Standing, by: str) -> str:
    """Return a host's site, or the nearest of its groups."""
    if by == "site":
        return standing.site or NOWHERE
    return next(iter(standing.groups), NOWHERE)


def _place(name: str, counts: Counter[str], worst: Verdict) -> Place:
    states = {word: counts[word] for word in ("ok", "waived", "attention", "unknown")}
    total = sum(states.values())
    return Place(
        name=name, hosts=total, unprobed=counts["unprobed"], old=counts["old"], worst=worst, **states
    )


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    return min(verdicts, key=lambda each: each.severity, default=Verdict.OK)


def _use(port: int, label: str, counts: Counter[tuple[str, str]]) -> PortUse:
    def by_role(word: str) -> dict[str, int]:
        return {role: number for (what, role), number in sorted(counts.items()) if what == word}

    return PortUse(
        port=port,
        label=label,
        pinned=by_role("pinned"),
        live=by_role("live"),
        opened=by_role("opened"),
        closed=by_role("closed"),
    )


def fleet_now(hosts: Iterable[HostNow], *, now: datetime, max_age: timedelta, by: str = "site") -> FleetNow:
    """Sum up a fleet; reads the hosts once."""
    summariser = FleetSummariser(now=now, max_age=max_age, by=by)
    for host in hosts:
        summariser.add(host)
    return summariser.summary()
