"""The simulated host answers as the real engine did, in every situation that was recorded there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.demo.machine.answer import probe
from orchestrator.demo.machine.model import KeyState, Machine, Network, Row
from orchestrator.domain.reading import Kind, Result
from tests.remote.scenarios import Scenario, normalise, scenarios

GOLDEN = Path(__file__).parents[2] / "remote" / "golden"
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def arranged(scenario: Scenario) -> Machine:
    """Bring a model into the scenario's state, as tests of the probe bring a real host."""
    machine = Machine(computer="WEB1", machine_id="guid", network=Network(otherwise=Result.REFUSED))
    for view, keys in scenario.views.items():
        for path, values in keys.items():
            key = machine.registry.create(view, path, KeyState.DENIED if values is None else KeyState.PRESENT)
            for name, kind, data in values or ():
                key.set(name, Kind(kind), data)
    for place in scenario.opened:
        machine.network.exact[place] = Result.CONNECTED
    for place in scenario.silent:
        machine.network.exact[place] = Result.TIMED_OUT
    machine.connections = [Row(address, port) for address, port in scenario.live]
    return machine


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.name)
def test_simulated_host_answers_as_the_real_engine_did(scenario: Scenario) -> None:
    """Same registry, same network, same question: the same reading."""
    text = probe(arranged(scenario), scenario.parameters(), NOW)
    assert normalise(json.loads(text)) == json.loads((GOLDEN / f"{scenario.name}.json").read_text("ascii"))
