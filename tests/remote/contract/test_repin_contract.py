"""What goes to the write script, and which of its answers are believed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.domain.repin.journal import MOVES, State
from orchestrator.domain.repin.plan import PlannedHost
from orchestrator.remote.contract.repin import LIMIT, decode_repin, host_time, repin_parameters
from orchestrator.remote.contract.repin_answer import RepinResult
from orchestrator.remote.faults.fault import Fault
from tests.remote.repins import AHEAD, OPERATION, both, planned

GOLDEN = Path(__file__).parents[1] / "golden" / "repin"
COMPUTER, MACHINE = "WEB1", "9f4b9d9e-1111-4222-8333-123456789abc"
OLD, NEW = {"k": "DWORD", "d": "2147"}, {"k": "DWORD", "d": "443"}


def change() -> PlannedHost:
    """Plan two values of one host."""
    return planned(both(), computer=COMPUTER, machine_id=MACHINE)


def row(before: object = OLD, after: object = NEW, *, wrote: bool = True) -> dict[str, Any]:
    """Answer for one value."""
    return {"before": before, "after": after, "wrote": wrote}


def document(**changes: object) -> dict[str, Any]:
    """Answer that both values were written, but for what a test wants different."""
    made: dict[str, Any] = {
        "v": 1,
        "script": "repin",
        "language": "FullLanguage",
        "operation": OPERATION,
        "result": "written",
        "error": None,
        "abandoned": False,
        "clock": "2026-11-22T23:09:02.2095074Z",
        "computer": COMPUTER,
        "machine_id": MACHINE,
        "window_us": 120,
        "targets": [row(), row()],
    }
    return made | changes


def fault(text: str) -> Fault:
    """Return the fault that an answer is."""
    with pytest.raises(Fault) as caught:
        decode_repin(text, change(), operation=OPERATION)
    return caught.value


def test_parameters_carry_the_plan_as_data() -> None:
    """Every planned value goes to the host as it stands in the plan,
    the deadline by the host's clock in UTC.
    """
    deadline = datetime(2026, 1, 2, 4, 5, 6, 789, timezone(timedelta(hours=1)))
    assert repin_parameters(change(), operation="7", deadline=deadline) == {
        "Operation": "7",
        "Key": change().key,
        "Views": [64, 64],
        "Names": ["PrimaryTunnelPort", "BackupTunnelPort"],
        "Kinds": ["DWORD", "DWORD"],
        "Expected": ["2147", "2147"],
        "New": ["443", "443"],
        "Computer": COMPUTER,
        "MachineId": MACHINE,
        "Deadline": "2026-01-02T03:05:06.0007890Z",
    }


@pytest.mark.parametrize(
    "broken",
    [
        planned((), computer=COMPUTER, machine_id=MACHINE),
        planned(both(), computer="", machine_id=MACHINE),
        planned(both(), computer=COMPUTER, machine_id=""),
    ],
    ids=["no value", "no name", "no id"],
)
def test_plan_without_machine_or_values_is_not_sent(broken: PlannedHost) -> None:
    """A planned host that names no machine, or nothing to write, never becomes parameters."""
    with pytest.raises(ValueError, match="no machine, no value, or no whole key"):
        repin_parameters(broken, operation="7", deadline=AHEAD)


def test_deadline_needs_its_zone() -> None:
    """A deadline that does not say by which clock it counts is refused."""
    with pytest.raises(ValueError, match="zone"):
        host_time(datetime(2026, 1, 1))  # noqa: DTZ001  # that is what is refused


def test_answer_becomes_a_value() -> None:
    """A good answer says what was there, what is there now, and whether we set it."""
    answer = decode_repin(json.dumps(document()), change(), operation=OPERATION)
    assert (answer.result, answer.state, answer.window_us) == (RepinResult.WRITTEN, State.CONFIRMED, 120)
    assert answer.clock == datetime(2026, 11, 22, 23, 9, 2, 209507, UTC)
    assert answer.before == '[{"d":"2147","k":"DWORD"},{"d":"2147","k":"DWORD"}]'
    assert answer.after == '[{"d":"443","k":"DWORD"},{"d":"443","k":"DWORD"}]'


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_every_end_moves_the_journal_on(path: Path) -> None:
    """Whatever the real engine answered is a state that a row may go to once it was sent."""
    result = RepinResult(json.loads(path.read_text("ascii"))["answer"]["result"])
    states = {
        RepinResult.WRITTEN: State.CONFIRMED,
        RepinResult.ALREADY: State.ALREADY,
        RepinResult.CONFLICT: State.CONFLICT,
        RepinResult.WRONG_HOST: State.WRONG_HOST,
        RepinResult.EXPIRED: State.EXPIRED,
        RepinResult.DENIED: State.DENIED,
        RepinResult.BUSY: State.BUSY,
    }
    assert states[result] in MOVES[State.SENT]


def test_unforeseen_error_is_resolved_by_reading() -> None:
    """A script that failed before it wrote leaves the row unknown, so that a reading decides."""
    failed = document(result="failed", error="System.IO.IOException 0x80070057", window_us=None)
    failed["targets"] = [row(None, None, wrote=False)] * 2
    assert decode_repin(json.dumps(failed), change(), operation=OPERATION).state is State.UNKNOWN


CONTRADICTIONS: dict[str, dict[str, Any]] = {
    "another operation": document(operation="4712"),
    "too few values": document(targets=[row()]),
    "too many values": document(targets=[row()] * 3),
    "another machine": document(machine_id="other"),
    "another name": document(computer="WEB2"),
    "no machine": document(machine_id=None),
    "wrong host, and it is the right one": document(
        result="wrong-host", targets=[row(None, None, wrote=False)] * 2
    ),
    "written, and the old values": document(targets=[row(after=OLD)] * 2),
    "written, and half": document(targets=[row(), row(after=OLD)]),
    "written over something else": document(targets=[row({"k": "DWORD", "d": "80"})] * 2),
    "written by nobody": document(targets=[row(wrote=False)] * 2),
    "written in another kind": document(targets=[row(after={"k": "SZ", "d": "443"})] * 2),
    "already, and the old values": document(result="already", targets=[row(OLD, None, wrote=False)] * 2),
    "already, and it wrote": document(result="already"),
    "conflict, and it wrote": document(result="conflict"),
    "denied, and it wrote": document(result="denied"),
    "restored, and new": document(result="restored"),
    "restored by nobody": document(result="restored", targets=[row(after=OLD, wrote=False)] * 2),
    "mixed, and new": document(result="mixed"),
    "a number that is none": document(targets=[row({"k": "DWORD", "d": "0x10"})] * 2),
    "a number too large": document(targets=[row({"k": "DWORD", "d": "4294967296"})] * 2),
    "a list for a number": document(targets=[row({"k": "DWORD", "d": ["443"]})] * 2),
    "a clock without zone": document(clock="2026-11-22T23:09:02"),
    "an unknown result": document(result="done"),
    "an unknown key": document(more=1),
    "a number for a flag": document(abandoned=1),
    "a window in words": document(window_us="120"),
    "the probe's document": document(script="probe"),
    "another version": document(v=2),
    "failed as a whole": {"v": 1, "script": "repin", "language": "FullLanguage", "error": "X 0x80131501"},
}


@pytest.mark.parametrize("broken", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_answer_that_contradicts_itself_or_the_plan_is_not_believed(broken: dict[str, Any]) -> None:
    """An answer that is not what was asked for, or whose values say something else than its result,
    is garbled.
    """
    found = fault(json.dumps(broken))
    assert (found.phase, found.cause) == (Phase.DECODE, Cause.GARBLED)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", '{"v":1', "\u00e9", "x" * (LIMIT + 1), '{"v":1,"v":1}', '{"v":NaN}', "[" * 50_000],
    ids=["nothing", "list", "null", "cut", "no ASCII", "too long", "twice", "NaN", "deep"],
)
def test_answer_that_is_no_document_is_garbled(text: str) -> None:
    """Whatever else comes back is garbled, and the advice says that a reading has to tell what was
    written.
    """
    found = fault(text)
    assert found.cause is Cause.GARBLED
    assert "repin resume" in found.advice


def test_constrained_host_is_told_apart() -> None:
    """A host that does not let the script work says so, and nothing was written there."""
    found = fault('{"v":1,"script":"repin","language":"ConstrainedLanguage"}')
    assert (found.phase, found.cause) == (Phase.RUN, Cause.CONSTRAINED_LANGUAGE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(key=st.sampled_from(sorted(document())), value=JSON)
def test_no_value_in_any_place_breaks_the_decoder(key: str, value: object) -> None:
    """Whatever a host puts in the place of one part of its answer, a value or a fault comes out."""
    _decode_or_fault(json.dumps(document(**{key: value})))


@given(text=st.text())
def test_no_text_breaks_the_decoder(text: str) -> None:
    """Whatever a host writes, a value or a fault comes out."""
    _decode_or_fault(text)


@given(place=st.integers(min_value=0, max_value=len(json.dumps(document())) - 1), bit=st.integers(0, 6))
def test_no_flipped_bit_turns_an_answer_into_another_result(place: int, bit: int) -> None:
    """An answer with one bit flipped is refused, or still says that all was written."""
    text = bytearray(json.dumps(document()).encode("ascii"))
    text[place] ^= 1 << bit
    answer = _decode_or_fault(text.decode("ascii"))
    assert answer in (None, RepinResult.WRITTEN)


def _decode_or_fault(text: str) -> RepinResult | None:
    try:
        return decode_repin(text, change(), operation=OPERATION).result
    except Fault:
        return None
