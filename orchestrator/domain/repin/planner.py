"""Who is re-pinned, from which port to which: facts in, planned hosts and left-out hosts with their reasons
out.

Reads facts, never a verdict's word. A port is planned only where the evidence shows it open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from inventory.model import Host, Profile, Rule
from orchestrator.domain.facts import Facts, KeyState, RoleFacts, facts
from orchestrator.domain.judgement import Belief
from orchestrator.domain.outcome import Probed
from orchestrator.domain.reading import Reading
from orchestrator.domain.record import HostRecord
from orchestrator.domain.repin.plan import Evidence, LeftOut, PlannedHost, WaivedHost
from orchestrator.domain.repin.planned_host import NotPlannedError, planned_host
from orchestrator.domain.repin.policy import Choice, NoChoice, Policy, choose, common_port
from orchestrator.domain.repin.waived import waived_host, waived_words
from orchestrator.domain.verdict import judge
from orchestrator.domain.waiver import Waivers


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A selected host and its latest records, newest first, each with the id of its scan."""

    host: Host
    records: tuple[tuple[int, HostRecord], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the planner is told. `agree`: so many scans have to give the same answer. `force_closed`: a
    reason.

    `waivers` are those in force; a host that one covers is planned only where `include_waived` gives a
    reason.
    """

    policy: Policy
    now: datetime
    max_age: timedelta = timedelta(hours=24)
    agree: int = 1
    force_closed: str | None = None
    waivers: Waivers = field(default_factory=lambda: MappingProxyType({}))
    include_waived: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What the planner concluded, in the order of the candidates.

    `waived`: the planned hosts that a waiver covers.
    """

    hosts: tuple[PlannedHost, ...]
    left_out: tuple[LeftOut, ...]
    waived: tuple[WaivedHost, ...] = ()


def draft(candidates: Sequence[Candidate], rules: Rules) -> Draft:
    """Plan every candidate or leave it out with a reason. Never raises for a host."""
    rules = _with_common_port(candidates, rules)
    planned: list[PlannedHost] = []
    left: list[LeftOut] = []
    waived: list[WaivedHost] = []
    for candidate in candidates:
        try:
            host, waiver = _plan(candidate, rules)
        except NotPlannedError as reason:
            left.append(LeftOut(host=candidate.host.name, reason=str(reason)))
        else:
            planned.append(host)
            waived += [] if waiver is None else [waiver]
    return Draft(tuple(planned), tuple(left), tuple(waived))


def _with_common_port(candidates: Sequence[Candidate], rules: Rules) -> Rules:
    if rules.policy.word != "fleet-common":
        return rules
    known = [
        _facts(candidate.host, reading)
        for candidate in candidates
        for _, record in candidate.records[:1]
        if (reading := _reading(record)) is not None and not _too_old(record, rules)
    ]
    order = dict.fromkeys(port for candidate in candidates for port in candidate.host.profile.port_numbers)
    port = common_port([each for each in known if each.key is KeyState.HELD], tuple(order))
    return replace(rules, policy=Policy("fleet-common", () if port is None else (port,)))


def _plan(candidate: Candidate, rules: Rules) -> tuple[PlannedHost, WaivedHost | None]:
    host = candidate.host
    if host.repin == "forbid":
        raise NotPlannedError("the inventory says `repin: forbid`")
    if not candidate.records:
        raise NotPlannedError(f"never scanned: fleetcheck scan --limit {host.name}")
    if len(candidate.records) < rules.agree:
        raise NotPlannedError(f"{len(candidate.records)} of the {rules.agree} scans that --agree asks for")
    scan, newest_record = candidate.records[0]
    # The age counts for the newest alone: three nightly scans never lie within one day.
    if _reading(newest_record) is not None and _too_old(newest_record, rules):
        raise NotPlannedError(f"its evidence, scan {scan}, is older than --max-age: scan again")
    verdict = _verdict(host, newest_record, rules)
    waiver = _waiver(host, verdict, rules)
    planned = [_from_record(host, scan, record, rules) for scan, record in candidate.records[: rules.agree]]
    newest = planned[0]
    for other in planned[1:]:
        if (other.targets, other.roles) != (newest.targets, newest.roles):
            scans = f"{newest.evidence[0].scan} and {other.evidence[0].scan}"
            raise NotPlannedError(f"scans {scans} do not agree (--agree {rules.agree})")
    evidence = tuple(each.evidence[0] for each in planned)
    return replace(newest, evidence=evidence, verdict=verdict), waiver


def _verdict(host: Host, record: HostRecord, rules: Rules) -> str | None:
    """Judge the newest evidence by today's inventory; None where it is none."""
    reading = _reading(record)
    if reading is None or _too_old(record, rules):
        return None
    found = judge(reading, profile=host.profile, desired=host.desired, gateways=host.gateways)
    return str(found.verdict)


def _waiver(host: Host, verdict: str | None, rules: Rules) -> WaivedHost | None:
    """Return the waiver that covers a host which is planned all the same; leave it out where none may be."""
    waiver = None if verdict is None else rules.waivers.get((host.name, verdict))
    if waiver is None or verdict is None:
        return None
    waived = waived_host(host.name, verdict, waiver)
    if rules.include_waived is None:
        raise NotPlannedError(f"waived, {waived_words(waived)} (--include-waived REASON plans it)")
    return waived


def _from_record(host: Host, scan: int, record: HostRecord, rules: Rules) -> PlannedHost:
    reading = _reading(record)
    if reading is None:
        raise NotPlannedError(f"no reading in scan {scan} ({getattr(record.outcome, 'cause', 'failed')})")
    read = record.outcome.trace.started
    found = _facts(host, reading)
    _readable(found)
    choice = _choice(rules.policy, found, host.profile)
    for role in found.roles:
        _check_role(role, choice.get(role.role), rules)
    if all(role.pin.port == choice.get(role.role, role.pin.port) for role in found.roles):
        raise NotPlannedError("nothing to do: pinned as wanted")
    return planned_host(host, reading, found, choice, rules.policy, Evidence(scan=scan, read=read))


def _choice(policy: Policy, found: Facts, profile: Profile) -> Choice:
    """Choose; two roles whose port is one registry value get one port, and each of them is looked at."""
    shared = profile.shared_value
    if shared is not None and policy.word == "keep-if-working":
        working = all(role.pin_belief is Belief.OPEN for role in found.roles)
        policy = policy if working else Policy("vendor-order")
    choice = choose(policy, found, profile.port_numbers, profile.rule if shared is None else Rule.COMMON)
    if isinstance(choice, NoChoice):
        raise NotPlannedError(choice.reason)
    if shared is None:
        return choice
    if len(set(choice.values())) > 1:
        wanted = " and ".join(f"{role} {port}" for role, port in choice.items())
        raise NotPlannedError(f"{wanted} are wanted, and the registry keeps both in one value, {shared}")
    return dict.fromkeys(profile.role_names, next(iter(choice.values())))


def _too_old(record: HostRecord, rules: Rules) -> bool:
    return rules.now - record.outcome.trace.started > rules.max_age


def _reading(record: HostRecord) -> Reading | None:
    return record.outcome.reading if isinstance(record.outcome, Probed) else None


def _facts(host: Host, reading: Reading) -> Facts:
    return facts(reading, profile=host.profile, desired=host.desired, gateways=host.gateways)


def _readable(found: Facts) -> None:
    match found.key:
        case KeyState.UNREADABLE:
            raise NotPlannedError("the registry key could not be read")
        case KeyState.ABSENT:
            raise NotPlannedError("the registry key is absent: no agent there")
        case KeyState.SPLIT:
            names = ", ".join(found.differing)
            raise NotPlannedError(f"the two registry views differ ({names}): mend by hand")
        case KeyState.HELD:
            for role in found.roles:
                if role.pin.port is None:
                    raise NotPlannedError(f"the {role.role} value is no port: mend by hand, or run lvhealth")


def _check_role(role: RoleFacts, new: int | None, rules: Rules) -> None:
    """Refuse a role whose pin or new port nobody can vouch for; a pin that stays may be closed,
    as it is today.
    """
    for port, what in ((role.pin.port, "pin"), (new, "new port")):
        if port is None:
            continue
        belief = role.beliefs.get(port, Belief.UNTRIED)
        if belief is Belief.UNTRIED:
            raise NotPlannedError(f"the {role.role} {what} {port} was not tried: scan again")
        if belief is Belief.INTERCEPTED:
            raise NotPlannedError(
                f"the {role.role} {what} {port} is answered by something else than the gateway"
            )
        changes = port == new and new != role.pin.port
        if changes and belief is not Belief.OPEN and rules.force_closed is None:
            raise NotPlannedError(
                f"{role.role} {port} is not open: a firewall rule first (or --force-closed REASON)"
            )
