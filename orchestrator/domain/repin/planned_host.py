"""A host that is re-pinned, as a plan holds it: its values from which data to which, why,
and what could go wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inventory.model import Host
from inventory.windows_names import fold
from orchestrator.domain.facts import differing
from orchestrator.domain.pin import find_value, parse_pin
from orchestrator.domain.primitives.digest import host_facts
from orchestrator.domain.reading import View, ViewState
from orchestrator.domain.repin.conclusion import Machine
from orchestrator.domain.repin.decision import Decision, NotPlannedError
from orchestrator.domain.repin.plan import Evidence, PlannedHost, WriteTarget
from orchestrator.domain.repin.policy import Choice

_BOTH = "both registry views hold the key: all values change together"


def planned_host(
    host: Host, machine: Machine, decision: Decision, evidence: Evidence, verdict: str
) -> PlannedHost:
    """Put a host's part of the plan together.

    Raises NotPlannedError where nobody could be sure what is written.
    """
    views = [view for view in machine.views if view.state is ViewState.PRESENT]
    if decision.choice is None:
        names = ", ".join(differing(views, host.profile))
        raise NotPlannedError(f"the two registry views differ ({names}): mend by hand")
    if not machine.computer or not machine.machine_id:
        raise NotPlannedError("the host did not say which machine it is (computer name, machine id)")
    return PlannedHost(
        host=host.name,
        address=host.address,
        port=host.port,
        site=host.site,
        facts=host_facts(host),
        key=_one_key(views),
        computer=machine.computer,
        machine_id=machine.machine_id,
        roles=decision.changes,
        targets=tuple(_targets(host, views, decision.choice)),
        evidence=(evidence,),
        why=decision.why,
        risks=(*decision.risks, _BOTH) if len(views) > 1 else decision.risks,
        verdict=verdict,
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
