"""What a simulated host does when something happens in the middle of a write: what it answers,
and what it holds then.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.demo.behaviour import Wait
from orchestrator.demo.machine.at_once import act_out
from orchestrator.demo.machine.model import KeyState, Machine
from orchestrator.demo.machine.parameters import BadParameters
from orchestrator.demo.machine.plot import (
    ACCESS_DENIED,
    Event,
    EventAct,
    Foreign,
    Hold,
    Jump,
    Kill,
    Killed,
    Moment,
    Raise,
    Swap,
)
from orchestrator.demo.scenes.scenario import KEY, VALUES
from orchestrator.domain.reading import Kind
from orchestrator.remote.contract.repin import decode_repin
from tests.demo.hosts import make_machine, plan_both, write_parameters

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
DEADLINE = NOW + timedelta(seconds=30)
PRIMARY, BACKUP = VALUES.values()


def theirs(name: str = PRIMARY, port: int = 8080, view: int = 64) -> Foreign:
    """Let somebody else set a pin."""
    return Foreign(view, KEY, name, Kind.DWORD, port)


def held(machine: Machine, view: int = 64) -> list[object]:
    """Return the pins as they stand; [] where the key is gone."""
    key = machine.registry.key(view, KEY)
    entries = [] if key is None else [key.get(name) for name in VALUES.values()]
    return [None if entry is None else entry.data for entry in entries]


def write(machine: Machine, *events: Event, deadline: datetime = DEADLINE) -> dict[str, Any]:
    """Run the write script; the document, once the controller's own reader has taken it."""
    change = plan_both(machine)
    text = act_out(machine, write_parameters(change, deadline), NOW, events)
    decode_repin(text, change, operation="1")
    document = json.loads(text)
    assert isinstance(document, dict)
    return document


def event(at: Moment, act: EventAct, target: int | None = None, **more: int) -> Event:
    """Make an event."""
    return Event(at=at, act=act, target=target, **more)


@pytest.mark.parametrize(
    ("at", "target", "result", "after"),
    [
        (Moment.BEGIN, None, "conflict", [8080, 2147]),
        (Moment.READ, 0, "conflict", [8080, 2147]),
        (Moment.OPEN, None, "conflict", [8080, 2147]),
        (Moment.COMPARE, 0, "conflict", [8080, 2147]),
        (Moment.COMPARE, 1, "mixed", [8080, 2147]),
        (Moment.WAS_SET, 1, "mixed", [8080, 2147]),
        (Moment.READ_BACK, 0, "mixed", [8080, 2147]),
        (Moment.ANSWER, None, "written", [8080, 443]),
    ],
)
def test_somebody_elses_change_is_never_lost(
    at: Moment, target: int | None, result: str, after: list[int]
) -> None:
    """Whenever another one sets the first value, its data stands at the end,
    and ours goes back where it can.
    """
    machine = make_machine()
    assert write(machine, event(at, theirs(), target))["result"] == result
    assert (held(machine), machine.log.overwrites) == (after, 0)


def test_a_change_inside_the_window_is_lost_and_counted() -> None:
    """The registry has no compare-and-swap: between the last compare and the set nothing can be seen."""
    machine = make_machine()
    assert write(machine, event(Moment.SET, theirs(), 0))["result"] == "written"
    assert (held(machine), machine.log.overwrites) == ([443, 443], 1)


def test_a_thousand_changes_at_random_moments_are_none_of_them_lost() -> None:
    """Anybody's change between the plan and the script's last compare survives: 0 overwrites."""
    chance = random.Random(4)  # noqa: S311  # where to meddle, no secret
    moments = [(Moment.BEGIN, None), (Moment.OPEN, None)]
    moments += [(at, target) for at in (Moment.READ, Moment.COMPARE) for target in (0, 1)]
    lost, results = 0, Counter[str]()
    for number in range(1000):
        machine, name, port = make_machine(), chance.choice((PRIMARY, BACKUP)), 1024 + number
        at, target = chance.choice(moments)
        result = write(machine, event(at, theirs(name, port), target))["result"]
        standing = dict(zip(VALUES.values(), held(machine), strict=True))
        lost += machine.log.overwrites + (standing[name] != port)
        results[result] += 1
    assert (lost, set(results)) == (0, {"conflict", "mixed"})


@pytest.mark.parametrize(
    ("at", "target", "after"),
    [
        (Moment.BEGIN, None, [2147, 2147]),
        (Moment.OPEN, None, [2147, 2147]),
        (Moment.COMPARE, 0, [2147, 2147]),
        (Moment.SET, 0, [2147, 2147]),
        (Moment.WAS_SET, 0, [443, 2147]),
        (Moment.SET, 1, [443, 2147]),
        (Moment.WAS_SET, 1, [443, 443]),
        (Moment.READ_BACK, 0, [443, 443]),
        (Moment.ANSWER, None, [443, 443]),
    ],
)
def test_a_host_that_dies_keeps_what_was_set_by_then(
    at: Moment, target: int | None, after: list[int]
) -> None:
    """No further step is taken, nothing is put back, and the mutex is nobody's."""
    machine = make_machine()
    with pytest.raises(Killed):
        write(machine, event(at, Kill(), target))
    assert (held(machine), machine.mutex.holder) == (after, None)


def test_a_set_that_fails_half_way_is_put_back() -> None:
    """The first value is old again, the answer says so and names the error."""
    machine = make_machine()
    document = write(machine, event(Moment.SET, Raise(ACCESS_DENIED), 1))
    assert (document["result"], document["error"]) == ("restored", ACCESS_DENIED)
    assert [row["wrote"] for row in document["targets"]] == [True, False]
    assert held(machine) == [2147, 2147]
    assert [(one.name, one.data, one.back) for one in machine.log.writes] == [
        (PRIMARY, 443, False),
        (PRIMARY, 2147, True),
    ]


def test_what_cannot_be_put_back_is_told_as_mixed() -> None:
    """One value is new and stays so; nobody calls that restored."""
    machine = make_machine()
    failing = (
        event(Moment.SET, Raise(ACCESS_DENIED), 1),
        event(Moment.PUT_BACK, Raise("System.IO.IOException 0x00000005"), 0),
    )
    document = write(machine, *failing)
    assert (document["result"], held(machine)) == ("mixed", [443, 2147])


@pytest.mark.parametrize(
    ("error", "result"), [(ACCESS_DENIED, "denied"), ("System.IO.IOException 0x000003fa", "failed")]
)
def test_a_first_set_that_fails_leaves_everything_as_it_was(error: str, result: str) -> None:
    """Nothing was written, and the error says whether it was a matter of rights."""
    machine = make_machine()
    document = write(machine, event(Moment.SET, Raise(error), 0))
    assert (document["result"], document["error"], held(machine)) == (result, error, [2147, 2147])
    assert machine.log.writes == []


@pytest.mark.parametrize(
    ("at", "act", "result"),
    [
        (Moment.OPEN, Foreign(64, KEY, None), "conflict"),
        (Moment.COMPARE, Foreign(64, KEY, None), "conflict"),
        (Moment.COMPARE, Foreign(64, KEY, PRIMARY), "conflict"),
    ],
)
def test_what_somebody_deleted_is_not_created(at: Moment, act: Foreign, result: str) -> None:
    """A value or a key that is gone stays gone."""
    machine = make_machine()
    assert write(machine, event(at, act))["result"] == result
    assert held(machine)[:1] in ([], [None])
    assert machine.log.writes == []


def test_a_mutex_that_is_not_given_back_is_waited_for_until_the_deadline() -> None:
    """By the host's own clock: two seconds in slices of 200 ms, then busy."""
    machine = make_machine()
    machine.mutex.holder = "another writer"
    document = write(machine, deadline=NOW + timedelta(seconds=2))
    assert (document["result"], document["clock"]) == ("busy", "2026-05-04T12:00:02.0000000Z")
    assert machine.mutex.holder == "another writer"


def test_a_mutex_that_is_given_back_in_time_is_taken() -> None:
    """The write goes on, and its own mutex is free again afterwards."""
    machine = make_machine()
    machine.mutex.holder = "another writer"
    document = write(machine, event(Moment.WAIT, Hold(None), skip=3))
    assert (document["result"], document["abandoned"], machine.mutex.holder) == ("written", False, None)


def test_an_abandoned_mutex_is_taken_and_told() -> None:
    """Its last holder died with it; that is said once."""
    machine = make_machine()
    machine.mutex.abandoned = True
    assert write(machine)["abandoned"] is True
    assert machine.mutex.abandoned is False


def test_a_mutex_that_may_not_be_opened_is_busy() -> None:
    """Another account made it; the error is named."""
    machine = make_machine()
    machine.mutex.refused = ACCESS_DENIED
    document = write(machine)
    assert (document["result"], document["error"], held(machine)) == ("busy", ACCESS_DENIED, [2147, 2147])


@pytest.mark.parametrize("at", [Moment.BEGIN, Moment.READ, Moment.OPEN])
def test_a_deadline_that_passes_before_the_first_write_keeps_it_from_happening(at: Moment) -> None:
    """Whether the clock jumps or the host is slow."""
    for act in (Jump(31), Wait(31)):
        machine = make_machine()
        if at is Moment.BEGIN and isinstance(act, Wait):
            continue  # what passes before the script begins is the network's
        document = write(machine, event(at, act))
        assert (document["result"], held(machine)) == ("expired", [2147, 2147])


def test_a_skewed_clock_is_the_host_s_own_matter() -> None:
    """A deadline by the host's clock holds, whatever ours says."""
    machine = make_machine()
    machine.clock_skew = -86_400.0
    assert write(machine, deadline=NOW - timedelta(days=1) + timedelta(seconds=30))["result"] == "written"
    machine.clock_skew = 86_400.0
    assert write(machine)["result"] == "expired"


def test_another_machine_behind_the_address_is_not_written() -> None:
    """It has the same pins and another machine id."""
    planned, other = make_machine(), make_machine()
    other.machine_id = "00000000-0000-4000-8000-000000000002"
    assert write(planned, event(Moment.BEGIN, Swap(other)))["result"] == "wrong-host"
    assert (planned.log.writes, other.log.writes) == ([], [])


def test_a_key_that_may_be_read_and_not_written_is_denied() -> None:
    """What it holds is told, and stays."""
    machine = make_machine()
    machine.registry.create(64, KEY).locked = "System.Security.SecurityException 0x8013150a"
    document = write(machine)
    assert (document["result"], held(machine)) == ("denied", [2147, 2147])
    assert document["targets"][0]["before"] == {"k": "DWORD", "d": "2147"}


def test_writing_twice_is_seen_in_the_log() -> None:
    """One operation that sets a value again, and one that sets what is there already, are doubles;
    an undo is none.
    """
    machine = make_machine()
    change = plan_both(machine)
    back = plan_both(machine, old=443, new=2147)
    for number, each in enumerate((change, back, change)):
        act_out(machine, write_parameters(each, DEADLINE, str(number)), NOW)
    assert (len(machine.log.ours), machine.log.doubles, machine.log.count(PRIMARY)) == (6, 0, 3)
    machine.registry.create(64, KEY).set(PRIMARY, Kind.DWORD, 2147)
    act_out(machine, write_parameters(change, DEADLINE, "2"), NOW)
    machine.registry.create(64, KEY).set(BACKUP, Kind.DWORD, 2147)
    machine.registry.create(64, KEY).set(PRIMARY, Kind.DWORD, 2147)
    act_out(machine, write_parameters(change, DEADLINE, "2"), NOW)
    assert machine.log.doubles == 2


def test_a_constrained_host_says_so_and_writes_nothing() -> None:
    """As the probe."""
    machine = make_machine()
    machine.language = "ConstrainedLanguage"
    text = act_out(machine, write_parameters(plan_both(machine), DEADLINE), NOW)
    assert text == '{"v":1,"script":"repin","language":"ConstrainedLanguage"}'


def test_a_32_bit_host_is_written_in_its_one_view() -> None:
    """Whichever view the plan names, there is only that one."""
    machine = make_machine()
    machine.bits = 32
    machine.registry.delete(64, KEY)
    for name in VALUES.values():
        machine.registry.create(32, KEY).set(name, Kind.DWORD, 2147)
    change = plan_both(machine, views=(32,))
    assert '"written"' in act_out(machine, write_parameters(change, DEADLINE), NOW)
    assert held(machine, 32) == [443, 443]


@pytest.mark.parametrize(
    "change", [{"Views": ["64"]}, {"Names": [1, 2]}, {"Key": 5}, {"Deadline": ["a", "b"]}]
)
def test_parameters_that_powershell_would_not_bind_are_not_taken(change: dict[str, Any]) -> None:
    """The pipeline ends before the script begins."""
    machine = make_machine()
    given = write_parameters(plan_both(machine), DEADLINE) | change
    with pytest.raises(BadParameters):
        act_out(machine, given, NOW)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"New": ["443"]}, "System.Management.Automation.RuntimeException 0x80131501"),
        ({"Kinds": ["BINARY", "DWORD"]}, "System.Management.Automation.RuntimeException 0x80131501"),
        ({"New": ["443", "4_43"]}, "System.FormatException 0x80131537"),
        ({"New": ["443", "4294967296"]}, "System.OverflowException 0x80131516"),
        ({"Deadline": "tomorrow"}, "System.FormatException 0x80131537"),
    ],
)
def test_parameters_that_make_no_sense_write_nothing(change: dict[str, Any], error: str) -> None:
    """The script names the error, as .NET calls it."""
    machine = make_machine()
    given = write_parameters(plan_both(machine), DEADLINE) | change
    assert json.loads(act_out(machine, given, NOW))["error"] == error
    assert machine.log.writes == []


_acts: st.SearchStrategy[EventAct] = st.one_of(
    st.builds(theirs, st.sampled_from((PRIMARY, BACKUP)), st.sampled_from((443, 2147, 8080))),
    st.sampled_from((Foreign(64, KEY, PRIMARY), Foreign(64, KEY, BACKUP), Foreign(64, KEY, None))),
    st.builds(Jump, st.sampled_from((-60.0, 60.0))),
    st.builds(Raise, st.sampled_from((ACCESS_DENIED, "System.IO.IOException 0x00000005"))),
    st.builds(Hold, st.sampled_from((None, "another")), st.booleans()),
)
_before_a_set = st.sampled_from(sorted(set(Moment) - {Moment.SET, Moment.PUT_BACK, Moment.READ_BACK}))
_events = st.builds(event, _before_a_set, _acts, st.sampled_from((None, 0, 1)))


@settings(max_examples=300, deadline=None)
@given(events=st.lists(_events, max_size=4), state=st.sampled_from(sorted(KeyState)), taken=st.booleans())
def test_whatever_happens_the_answer_is_true_and_nobody_s_change_is_lost(
    events: list[Event], state: KeyState, taken: bool
) -> None:
    """The controller takes every answer; what it says of the values is what the host held;
    nothing foreign is lost.
    """
    machine = make_machine()
    machine.registry.create(64, KEY, state)
    machine.mutex.holder = "another" if taken else None
    before_answer = [one for one in events if one.at not in (Moment.ANSWER, Moment.ANSWERED)]
    document = write(machine, *before_answer)
    assert machine.log.overwrites == 0
    assert machine.log.doubles == 0
    ends = {"written": [443, 443], "restored": [2147, 2147]}
    if document["result"] in ends:
        assert held(machine) == ends[document["result"]]
    if document["result"] not in ("written", "restored", "mixed"):
        assert machine.log.ours == []
