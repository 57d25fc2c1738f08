"""What ends a re-pin early: signals, a database in trouble,
a fault of ours. Nobody is left without a word.
"""

from __future__ import annotations

import pytest

from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import RunState
from orchestrator.domain.repin.waves import Limits
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.repin.host_repin import HostRepin
from tests.fleet.repin.world import DOWN, NEW, OLD, MemoryJournal, World, fleet_of, repin, sim_host


def test_the_first_ctrl_c_lets_those_in_flight_finish() -> None:
    """50 in flight finish, verified; none of the others is begun."""

    async def press(stop: StopRequest, world: World) -> None:
        await world.clock.sleep(1.6)
        stop.ask("Ctrl-C")

    done = repin(fleet_of(80), jobs=50, beside=press)
    assert list(done.states().values()) == [State.VERIFIED] * 50
    assert len(done.summary.not_started) == 30
    assert (done.summary.finished_after_stop, done.summary.failed_after_stop) == (50, 0)
    assert (done.summary.exit_code, done.summary.state) == (130, RunState.STOPPED)


def test_the_second_ctrl_c_leaves_them_unknown() -> None:
    """Out within 5 seconds; every row that had begun says unknown, so that resume reads it."""

    async def press(stop: StopRequest, world: World) -> None:
        await world.clock.sleep(2.0)
        stop.ask("Ctrl-C")
        await world.clock.sleep(0.1)
        stop.ask("Ctrl-C")

    sims = fleet_of(50, seconds=1.2, lags=40.0)
    done = repin(sims, jobs=50, beside=press)
    assert done.seconds < 2.1 + 5
    assert set(done.states().values()) == {State.UNKNOWN}
    assert len(done.states()) == 50
    assert done.summary.abandoned
    assert done.summary.exit_code == 130
    again = repin(sims, journal=done.journal, run=1, plan=done.plan, started=100)
    assert len(again.states()) == 50
    for name, state in again.states().items():
        assert sims[name].pins() == ((NEW, NEW) if state is State.VERIFIED else (OLD, OLD))


def test_ctrl_c_after_a_limit_does_not_abandon() -> None:
    """The run stops by itself already: the user's first Ctrl-C means what it always means."""

    async def press(stop: StopRequest, world: World) -> None:
        await world.clock.sleep(3)
        stop.ask("Ctrl-C")

    sims = {"h1": sim_host("h1", probes=[DOWN]), "h2": sim_host("h2", seconds=4.0)}
    done = repin(sims, jobs=2, limits=Limits(max_failed=1), beside=press)
    assert done.states()["h2"] is State.VERIFIED
    assert done.summary.reason == "1 failed, --max-failed 1"
    assert not done.summary.abandoned


@pytest.mark.parametrize("state", [State.INTENT, State.SENT, State.CONFIRMED, State.VERIFIED])
def test_a_database_that_fails_stops_the_run(state: State) -> None:
    """Disk full at any step: no write without a committed intent,
    and the summary says what the database said.
    """
    journal = MemoryJournal()
    journal.fails = lambda host, wanted: host == "h3" and wanted is state
    sims = fleet_of(6)
    done = repin(sims, jobs=1, journal=journal)
    assert "no space" in done.summary.trouble
    assert done.summary.exit_code == 1
    assert [sims[name].written for name in ("h4", "h5", "h6")] == [0, 0, 0]
    before_sending = state in {State.INTENT, State.SENT}
    assert sims["h3"].pins() == ((OLD, OLD) if before_sending else (NEW, NEW))
    assert all(told is State.SENT for _, told in done.world.sent)
    assert done.summary.not_started == (("h3",) if state is State.INTENT else ()) + ("h4", "h5", "h6")
    if state is not State.INTENT:
        order = [State.INTENT, State.SENT, State.CONFIRMED, State.VERIFIED]
        assert done.end("h3").state is order[order.index(state) - 1]


def test_a_database_that_fails_before_the_run_begins_is_an_error() -> None:
    """Nobody is asked anything."""
    journal = MemoryJournal()
    journal.fails = lambda _host, _state: True
    sims = fleet_of(1)
    with pytest.raises(Exception, match="no space"):
        repin(sims, journal=journal)
    assert sims["h1"].probed == 0


def test_after_trouble_a_resume_finds_out() -> None:
    """What the journal could not take in is read from the host."""
    journal = MemoryJournal()
    journal.fails = lambda host, wanted: host == "h1" and wanted is State.CONFIRMED
    sims = fleet_of(3)
    first = repin(sims, jobs=1, journal=journal, window=5)
    assert journal.of("h1")[0].state is State.SENT
    journal.fails = lambda _host, _state: False
    again = repin(sims, journal=journal, run=1, plan=first.plan, started=60)
    assert set(again.states().values()) == {State.VERIFIED}
    assert sims["h1"].written == 1


def test_a_fault_of_ours_stops_the_run_and_leaves_no_row_in_the_middle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What nobody foresaw is told with its place; the row becomes unknown."""

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(HostRepin, "write", broken)
    done = repin(fleet_of(3), jobs=1)
    assert done.states() == {"h1": State.UNKNOWN}
    assert "ZeroDivisionError at" in done.summary.trouble
    assert (done.summary.exit_code, done.summary.not_started) == (1, ("h2", "h3"))


def test_a_write_that_hangs_ends_at_its_deadline() -> None:
    """A host that never answers holds nobody up for longer than its window and a little."""
    sims = {"h1": sim_host("h1", lags=10_000), "h2": sim_host("h2")}
    done = repin(sims, window=20)
    assert done.states() == {"h1": State.NOT_WRITTEN, "h2": State.VERIFIED}
    assert done.seconds < 60
