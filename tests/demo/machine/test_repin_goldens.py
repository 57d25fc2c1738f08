"""The simulated host writes, answers and leaves its registry as the real engine did,
in every recorded situation.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.demo.machine.at_once import act_out
from orchestrator.demo.machine.model import KeyState, Machine
from orchestrator.domain.reading import Kind
from orchestrator.remote.contract.repin import decode_repin, repin_parameters
from tests.remote.repins import OPERATION, Repin, as_seen, normalise, repins
from tests.remote.scenarios import KEY

GOLDEN = Path(__file__).parents[2] / "remote" / "golden" / "repin"
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def arranged(scene: Repin) -> Machine:
    """Bring a model into the situation, as the test on the real engine brings a real host."""
    machine = Machine(computer="WEB1", machine_id="3a1f2f56-0d2f-4f4c-9f43-6b1c7c3b7a11")
    for view, values in scene.views.items():
        key = machine.registry.create(view, KEY)
        for name, kind, data in values:
            key.set(name, Kind(kind), data)
    if scene.denied == "read":
        machine.registry.create(64, KEY, KeyState.DENIED)
    if scene.denied == "write":
        machine.registry.create(64, KEY).locked = "System.Security.SecurityException 0x8013150a"
    if scene.busy:
        machine.mutex.holder = "another writer"
    return machine


def registry(machine: Machine, view: int) -> list[list[Any]] | None:
    """Look at a key's values as a golden file has them."""
    key = machine.registry.key(view, KEY)
    values = None if key is None else [(e.name, str(e.kind), e.data) for e in key.values.values()]
    return as_seen(values)


@pytest.mark.parametrize("scene", [pytest.param(scene, id=scene.name) for scene in repins()])
def test_simulated_host_ends_as_the_real_engine_did(scene: Repin) -> None:
    """Same registry, same rights, same plan: the same answer, and the same values afterwards."""
    machine = arranged(scene)
    change = scene.change(machine.computer, machine.machine_id)
    deadline = NOW + timedelta(seconds=2) if scene.busy else scene.deadline
    text = act_out(machine, repin_parameters(change, operation=OPERATION, deadline=deadline), NOW)
    decode_repin(text, change, operation=OPERATION)
    found = {
        "answer": normalise(json.loads(text)),
        "registry": {str(view): registry(machine, view) for view in scene.looked_at},
    }
    assert found == json.loads((GOLDEN / f"{scene.name}.json").read_text("ascii"))
