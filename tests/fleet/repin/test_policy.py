"""One host's way through the policy: what is written, what is not, and what the journal says of it."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.demo.machine.model import Network
from orchestrator.demo.machine.plot import ACCESS_DENIED, Event, EventAct, Foreign, Hold, Moment, Raise
from orchestrator.domain.reading import Kind, Result
from orchestrator.domain.repin.journal import State
from orchestrator.remote.faults.fault import Fault
from tests.domain.repin.builders import GATEWAYS, KEY, profile
from tests.fleet.repin.world import (
    BUSY_SHELLS,
    DOWN,
    LOST,
    NEW,
    OLD,
    REJECTED,
    VALUES,
    MemoryJournal,
    inventory_host,
    plan_of,
    planned,
    repin,
    sim_host,
)


def test_a_host_is_written_and_read_again() -> None:
    """The row goes intent, sent, confirmed, verified; the host holds the new port for both roles."""
    sim = sim_host("h1")
    done = repin({"h1": sim})
    assert done.states() == {"h1": State.VERIFIED}
    assert [state for _, state in done.journal.told] == ["intent", "sent", "confirmed", "verified"]
    assert sim.pins() == (NEW, NEW)
    assert (sim.probed, sim.written) == (2, 1)


def test_nothing_leaves_before_its_intent_is_committed() -> None:
    """When the script leaves, the row says sent, and names the host's own deadline."""
    sim = sim_host("h1")
    sim.machine.clock_skew = -7200
    done = repin({"h1": sim}, window=60)
    assert done.world.sent == [("1", State.SENT)]
    row = done.journal.rows[1]
    assert row.deadline is not None
    lag = row.deadline - (row.changed - timedelta(hours=2))
    assert timedelta(seconds=50) < lag < timedelta(seconds=60)


def test_the_journal_keeps_what_was_there_and_what_is() -> None:
    """Before and after are in the row, kinds and all."""
    done = repin({"h1": sim_host("h1")})
    row = done.journal.rows[1]
    assert row.before == '[{"d":"2147","k":"DWORD"},{"d":"2147","k":"DWORD"}]'
    assert row.after == '[{"d":"443","k":"DWORD"},{"d":"443","k":"DWORD"}]'


def theirs(port: int = 8080) -> Foreign:
    """Let somebody else set the first value."""
    return Foreign(64, KEY, VALUES["primary"], Kind.DWORD, port)


@pytest.mark.parametrize(
    ("at", "act", "target", "state", "pins"),
    [
        (Moment.BEGIN, theirs(), None, State.CONFLICT, (8080, OLD)),
        (Moment.COMPARE, theirs(), 0, State.CONFLICT, (8080, OLD)),
        (Moment.OPEN, Raise(ACCESS_DENIED), None, State.DENIED, (OLD, OLD)),
        (Moment.BEGIN, Hold("somebody"), None, State.BUSY, (OLD, OLD)),
        (Moment.COMPARE, Raise("System.IO.IOException 0x80070005"), 1, State.RESTORED, (OLD, OLD)),
    ],
)
def test_the_scripts_answer_ends_the_row(
    at: Moment, act: EventAct, target: int | None, state: State, pins: tuple[int, int]
) -> None:
    """What the host says it did is the end, and nobody asks again."""
    sim = sim_host("h1", events=(Event(at=at, act=act, target=target),))
    done = repin({"h1": sim}, window=5.0)
    assert done.states() == {"h1": state}
    assert sim.pins() == pins
    assert sim.probed == 1


def test_a_host_that_comes_too_late_writes_nothing() -> None:
    """A request that was delayed beyond the deadline does no harm, by the host's own clock."""
    sim = sim_host("h1", lags=8.0)
    done = repin({"h1": sim}, window=5.0)
    assert done.states() == {"h1": State.EXPIRED}
    assert sim.pins() == (OLD, OLD)


def test_a_mixed_host_is_told_as_mixed() -> None:
    """Two values that do not go together are never called fine."""
    stuck = (
        Event(at=Moment.COMPARE, act=Raise("System.IO.IOException 0x80070037"), target=1),
        Event(at=Moment.PUT_BACK, act=Raise("System.IO.IOException 0x80070037"), target=0),
    )
    sim = sim_host("h1", events=stuck)
    done = repin({"h1": sim})
    assert done.states() == {"h1": State.MIXED}
    assert sim.pins() == (NEW, OLD)
    assert done.summary.exit_code == 3


def test_a_value_that_changed_since_the_plan_is_a_conflict_without_an_intent() -> None:
    """The fresh reading already shows it: no write is sent."""
    sim = sim_host("h1")
    plan = plan_of([planned(inventory_host("h1"), sim)])
    sim.pin(8080)
    done = repin({"h1": sim}, plan=plan)
    assert done.journal.told == [("h1", State.CONFLICT)]
    assert sim.written == 0
    assert "8080" in done.end("h1").detail


def test_a_host_that_is_as_wanted_is_left_alone() -> None:
    """Somebody was here before: nothing is written, and an undo has nothing to take back."""
    sim = sim_host("h1")
    plan = plan_of([planned(inventory_host("h1"), sim)])
    sim.pin(NEW)
    done = repin({"h1": sim}, plan=plan)
    assert done.journal.told == [("h1", State.ALREADY)]
    assert done.summary.exit_code == 0


def test_another_machine_behind_the_name_is_not_written() -> None:
    """Same pins, other machine: no write leaves."""
    sim = sim_host("h1")
    plan = plan_of([planned(inventory_host("h1"), sim)])
    sim.machine = copy.deepcopy(sim.machine)
    sim.machine.machine_id = "another"
    done = repin({"h1": sim}, plan=plan)
    assert done.states() == {"h1": State.WRONG_HOST}
    assert (sim.written, sim.pins()) == (0, (OLD, OLD))


@pytest.mark.parametrize(
    ("forced", "result", "state"),
    [
        (None, Result.REFUSED, State.REFUSED),
        (None, Result.ERROR, State.REFUSED),
        ("the firewall comes tonight", Result.REFUSED, State.VERIFIED),
        ("the firewall comes tonight", Result.ERROR, State.REFUSED),
    ],
)
def test_a_port_that_is_not_open_now_is_refused(forced: str | None, result: Result, state: State) -> None:
    """What the evidence showed open is tried again; only a plan that says so goes into a closed port."""
    sim = sim_host("h1")
    plan = plan_of([planned(inventory_host("h1"), sim)], force_closed=forced)
    sim.machine.network.ports = {NEW: result}
    done = repin({"h1": sim}, plan=plan)
    assert done.states() == {"h1": state}


CANARY = "127.9.0.9"


@pytest.mark.parametrize("forced", [None, "the firewall comes tonight"])
@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ((CANARY, NEW), State.REFUSED),
        ((GATEWAYS["backup"], 9), State.REFUSED),
        ((CANARY, 80), State.VERIFIED),
        ((CANARY, 9), State.VERIFIED),
    ],
)
def test_a_port_that_came_to_be_intercepted_is_refused(
    forced: str | None, answers: tuple[str, int], state: State
) -> None:
    """The fresh reading has canaries for the new port: something else that answers there is seen,
    forced or not.
    """
    sim = sim_host("h1")
    host = inventory_host("h1", profile=replace(profile(), canary_address=CANARY, canary_port=9))
    plan = plan_of([planned(host, sim)], force_closed=forced)
    network = sim.machine.network
    network.ports.clear()
    network.open(GATEWAYS.values(), (NEW,))
    network.open([answers[0]], (answers[1],))
    done = repin({"h1": sim}, plan=plan, fleet={"h1": host})
    assert done.states() == {"h1": state}
    assert (State.VERIFIED is state) or "is intercepted now" in done.end("h1").detail


def test_the_fresh_reading_tries_pin_and_new_port_alone() -> None:
    """The profile's list is not gone through for a write: two ports at two gateways, and the canaries."""
    sim = sim_host("h1")
    tried: list[tuple[str, int]] = []

    class Noting(Network):
        def connect(self, address: str, port: int, *, number: int = 1) -> Result:
            tried.append((address, port))
            return super().connect(address, port, number=number)

    sim.machine.network = Noting(ports={NEW: Result.CONNECTED}, otherwise=Result.REFUSED)
    repin({"h1": sim}, fleet={"h1": inventory_host("h1", profile=replace(profile(), canary_port=9))})
    assert set(tried) == {(address, port) for address in GATEWAYS.values() for port in (OLD, NEW, 9)}


def test_a_host_that_does_not_answer_is_unreachable() -> None:
    """The reading may be tried again; without one nothing is written."""
    sim = sim_host("h1", probes=[DOWN])
    done = repin({"h1": sim})
    assert done.states() == {"h1": State.UNREACHABLE}
    assert done.end("h1").detail == "connect: no-answer: no answer"
    assert done.end("h1").advice == "is it up?"
    assert (sim.written, done.summary.exit_code) == (0, 4)


def test_a_host_without_a_clock_is_not_written() -> None:
    """A write without a deadline could come at any time."""
    sim = sim_host("h1", clockless=True)
    done = repin({"h1": sim})
    assert done.states() == {"h1": State.REFUSED}
    assert sim.written == 0


@pytest.mark.parametrize("fault", [DOWN, REJECTED, BUSY_SHELLS])
def test_a_write_whose_session_fails_before_the_script_leaves_is_not_started(fault: Fault) -> None:
    """Nothing was sent, and the journal knows it; it counts as a failure all the same."""
    sim = sim_host("h1", writes=[fault])
    done = repin({"h1": sim})
    assert done.states() == {"h1": State.NOT_STARTED}
    assert done.end("h1").failed
    assert (sim.pins(), sim.probed) == ((OLD, OLD), 1)


def test_a_lost_answer_is_resolved_by_reading() -> None:
    """The connection drops after the request: nobody sends it again,
    a fresh session says what was written.
    """
    sim = sim_host("h1", writes=[LOST])
    done = repin({"h1": sim}, window=20)
    assert [state for _, state in done.journal.told] == ["intent", "sent", "unknown", "verified"]
    assert (sim.written, sim.doubles) == (1, 0)
    assert not done.end("h1").failed


def test_a_lost_answer_is_not_judged_before_the_scripts_deadline() -> None:
    """A script that outlives its connection may write late:
    an old value proves nothing before the deadline.
    """
    sim = sim_host("h1", writes=[LOST], lags=15)
    done = repin({"h1": sim}, window=20)
    assert done.states() == {"h1": State.VERIFIED}
    assert sim.pins() == (NEW, NEW)
    assert done.seconds > 20


def test_a_lost_answer_of_a_script_that_never_ran_is_not_written() -> None:
    """After the deadline an old value is a fact; the host counts as failed."""
    sim = sim_host("h1", writes=[LOST], lags=30)
    done = repin({"h1": sim}, window=20)
    assert done.states() == {"h1": State.NOT_WRITTEN}
    assert sim.pins() == (OLD, OLD)
    assert done.end("h1").failed


def test_a_host_that_nobody_can_read_again_stays_unknown() -> None:
    """Lost after the request and down since: for `resume` to read."""
    sim = sim_host("h1", writes=[LOST], probes=[None, DOWN])
    done = repin({"h1": sim}, window=20)
    assert done.states() == {"h1": State.UNKNOWN}
    assert "read again: connect: no-answer" in done.end("h1").detail
    assert done.summary.exit_code == 3


def test_a_confirmed_write_that_nobody_can_read_again_is_unknown() -> None:
    """The script's word alone does not verify."""
    done = repin({"h1": sim_host("h1", probes=[None, DOWN])})
    assert [state for _, state in done.journal.told] == ["intent", "sent", "confirmed", "unknown"]


def test_both_views_and_text_pins_are_written() -> None:
    """Four values in one operation, each in its own kind."""
    sim = sim_host("h1")
    sim.pin("2147", Kind.SZ)
    sim.pin("2147", Kind.SZ, view=32)
    plan = plan_of([planned(inventory_host("h1"), sim, kind=Kind.SZ)])
    done = repin({"h1": sim}, plan=plan)
    assert done.states() == {"h1": State.VERIFIED}
    assert (sim.pins(64), sim.pins(32)) == (("443", "443"), ("443", "443"))


def test_a_dry_run_does_everything_but_the_write() -> None:
    """The fresh reading and the guard run; the journal has nothing."""
    sims = {"h1": sim_host("h1"), "h2": sim_host("h2", probes=[DOWN])}
    done = repin(sims, dry_run=True)
    assert done.states() == {"h1": None, "h2": State.UNREACHABLE}
    assert (done.journal.told, done.journal.runs, sims["h1"].written) == ([], {}, 0)
    assert done.end("h1").detail == "primary 2147 -> 443; backup 2147 -> 443"


def test_a_host_with_an_unresolved_write_is_left_alone() -> None:
    """An earlier run does not know yet what it did there: that has to be read first."""
    journal = MemoryJournal()
    first = repin({"h1": sim_host("h1", writes=[LOST], probes=[None, DOWN])}, journal=journal, window=20)
    assert first.states() == {"h1": State.UNKNOWN}
    second = repin({"h1": sim_host("h1")}, journal=journal)
    assert second.states() == {"h1": State.NOT_STARTED}
    assert "repin resume 1" in second.end("h1").detail
