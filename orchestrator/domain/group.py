"""Group a scan's hosts by what is the same about them,
so that 40 servers behind one firewall are one line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from inventory.verdicts import Verdict
from orchestrator.domain.judgement import Belief, Judgement, RoleJudgement
from orchestrator.domain.outcome import Failed
from orchestrator.domain.record import HostRecord

_MOST_PORTS = 4  # of those open beside the pin; more than that is "most of the list"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupKey:
    """What the hosts of a group share.

    `label` is the verdict as it is written (`cut-off (backup)`), `ports` what is the same about their ports,
    role by role (`primary 2147, desired 443`), `cause` phase and cause where they could not be probed, else
    empty.
    """

    verdict: Verdict
    label: str
    ports: str
    cause: str
    any_live: bool
    waived: bool

    @property
    def needs_attention(self) -> bool:
        """Whether somebody has to look at these hosts."""
        return self.verdict.needs_attention and not self.waived


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Hosts that share a key, by name. `actions` is what to do, more than one where that differs between
    them.

    `reasons` are the waivers' where they are waived.
    """

    key: GroupKey
    hosts: tuple[str, ...]
    actions: tuple[str, ...]
    reasons: tuple[str, ...] = ()

    @property
    def action(self) -> str:
        """What to do for the first of them."""
        return self.actions[0]

    @property
    def same_action(self) -> bool:
        """Whether that is the same for all of them."""
        return len(self.actions) == 1


class Groups:
    """Gathers records one by one and keeps of each only its name; `sorted` gives the groups."""

    def __init__(self) -> None:
        self._hosts: dict[GroupKey, list[str]] = {}
        self._actions: dict[GroupKey, dict[str, None]] = {}
        self._reasons: dict[GroupKey, dict[str, None]] = {}

    def add(self, record: HostRecord) -> None:
        """Put one host into its group."""
        key = group_key(record)
        self._hosts.setdefault(key, []).append(record.host)
        self._actions.setdefault(key, {})[record.judgement.action] = None
        reasons = self._reasons.setdefault(key, {})
        if record.waived is not None:
            reasons[record.waived] = None

    def sorted(self) -> tuple[Group, ...]:
        """Return the groups: waived ones last, worst verdict first, without a live connection first,
        largest first.
        """
        order = sorted(
            self._hosts,
            key=lambda key: (
                key.waived,
                key.verdict.severity,
                key.any_live,
                -len(self._hosts[key]),
                key.label,
                key.ports,
                key.cause,
            ),
        )
        return tuple(
            Group(
                key=key,
                hosts=tuple(sorted(self._hosts[key])),
                actions=tuple(self._actions[key]),
                reasons=tuple(self._reasons[key]),
            )
            for key in order
        )


def group(records: Iterable[HostRecord]) -> tuple[Group, ...]:
    """Group records; reads them once, in any order."""
    groups = Groups()
    for record in records:
        groups.add(record)
    return groups.sorted()


def group_key(record: HostRecord) -> GroupKey:
    """Say what counts as the same about hosts: verdict, role, ports, cause, whether a tunnel is up,
    waived or not.
    """
    outcome = record.outcome
    cause = f"{outcome.phase}: {outcome.cause}" if isinstance(outcome, Failed) else ""
    return key_of(record.judgement, cause, waived=record.waived is not None)


def key_of(judgement: Judgement, cause: str, *, waived: bool) -> GroupKey:
    """Make the key of a conclusion; `cause` is phase and cause where there is no reading."""
    return GroupKey(
        verdict=judgement.verdict,
        label=judgement.label,
        ports=ports_of(judgement),
        cause=cause,
        any_live=judgement.any_live,
        waived=waived,
    )


def ports_of(judgement: Judgement) -> str:
    """Write what is known of the ports, role by role; empty where nothing is judged by role."""
    return "; ".join(map(_ports, judgement.roles))


def _ports(role: RoleJudgement) -> str:
    """Write a role's pin, its desired pin where it differs, and what is open beside a pin that is not."""
    words = [f"{role.role} {role.pin.port if role.pin.port is not None else _no_port(role)}"]
    if role.desired is not None and role.desired != role.pin.port:
        words.append(f"desired {role.desired}")
    if role.beliefs.get(role.pin.port or 0) is Belief.CLOSED:
        words.append(_open(role))
    if role.verdict is Verdict.STALE:
        words.append(f"live on {', '.join(map(str, role.live))}")
    return ", ".join(words)


def _no_port(role: RoleJudgement) -> str:
    return "missing" if role.pin.kind is None else "not a port"


def _open(role: RoleJudgement) -> str:
    ports = [port for port, belief in role.beliefs.items() if belief is Belief.OPEN and port != role.pin.port]
    if not ports:
        return "none open"
    return f"{', '.join(map(str, ports))} open" if len(ports) <= _MOST_PORTS else f"{len(ports)} others open"
