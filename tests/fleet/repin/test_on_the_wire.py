"""Re-pins over real WinRM on simulated hosts, the journal in a real database,
the registries looked at from outside.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.demo.behaviour import Wait
from orchestrator.demo.machine.plot import Drop, Event, Foreign, Kill, Moment, Swap
from orchestrator.demo.scenes.recipes import FALLBACK, KEY, PORT, VALUES
from orchestrator.domain.reading import Kind
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import RunState
from orchestrator.domain.repin.waves import Limits, parse_batch
from orchestrator.store.reader import Reader
from orchestrator.store.writer import Writer
from tests.bench import bench_repin_kill
from tests.fleet.repin.wire import drifted, placed, read_events, repin_wire

pytestmark = pytest.mark.wire

OLD, NEW = (FALLBACK, FALLBACK), (PORT, PORT)


def wait_for(events: Iterator[dict[str, Any]], kind: str) -> None:
    """Read events up to the first of a kind; StopIteration where the process ends without it."""
    while next(events)["event"] != kind:
        pass


def test_a_fleet_is_re_pinned_in_waves(tmp_path: Path, net: str) -> None:
    """Every host is read, written, read again; the journal, the audit and the registries say the same."""
    hosts = [drifted(f"h{n}", clock_skew=(n - 4) * 3000.0) for n in range(8)]
    with placed(hosts, tmp_path, f"{net}.40") as place:
        gone = repin_wire(place, batch=parse_batch("1,25%"), wait_live=10.0)
        assert set(gone.states.values()) == {State.VERIFIED}
        assert {place.pins(name) for name in place.fleet.hosts} == {NEW}
        assert {row.state for row in place.rows().values()} == {State.VERIFIED}
        assert [row.wave for row in place.rows().values()] == [1, 2, 2, 3, 3, 4, 4, 5]
        assert (place.doubles, place.overwrites, place.audit_holds()) == (0, 0, True)
        with Reader.open(place.database) as reader:
            assert reader.run(1).state is RunState.FINISHED


def test_every_trouble_ends_as_what_it_is(tmp_path: Path, net: str) -> None:
    """Lost connections, a host that dies between two values, somebody else's change, another machine."""
    other = drifted("other").machine
    hosts = [
        drifted("lost", Event(at=Moment.READ, act=Drop())),
        drifted("late", Event(at=Moment.ANSWER, act=Drop())),
        drifted("died", Event(at=Moment.WAS_SET, target=0, act=Kill(down=1.0))),
        drifted("never", Event(at=Moment.COMPARE, target=0, act=Kill(down=1.0))),
        drifted(
            "theirs",
            Event(at=Moment.COMPARE, target=0, act=Foreign(64, KEY, VALUES["primary"], Kind.DWORD, 8080)),
        ),
        drifted("swapped", Event(at=Moment.BEGIN, act=Swap(other))),
        drifted("gone"),
        drifted("good"),
    ]
    with placed(hosts, tmp_path, f"{net}.41") as place:
        place.machine("gone").machine_id = "another"
        gone = repin_wire(place, window=3.0)
        assert gone.states == {
            "lost": State.VERIFIED,
            "late": State.VERIFIED,
            "died": State.MIXED,
            "never": State.NOT_WRITTEN,
            "theirs": State.CONFLICT,
            "swapped": State.WRONG_HOST,
            "gone": State.WRONG_HOST,
            "good": State.VERIFIED,
        }
        assert (place.pins("died"), place.pins("never")) == ((PORT, FALLBACK), OLD)
        assert place.pins("theirs") == (8080, FALLBACK)
        assert (place.doubles, place.overwrites) == (0, 0)
        assert gone.summary.exit_code == 3


def test_a_killed_controller_leaves_a_known_state() -> None:
    """Killed (-9) at random points and resumed, again and again: every host is old or new, as the journal
    says.

    It is the benchmark, small.
    """
    seen = bench_repin_kill.lane(2, 16, 7)
    assert seen["kills"] >= 2
    assert {name: seen[name] for name in bench_repin_kill.BAD} == dict.fromkeys(bench_repin_kill.BAD, 0)


def test_two_signals_end_a_run_in_time(tmp_path: Path, net: str) -> None:
    """SIGTERM twice among hosts that hang for an hour: out without their answers, every open row unknown.

    How long it may take, 5 seconds, is counted on a clock of the test's own: `test_stops`.
    """
    hosts = [drifted(f"h{n}", Event(at=Moment.READ, act=Wait(3600.0))) for n in range(4)]
    with placed(hosts, tmp_path, f"{net}.43") as place:
        with place.driver("--jobs=4", "--window=3600") as process:
            events = read_events(process)
            sent = 0
            while sent < 4:
                sent += next(events)["state"] == "sent"
            process.send_signal(signal.SIGTERM)
            wait_for(events, "Stopping")
            process.send_signal(signal.SIGTERM)
            assert process.wait() == 130
        assert {row.state for row in place.rows().values()} == {State.UNKNOWN}


def test_another_controller_cannot_write_beside_us(tmp_path: Path, net: str) -> None:
    """While a run is at work its database is locked; in its pause it is free."""
    hosts = [drifted("h1"), drifted("h2")]
    with (
        placed(hosts, tmp_path, f"{net}.44") as place,
        place.driver("--batch=1", "--pause=2") as process,
    ):
        events = read_events(process)
        wait_for(events, "Pausing")
        # The lock is given back after the words.
        with Writer.open(place.database, command="other", user="me", wait=30.0):
            assert place.pins("h2") == OLD
        assert [event["event"] for event in events][-1] == "end"
        assert process.wait(20) == 0
        assert place.pins("h2") == NEW


def test_a_run_taken_over_in_its_pause_writes_no_more(tmp_path: Path, net: str) -> None:
    """Somebody resumes it meanwhile: the first process stops with words, and no host is written twice."""
    hosts = [drifted("h1"), drifted("h2")]
    with (
        placed(hosts, tmp_path, f"{net}.45") as place,
        place.driver("--batch=1", "--pause=3") as process,
    ):
        events = read_events(process)
        wait_for(events, "Pausing")
        gone = repin_wire(place, run=1)
        assert gone.states == {"h2": State.VERIFIED}
        list(events)
        assert process.wait(20) == 1
        assert (place.doubles, [row.state for row in place.rows().values()]) == (0, [State.VERIFIED] * 2)


@pytest.mark.parametrize("width", [1, 4])
def test_a_limit_holds_on_the_wire(width: int, tmp_path: Path, net: str) -> None:
    """Hosts that are down: the run stops at the second, with no more in flight than its width."""
    hosts = [drifted(f"h{n}", Event(at=Moment.WAS_SET, act=Kill(down=60.0))) for n in range(8)]
    with placed(hosts, tmp_path, f"{net}.{46 + width}") as place:
        gone = repin_wire(place, jobs=width, window=1.0, limits=Limits(max_failed=2), timeout=4.0)
        assert 2 <= len(gone.states) <= 2 + width - 1
        assert gone.summary.gate
        written = [name for name in place.fleet.hosts if place.pins(name) != OLD]
        assert len(written) <= 2 + width - 1
