"""What changed between two results of a host, and of a fleet: verdict, pin, open ports, gateways. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Belief, Pin, RoleJudgement
from orchestrator.domain.record import ScanRecord
from orchestrator.domain.standing import Pair, Standing

MISSING, NOT_A_PORT = "missing", "not a port"  # a pin that is none


class What(enum.StrEnum):
    """What can change."""

    VERDICT = "verdict"
    PIN = "pin"
    PORTS = "ports"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that changed. `role` is None for the verdict, which is the host's.

    `before` and `after` are the label, the pin, or the gateway's addresses; for ports, those that are no
    longer open and those that newly are.
    """

    what: What
    role: str | None
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeGroup:
    """Hosts, by name, that changed alike.

    `verdict` is what is concluded now; `worse`: it is a worse one than before.
    """

    changes: tuple[Change, ...]
    verdict: Verdict
    worse: bool
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """Two scans compared.

    `compared` counts the hosts with a result in both; hosts with one result changed nothing.
    """

    compared: int
    groups: tuple[ChangeGroup, ...]
    only_earlier: tuple[str, ...] = ()
    only_later: tuple[str, ...] = ()
    not_asked: int = 0  # hosts that one of the two scans was not meant to ask (`--limit`, `--from`)

    @property
    def changed(self) -> int:
        """How many hosts changed."""
        return sum(len(group.hosts) for group in self.groups)


def changes(earlier: Standing, later: Standing) -> tuple[Change, ...]:
    """Compare two results of one host; empty where they are alike.

    Pins, ports and gateways are compared only where both have them: a host that was not probed has not
    changed its pin. A port counts where both believe something of it: what was not tried did not close.
    """
    if earlier.judgement is later.judgement and earlier.gateways == later.gateways:
        return ()  # most hosts, as the store reads those that say the same
    found = []
    if earlier.judgement.label != later.judgement.label:
        labels = (earlier.judgement.label,), (later.judgement.label,)
        found.append(Change(what=What.VERDICT, role=None, before=labels[0], after=labels[1]))
    after = {role.role: role for role in later.judgement.roles}
    for before in earlier.judgement.roles:
        if before.role in after:
            found.extend(_of_role(before, after[before.role]))
    for role, addresses in earlier.gateways.items():
        now = later.gateways.get(role, addresses)
        if now != addresses:
            found.append(Change(what=What.GATEWAY, role=role, before=addresses, after=now))
    return tuple(found)


def _of_role(before: RoleJudgement, after: RoleJudgement) -> Iterator[Change]:
    pins = (pin_word(before.pin),), (pin_word(after.pin),)
    if pins[0] != pins[1]:
        yield Change(what=What.PIN, role=before.role, before=pins[0], after=pins[1])
    both = [port for port in before.beliefs if _known(before, port) and _known(after, port)]
    was, now = ({port for port in both if role.beliefs[port] is Belief.OPEN} for role in (before, after))
    if was != now:
        shut, opened = (
            tuple(str(port) for port in both if port in ports) for ports in (was - now, now - was)
        )
        yield Change(what=What.PORTS, role=before.role, before=shut, after=opened)


def _known(role: RoleJudgement, port: int) -> bool:
    return role.beliefs.get(port, Belief.UNTRIED) is not Belief.UNTRIED


def pin_word(pin: Pin) -> str:
    """Write a pin: its port, or why there is none."""
    if pin.port is not None:
        return str(pin.port)
    return MISSING if pin.shown is None else NOT_A_PORT


class Differ:
    """Takes pairs one by one, and keeps of each host only its name beside what changed."""

    def __init__(self) -> None:
        self._groups: dict[tuple[tuple[Change, ...], Verdict, bool], list[str]] = {}
        self._compared = 0
        self._only: tuple[list[str], list[str]] = ([], [])

    def add(self, earlier: Standing | None, later: Standing | None) -> None:
        """Take one host into account."""
        if earlier is None or later is None:
            for standing, names in zip((earlier, later), self._only, strict=True):
                if standing is not None:
                    names.append(standing.host)
            return
        self._compared += 1
        if found := changes(earlier, later):
            verdict = later.judgement.verdict
            worse = _rank(verdict) < _rank(earlier.judgement.verdict)
            self._groups.setdefault((found, verdict, worse), []).append(later.host)

    def diff(self) -> Diff:
        """Return the comparison: what got worse first, then the worst verdict, then the most hosts."""
        groups = [
            ChangeGroup(changes=found, verdict=verdict, worse=worse, hosts=tuple(sorted(names)))
            for (found, verdict, worse), names in self._groups.items()
        ]
        groups.sort(key=lambda group: (not group.worse, _rank(group.verdict), -len(group.hosts), group.hosts))
        earlier, later = (tuple(sorted(names)) for names in self._only)
        return Diff(compared=self._compared, groups=tuple(groups), only_earlier=earlier, only_later=later)


def of_what_both_asked(found: Diff, earlier: ScanRecord, later: ScanRecord) -> Diff:
    """Leave out the hosts that a scan of a part of the fleet never asked: they have not gone,
    and are not new.
    """
    first = _asked(found.only_earlier, later)
    second = _asked(found.only_later, earlier)
    left = len(found.only_earlier) + len(found.only_later) - len(first) - len(second)
    return replace(found, only_earlier=first, only_later=second, not_asked=left)


def _asked(hosts: tuple[str, ...], other: ScanRecord) -> tuple[str, ...]:
    meant = set(other.hosts)
    return tuple(host for host in hosts if host in meant) if other.partial else hosts


def _rank(verdict: Verdict) -> int:
    return verdict.severity


def diff(pairs: Iterable[Pair]) -> Diff:
    """Compare; reads the pairs once."""
    differ = Differ()
    for earlier, later in pairs:
        differ.add(earlier, later)
    return differ.diff()
