"""A host that is re-pinned, as a plan holds it: its values from which data to which, why,
and what could go wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inventory.model import Host
from inventory.registry_names import fold
from orchestrator.domain.facts import Facts, RoleFacts
from orchestrator.domain.judgement import Belief
from orchestrator.domain.pin import find_value, parse_pin
from orchestrator.domain.primitives.digest import host_facts
from orchestrator.domain.reading import Reading, View, ViewState
from orchestrator.domain.repin.plan import Evidence, PlannedHost, RoleChange, WriteTarget
from orchestrator.domain.repin.policy import Choice, Policy


class NotPlannedError(Exception):
    """A host is left out of the plan; the message says why."""


def planned_host(
    host: Host, reading: Reading, found: Facts, choice: Choice, policy: Policy, evidence: Evidence
) -> PlannedHost:
    """Put a host's part of the plan together.

    Raises NotPlannedError where nobody could be sure what is written.
    """
    identity = reading.identity
    if not identity.computer or not identity.machine_id:
        raise NotPlannedError("the host did not say which machine it is (computer name, machine id)")
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
        facts=host_facts(host),
        key=_one_key(views),
        computer=identity.computer,
        machine_id=identity.machine_id,
        roles=roles,
        targets=tuple(_targets(host, views, choice)),
        evidence=(evidence,),
        why=_why(found, roles, policy),
        risks=tuple(_risks(host, found, roles, views)),
    )


def _one_key(views: Sequence[View]) -> str:
    keys = {view.path for view in views}
    if len(keys) > 1:
        raise NotPlannedError("the two registry views hold the key under different names: mend by hand")
    return keys.pop()


def _targets(host: Host, views: Sequence[View], choice: Choice) -> Iterator[WriteTarget]:
    """Yield each value once; one whose port stays keeps its data as it is, zeros in front and all."""
    taken: set[tuple[int, str]] = set()
    for view in views:
        for role in host.profile.roles:
            value, place = find_value(view.values, role.port_value), (view.view, fold(role.port_value))
            if role.role not in choice or value is None or place in taken:
                continue
            taken.add(place)
            expected, new = str(value.data), choice[role.role]
            yield WriteTarget(
                view=view.view,
                value=value.name,
                kind=str(value.kind),
                expected=expected,
                new=expected if parse_pin(value).port == new else str(new),
                role=role.role,
            )


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
    risks = [risk for role in found.roles for risk in _risks_of_role(role, roles, host)]
    if len({change.new for change in roles}) > 1:
        risks.append("the two gateways get different ports")
    if len(views) > 1:
        risks.append("both registry views hold the key: all values change together")
    return risks


def moved_back(host: Host, change: RoleChange) -> str | None:
    """Say that the inventory wants another pin than a change gives; None where it does not."""
    wanted = host.desired.get(change.role)
    if wanted is None or wanted == change.new:
        return None
    return (
        f"the inventory wants {change.role} {wanted}: the next plan by desired moves it back: change `pin:`"
    )


def _risks_of_role(role: RoleFacts, roles: Sequence[RoleChange], host: Host) -> Iterator[str]:
    change = next((each for each in roles if each.role == role.role and each.old != each.new), None)
    if change is None:
        if role.pin_belief is not Belief.OPEN:
            yield f"{role.role} {role.pin.port} is {role.pin_belief}, and stays as it is"
        return
    if (moved := moved_back(host, change)) is not None:
        yield moved
    if change.old in role.live:
        yield f"a tunnel is up on {change.role} {change.old}: the agent will reconnect"
    if role.beliefs[change.new] is not Belief.OPEN:
        yield f"{change.role} {change.new} was not open in the evidence: forced"
    if change.new not in host.profile.port_numbers:
        yield f"{change.new} is not in the list of {host.profile.title}"
