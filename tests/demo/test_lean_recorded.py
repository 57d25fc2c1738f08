"""Recordings of a probe: made once, and never replayed where the host would say something else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.demo.lean import recorded
from orchestrator.demo.lean.call import ScriptCall
from orchestrator.demo.lean.recorded import Recorder
from orchestrator.demo.machine import answer
from orchestrator.demo.wire.soap import WsmanFault
from orchestrator.remote.session import Script
from tests.demo.hosts import ask, make_machine

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def call(deadline: int, mode: str = "full") -> ScriptCall:
    """Ask for every port within so many milliseconds; a silent port takes 3,000, twice where it matters."""
    return ScriptCall(Script.load("probe").sha256, ask(mode, DeadlineMs=deadline), mode)


def said(recorder: Recorder, asked: ScriptCall) -> dict[str, Any]:
    """Play a call and read the document."""
    text = recorder.find(asked).at(NOON)[0].data.decode().removeprefix("<S>").removesuffix("</S>")
    document: dict[str, Any] = json.loads(text.replace("_x005C_", "\\"))
    return document


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often an answer is worked out, by its deadline."""
    made: list[int] = []

    def counting(machine: Any, given: Any, now: datetime) -> str:
        made.append(given["DeadlineMs"])
        return answer.probe(machine, given, now)

    monkeypatch.setattr(recorded, "probe", counting)
    return made


def test_an_answer_is_worked_out_once(probes: list[int]) -> None:
    """Whatever the deadline, as long as the host needs less."""
    recorder = Recorder(make_machine())
    for deadline in (60_000, 59_000, 61_000):
        recorder.find(call(deadline))
    assert probes == [60_000]


def test_a_deadline_that_cuts_the_answer_short_gets_an_answer_of_its_own(probes: list[int]) -> None:
    """And the next one with enough time gets the whole one, as it was recorded."""
    recorder = Recorder(make_machine())
    cut = [said(recorder, call(deadline))["deadline"] for deadline in (60_000, 1_000, 60_000)]
    assert (cut, probes) == ([False, True, False], [60_000, 1_000])


def test_a_replay_is_what_the_host_would_say_now(probes: list[int]) -> None:
    """The clock is the only part that is filled in."""
    machine = make_machine()
    recorder = Recorder(machine)
    recorder.find(call(60_000, "auto"))
    replayed = said(recorder, call(60_000, "auto"))
    assert replayed == json.loads(answer.probe(machine, ask("auto"), NOON))
    assert replayed["identity"]["clock"] == "2026-03-01T12:00:00.0000000Z"
    assert len(probes) == 1


def test_a_call_without_a_deadline_is_refused_after_a_recording_too() -> None:
    """A parameter that is missing is a fault, whatever is recorded."""
    recorder = Recorder(make_machine())
    recorder.find(call(60_000))
    parameters = {name: value for name, value in ask("full").items() if name != "DeadlineMs"}
    with pytest.raises(WsmanFault, match="DeadlineMs"):
        recorder.find(ScriptCall(Script.load("probe").sha256, parameters, "full"))
