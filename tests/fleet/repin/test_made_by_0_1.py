"""A run that fleetcheck 0.1 began (`tests/domain/repin/made_by_0_1`) is gone on with:
its plan counts by its own rule.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from inventory.load import load
from orchestrator.demo.machine.model import Agent, Machine, Network
from orchestrator.domain.reading import Kind, Result
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import Operation
from orchestrator.domain.repin.plan import Plan, PlannedHost
from orchestrator.domain.repin.planfile import loads
from orchestrator.fleet.repin.checks import PlanRefused
from orchestrator.remote.apply import repin_script
from tests.fleet.repin.world import VALUES, MemoryJournal, Repinned, SimHost, record_of, repin

DATA = Path(__file__).parents[2] / "domain" / "repin" / "made_by_0_1"
PLAN = loads((DATA / "killed.json").read_bytes(), "killed.json")
FLEET = load(DATA / "fleet.yaml")


@pytest.fixture(autouse=True)
def _its_write_script(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this be the fleetcheck whose write script the plan names, whatever has become of that since."""
    script = SimpleNamespace(sha256=PLAN.script)
    assert repin_script().sha256
    monkeypatch.setattr("orchestrator.fleet.repin.protocol.repin_script", lambda: script)


def sim(planned: PlannedHost) -> SimHost:
    """Make the machine of a planned host, pinned as it was, every port open."""
    machine = Machine(
        computer=planned.computer,
        machine_id=planned.machine_id,
        network=Network(ports=dict.fromkeys((443, 2147), Result.CONNECTED), otherwise=Result.REFUSED),
        agent=Agent(
            key=planned.key, values=VALUES, gateways=FLEET.hosts[planned.host].gateways, reconnects=0.0
        ),
    )
    for target in planned.targets:
        key = machine.registry.create(target.view, planned.key)
        key.set(target.value, Kind(target.kind), int(target.expected))
    return SimHost(machine)


def pins(host: SimHost, planned: PlannedHost) -> set[str]:
    """Return the data of the planned values."""
    found = set()
    for target in planned.targets:
        key = host.machine.registry.key(target.view, planned.key)
        entry = None if key is None else key.get(target.value)
        found.add("missing" if entry is None else str(entry.data))
    return found


def resumed(sims: dict[str, SimHost], **fleet: object) -> Repinned:
    """Resume the run that was killed while the second host was written."""
    journal = MemoryJournal()
    journal.runs[1] = (replace(record_of(PLAN), id=1), PLAN)
    when = datetime(2026, 1, 1, tzinfo=UTC)
    for number, (host, state) in enumerate(zip(PLAN.hosts, (State.VERIFIED, State.SENT), strict=False), 1):
        journal.rows[number] = Operation(
            id=number, run=1, plan=PLAN.id, host=host.host, state=state, changed=when, wave=number
        )
    return repin(sims, plan=PLAN, fleet={**FLEET.hosts, **fleet}, journal=journal, run=1)  # type: ignore[dict-item]


def test_a_run_of_0_1_is_gone_on_with() -> None:
    """The host under way is read and begun anew, those never begun are written."""
    sims = {host.host: sim(host) for host in PLAN.hosts}
    done = resumed(sims)
    _, under_way, *rest = PLAN.hosts
    assert done.states() == {host.host: State.VERIFIED for host in (under_way, *rest)}
    assert {host.host: pins(sims[host.host], host) for host in (under_way, *rest)} == {
        host.host: {"2147"} for host in (under_way, *rest)
    }


def test_its_hosts_count_as_changed_by_its_own_digest() -> None:
    """What 0.1 hashed (the credential among it) still holds a resumed run back."""
    sims = {host.host: sim(host) for host in PLAN.hosts}
    last = PLAN.hosts[-1]
    other = replace(FLEET.hosts[last.host], credential="other")
    done = resumed(sims, **{last.host: other})
    assert pins(sims[last.host], last) == {"443"}
    assert any(f"{last.host}: the inventory has changed for it" in remark for remark in done.summary.remarks)


def test_no_run_of_it_begins() -> None:
    """`apply` refuses it before anything is sent."""
    sims = {host.host: sim(host) for host in PLAN.hosts}
    plan: Plan = replace(PLAN)
    with pytest.raises(PlanRefused, match=r"made by 0\.1: plan again"):
        repin(sims, plan=plan, fleet=dict(FLEET.hosts))
    assert {host.probed for host in sims.values()} == {0}
