"""Every host of the fleet as a row: what it shares with others stands once, what is believed of its ports is
one string.

The strings use the marks of `show --history`: one character for each port of `HostTable.ports`, role after
role. All words are cleaned here: rows go into a page as data too, where nothing else would do it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Belief, RoleJudgement
from orchestrator.domain.primitives.text import clean
from orchestrator.domain.standing import HostNow, Standing
from orchestrator.domain.views.diff import ChangeGroup, pin_word
from orchestrator.domain.views.fleet_now import place_of, state
from orchestrator.report.views.diff import change_words
from orchestrator.report.views.history import MARKS

_MARKS = {belief: MARKS[belief][0] for belief in Belief}
NO_ROLE = " "  # in the string of a host whose product has no such role
BESIDE = (
    8  # ports that no profile lists, such as desired pins: the most used have a column, the others only a pin
)
_SEVERITY = {verdict: verdict.severity for verdict in Verdict}
WORDS_SHOWN = 400  # characters of a sentence or a reason


class PinCell(NamedTuple):
    """A role's pin as it is shown, and the mark of what is believed of it; the desired pin where it differs,
    else 0.
    """

    pin: str
    mark: str
    desired: int
    live: tuple[int, ...]


class Likeness(NamedTuple):
    """What many hosts share. `state` as `domain.fleet_now.state` says it; `pins` has a cell for each role of
    the table.

    `cause` is why the host was not probed last time, `waived` the waiver's reason, `change` what changed
    since the reading before, each empty where there is none. `old`: the reading is older than asked for.
    """

    verdict: str
    label: str
    state: str
    place: str
    cause: str
    old: bool
    waived: str
    change: str
    action: str
    pins: tuple[PinCell | None, ...]


class HostRow(NamedTuple):
    """A host.

    `read` is when its result came, in UTC and to the minute; `ports` has a mark for each role and port.
    """

    host: str
    address: str
    read: str
    like: Likeness
    ports: str


class Pattern(NamedTuple):
    """Hosts with the same pins and the same ports, worst first. `key` tells it from others.

    `verdict` and `label` are the worst of theirs; `mixed`: not all have that one.
    """

    key: str
    pins: tuple[PinCell | None, ...]
    ports: str
    hosts: tuple[str, ...]
    verdict: str
    label: str
    mixed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HostTable:
    """The fleet's hosts, worst first. `ports` are numbers with their labels, in the profiles' order."""

    roles: tuple[str, ...]
    ports: Mapping[int, str]
    rows: tuple[HostRow, ...]

    def strip(self, ports: str, role: int) -> str:
        """Return the part of a row's string that is about one role, by its place in `roles`."""
        return ports[role * len(self.ports) : (role + 1) * len(self.ports)]

    def patterns(self) -> tuple[Pattern, ...]:
        """Fold the hosts that had a reading by their pins and ports, those of most hosts first."""
        found: dict[tuple[str, tuple[PinCell | None, ...]], list[HostRow]] = {}
        for row in self.rows:
            if any(row.like.pins):
                pins = tuple(pin and pin._replace(live=()) for pin in row.like.pins)
                found.setdefault((row.ports, pins), []).append(row)
        return tuple(
            Pattern(
                key=pattern_key(rows[0]),
                pins=pins,
                ports=ports,
                hosts=tuple(row.host for row in rows),
                verdict=rows[0].like.verdict,
                label=rows[0].like.label,
                mixed=len({row.like.label for row in rows}) > 1,
            )
            for (ports, pins), rows in sorted(found.items(), key=lambda item: -len(item[1]))
        )


def pattern_key(row: HostRow) -> str:
    """Write what makes hosts one pattern, as the page's script does too."""
    pins = (f"{pin.pin}/{pin.desired}" if pin else "" for pin in row.like.pins)
    return "|".join((*pins, row.ports))


@dataclass(slots=True)
class _Seen:
    """A host as it came in: the result that counts, why the latest one has no reading, and what to do."""

    standing: Standing
    cause: str
    action: str


@dataclass(slots=True)
class HostRows:
    """Takes hosts one by one. `before`: what was read earlier is old; `by`: `site` or `group`."""

    before: datetime
    by: str
    _seen: list[_Seen] = field(default_factory=list)

    def add(self, host: HostNow) -> None:
        """Take one host in."""
        self._seen.append(_Seen(host.standing, host.latest.cause, host.action))

    def table(self, changes: Iterable[ChangeGroup]) -> HostTable:
        """Lay the hosts out, worst first; waived ones and then those where all is well come last."""
        self._seen.sort(key=lambda each: _order(each.standing))
        maker = _Maker(
            roles=_roles(each.standing for each in self._seen),
            ports=_ports([each.standing for each in self._seen]),
            changed={
                host: clean("; ".join(map(change_words, group.changes)), limit=WORDS_SHOWN)
                for group in changes
                for host in group.hosts
            },
        )
        rows = tuple(
            maker.row(
                each.standing,
                each.cause,
                each.action,
                place=place_of(each.standing, self.by),
                old=each.standing.at < self.before,
            )
            for each in self._seen
        )
        return HostTable(roles=tuple(map(clean, maker.roles)), ports=maker.ports, rows=rows)


def _order(standing: Standing) -> tuple[bool, bool, int, bool, str]:
    judgement = standing.judgement
    well, waived = judgement.verdict is Verdict.OK, standing.waived is not None
    return well, waived, _SEVERITY[judgement.verdict], judgement.any_live, standing.host


def _roles(standings: Iterable[Standing]) -> tuple[str, ...]:
    """Return the roles of all products, in their order;
    one that says nothing of a host has a column all the same.
    """
    return tuple(dict.fromkeys(role for each in standings for role in each.profile.role_names))


def _ports(standings: list[Standing]) -> dict[int, str]:
    """Return the listed ports with their labels, and the most used of the others."""
    listed: dict[int, str] = {}
    known: set[str] = set()
    beside: Counter[int] = Counter()
    for each in standings:
        if each.profile.name not in known:
            known.add(each.profile.name)
            for port in each.profile.ports:
                listed.setdefault(port.number, clean(port.label))
        for role in each.judgement.roles:
            beside.update({role.pin.port, role.desired} - {None})  # type: ignore[arg-type]  # None is taken out
    for number in listed:
        del beside[number]
    most = sorted(beside.items(), key=lambda item: (-item[1], item[0]))[:BESIDE]
    return listed | {port: "not in the list" for port, _ in sorted(most)}


@dataclass(slots=True, kw_only=True)
class _Maker:
    """Makes rows; what two hosts share is made once."""

    roles: tuple[str, ...]
    ports: dict[int, str]
    changed: Mapping[str, str]
    _alike: dict[Likeness, Likeness] = field(default_factory=dict)
    _strips: dict[int, tuple[str, PinCell]] = field(
        default_factory=dict
    )  # by identity, as the store shares them

    def row(self, standing: Standing, cause: str, action: str, *, place: str, old: bool) -> HostRow:
        """Make a host's row."""
        roles = {role.role: self._role(role) for role in standing.judgement.roles}
        like = Likeness(
            verdict=standing.judgement.verdict,
            label=clean(standing.judgement.label),
            state=state(standing),
            place=clean(place),
            cause=clean(cause),
            old=old,
            waived=clean(standing.waived or "", limit=WORDS_SHOWN),
            change=self.changed.get(standing.host, ""),
            action=clean(action, limit=2 * WORDS_SHOWN),
            pins=tuple(roles[role][1] if role in roles else None for role in self.roles),
        )
        nothing = NO_ROLE * len(self.ports)
        return HostRow(
            host=clean(standing.host),
            address=clean(standing.address),
            read=standing.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M"),
            like=self._alike.setdefault(like, like),
            ports="".join(roles[role][0] if role in roles else nothing for role in self.roles),
        )

    def _role(self, role: RoleJudgement) -> tuple[str, PinCell]:
        if id(role) not in self._strips:
            strip = "".join(_MARKS[role.beliefs.get(port, Belief.UNTRIED)] for port in self.ports)
            pin = role.pin.port
            cell = PinCell(
                pin=pin_word(role.pin),
                mark="" if pin is None else _MARKS[role.beliefs.get(pin, Belief.UNTRIED)],
                desired=role.desired if role.desired is not None and role.desired != pin else 0,
                live=role.live,
            )
            self._strips[id(role)] = strip, cell
        return self._strips[id(role)]
