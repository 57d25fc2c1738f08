"""The probe under the cultures that break scripts: other case rules, other calendars, other letters."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestrator.remote.contract.probe import decode_probe
from orchestrator.remote.session import Script
from tests import winhosts as kit
from tests.remote.scenarios import KEY, normalise, scenarios

GOLDEN = Path(__file__).parents[1] / "golden" / "values.json"


def test_both_views_read_the_same_in_every_culture(foreign: kit.Winhost, net: str) -> None:
    """Every kind, foreign characters and attempts answer in each culture as in the invariant one,
    in both views.
    """
    scenario = {one.name: one for one in scenarios(net)}["values"]
    for view in (64, 32):
        foreign.arrange(view, KEY, scenario.views[64][KEY] or ())
    with kit.network(opened=scenario.opened):
        answer = foreign.run(Script.load("probe").text, scenario.parameters())
    expected: dict[str, Any] = json.loads(GOLDEN.read_text("ascii"))
    expected["views"][1] = expected["views"][0] | {"view": 32}
    assert answer.noise == ()
    assert normalise(json.loads(answer.text), net) == expected


def test_clock_is_told_in_the_calendar_of_iso_8601(foreign: kit.Winhost) -> None:
    """A host whose own calendar says 2569 tells its clock in UTC as everybody else."""
    scenario = {one.name: one for one in scenarios()}["connections"]
    answer = foreign.run(Script.load("probe").text, scenario.parameters())
    clock = decode_probe(answer.text, scenario.host(), mode="connections").identity.clock
    assert clock is not None
    assert abs(datetime.now(UTC) - clock) < timedelta(minutes=2)
