"""Who is re-pinned, from which port to which: facts in, planned hosts and left-out hosts with their reasons out.

Reads facts, never a verdict's word. A port is planned only where the evidence shows it open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from inventory.model import Host
from orchestrator.domain.digest import host_digest
from orchestrator.domain.facts import Facts, KeyState, RoleFacts, facts
from orchestrator.domain.judgement import Belief
from orchestrator.domain.outcome import Probed
from orchestrator.domain.pin import find_value
from orchestrator.domain.plan import Evidence, LeftOut, PlannedHost, RoleChange, WriteTarget
from orchestrator.domain.policy import NoChoice, Policy, choose, common_port
from orchestrator.domain.reading import Reading, View, ViewState
from orchestrator.domain.record import HostRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A selected host and its latest records, newest first, each with the id of its scan."""

    host: Host
    records: tuple[tuple[int, HostRecord], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the planner is told. `agree`: so many scans have to give the same answer. `force_closed`: a reason."""

    policy: Policy
    now: datetime
    max_age: timedelta = timedelta(hours=24)
    agree: int = 1
    force_closed: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What the planner concluded, in the order of the candidates."""

    hosts: tuple[PlannedHost, ...]
    left_out: tuple[LeftOut, ...]


class _Left(Exception):  # noqa: N818 - no error: it carries a reason out of a chain of checks, inside this module
    """This host is left out."""


def draft(candidates: Sequence[Candidate], rules: Rules) -> Draft:
    """Plan every candidate or leave it out with a reason. Never raises for a host."""
    rules = _with_common_port(candidates, rules)
    planned: list[PlannedHost] = []
    left: list[LeftOut] = []
    for candidate in candidates:
        try:
            planned.append(_plan(candidate, rules))
        except _Left as reason:
            left.append(LeftOut(host=candidate.host.name, reason=str(reason)))
    return Draft(tuple(planned), tuple(left))


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


def _plan(candidate: Candidate, rules: Rules) -> PlannedHost:
    host = candidate.host
    if host.repin == "forbid":
        raise _Left("the inventory says `repin: forbid`")
    if not candidate.records:
        raise _Left(f"never scanned: fleetcheck scan --limit {host.name}")
    if len(candidate.records) < rules.agree:
        raise _Left(f"{len(candidate.records)} of the {rules.agree} scans that --agree asks for")
    scan, record = candidate.records[0]
    # The age counts for the newest alone: three nightly scans never lie within one day.
    if _reading(record) is not None and _too_old(record, rules):
        raise _Left(f"its evidence, scan {scan}, is older than --max-age: scan again")
    planned = [_from_record(host, scan, record, rules) for scan, record in candidate.records[: rules.agree]]
    newest = planned[0]
    for other in planned[1:]:
        if (other.targets, other.roles) != (newest.targets, newest.roles):
            scans = f"{newest.evidence[0].scan} and {other.evidence[0].scan}"
            raise _Left(f"scans {scans} do not agree (--agree {rules.agree})")
    return replace(newest, evidence=tuple(each.evidence[0] for each in planned))


def _from_record(host: Host, scan: int, record: HostRecord, rules: Rules) -> PlannedHost:
    reading = _reading(record)
    if reading is None:
        raise _Left(f"no reading in scan {scan} ({getattr(record.outcome, 'cause', 'failed')})")
    read = record.outcome.trace.started
    found = _facts(host, reading)
    _readable(found)
    choice = choose(rules.policy, found, host.profile.port_numbers, host.profile.rule)
    if isinstance(choice, NoChoice):
        raise _Left(choice.reason)
    for role in found.roles:
        _check_role(role, choice.get(role.role), rules)
    if all(role.pin.port == choice.get(role.role, role.pin.port) for role in found.roles):
        raise _Left("nothing to do: pinned as wanted")
    return _planned(host, reading, found, choice, rules, Evidence(scan=scan, read=read))


def _too_old(record: HostRecord, rules: Rules) -> bool:
    return rules.now - record.outcome.trace.started > rules.max_age


def _reading(record: HostRecord) -> Reading | None:
    return record.outcome.reading if isinstance(record.outcome, Probed) else None


def _facts(host: Host, reading: Reading) -> Facts:
    return facts(reading, profile=host.profile, desired=host.desired, gateways=host.gateways)


def _readable(found: Facts) -> None:
    match found.key:
        case KeyState.UNREADABLE:
            raise _Left("the registry key could not be read")
        case KeyState.ABSENT:
            raise _Left("the registry key is absent: no agent there")
        case KeyState.SPLIT:
            names = ", ".join(found.differing)
            raise _Left(f"the two registry views differ ({names}): mend by hand")
        case KeyState.HELD:
            for role in found.roles:
                if role.pin.port is None:
                    raise _Left(f"the {role.role} value is no port: mend by hand, or run lvhealth")


def _check_role(role: RoleFacts, new: int | None, rules: Rules) -> None:
    """Refuse a role whose pin or new port nobody can vouch for."""
    for port, what in ((role.pin.port, "pin"), (new, "new port")):
        if port is None:
            continue
        belief = role.beliefs.get(port, Belief.UNTRIED)
        if belief is Belief.UNTRIED:
            raise _Left(f"the {role.role} {what} {port} was not tried: scan again")
        if belief is Belief.INTERCEPTED:
            raise _Left(f"the {role.role} {what} {port} is answered by something else than the gateway")
        if port == new and belief is not Belief.OPEN and rules.force_closed is None:
            raise _Left(f"{role.role} {port} is not open: a firewall rule first (or --force-closed REASON)")


def _planned(
    host: Host, reading: Reading, found: Facts, choice: Mapping[str, int], rules: Rules, evidence: Evidence
) -> PlannedHost:
    identity = reading.identity
    if not identity.computer or not identity.machine_id:
        raise _Left("the host did not say which machine it is (computer name, machine id)")
    views = [view for view in reading.views if view.state is ViewState.PRESENT]
    roles = tuple(
        RoleChange(role=role.role, old=role.pin.port, new=choice[role.role])
        for role in found.roles
        if role.role in choice and role.pin.port is not None
    )
    return PlannedHost(
        host=host.name,
        address=host.address,
        port=host.port,
        site=host.site,
        facts=host_digest(host),
        key=_one_key(views),
        computer=identity.computer,
        machine_id=identity.machine_id,
        roles=roles,
        targets=tuple(_targets(host, views, choice)),
        evidence=(evidence,),
        why=_why(found, roles, rules.policy),
        risks=tuple(_risks(host, found, roles, views)),
    )


def _one_key(views: Sequence[View]) -> str:
    keys = {view.path for view in views}
    if len(keys) > 1:
        raise _Left("the two registry views hold the key under different names: mend by hand")
    return keys.pop()


def _targets(host: Host, views: Sequence[View], choice: Mapping[str, int]) -> list[WriteTarget]:
    targets = []
    for view in views:
        for role in host.profile.roles:
            value = find_value(view.values, role.port_value)
            if role.role in choice and value is not None:
                targets.append(
                    WriteTarget(
                        view=view.view,
                        value=value.name,
                        kind=str(value.kind),
                        expected=str(value.data),
                        new=str(choice[role.role]),
                        role=role.role,
                    ),
                )
    return targets


def _why(found: Facts, roles: Sequence[RoleChange], policy: Policy) -> str:
    changes = []
    for change in roles:
        if change.old != change.new:
            role = next(each for each in found.roles if each.role == change.role)
            changes.append(
                f"{change.role} {change.old} is {role.pin_belief}, {change.new} is {role.beliefs[change.new]}"
            )
    return f"{policy}: {'; '.join(changes)}"


def _risks(host: Host, found: Facts, roles: Sequence[RoleChange], views: Sequence[View]) -> list[str]:
    risks = []
    for change in roles:
        role = next(each for each in found.roles if each.role == change.role)
        if change.old != change.new and change.old in role.live:
            risks.append(f"a tunnel is up on {change.role} {change.old}: the agent will reconnect")
        if role.beliefs[change.new] is not Belief.OPEN:
            risks.append(f"{change.role} {change.new} was not open in the evidence: forced")
        if change.new not in host.profile.port_numbers:
            risks.append(f"{change.new} is not in the list of {host.profile.title}")
    if len({change.new for change in roles}) > 1:
        risks.append("the two gateways get different ports")
    if len(views) > 1:
        risks.append("both registry views hold the key: all values change together")
    return risks
