"""What ends a re-pin early: signals, a database in trouble,
a fault of ours. Nobody is left without a word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import RunState
from orchestrator.domain.repin.waves import Limits, parse_batch
from orchestrator.fleet.control.events import Stopping
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.repin.host_repin import HostRepin
from orchestrator.store.errors import UnansweredError
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


def _pressed(*at: float) -> Callable[[StopRequest, World], Coroutine[Any, Any, None]]:
    async def press(stop: StopRequest, world: World) -> None:
        for moment in at:
            await world.clock.sleep(moment - world.clock.monotonic())
            stop.ask("Ctrl-C")

    return press


def _hanging(*names: str, after: float = 0.0) -> MemoryJournal:
    """Return a journal that answers no such call any more once so many seconds have passed."""
    journal = MemoryJournal()

    def hangs(answers: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
        async def call(*args: Any, **more: Any) -> Any:
            if asyncio.get_running_loop().time() >= after:
                await asyncio.sleep(1e9)
            return await answers(*args, **more)

        return call

    for name in names:
        setattr(journal, name, hangs(getattr(journal, name)))
    return journal


@pytest.mark.parametrize(
    ("run", "shows"),
    [
        (None, "`fleetcheck repin status` shows whether the run was begun"),
        (1, "go on with `fleetcheck repin resume 1`"),
    ],
)
def test_second_ctrl_c_leaves_a_journal_that_does_not_take_the_runs_start(
    run: int | None, shows: str
) -> None:
    """Nobody is asked anything, and the words say how to find out what was stored."""
    sims = fleet_of(1)
    with pytest.raises(UnansweredError) as raised:
        repin(sims, run=run, journal=_hanging("begin_run"), beside=_pressed(3.0, 4.0))
    said = "the database does not answer: no host was asked; once it answers again, "
    assert (str(raised.value), sims["h1"].probed) == (said + shows, 0)


@pytest.mark.parametrize("call", ["operations", "end_run"])
def test_second_ctrl_c_leaves_a_journal_that_does_not_take_the_runs_end(call: str) -> None:
    """Two seconds later the run is over: what was written is told, and that its end is not stored."""
    done = repin(fleet_of(2), jobs=2, journal=_hanging(call, after=3.0), beside=_pressed(3.5, 20.0))
    summary = done.summary
    assert set(done.states().values()) == {State.VERIFIED}
    assert done.seconds == 22.0
    assert summary.trouble == "the database does not answer: how the run ended was not stored"
    assert (summary.unanswered, summary.exit_code, summary.state) == (True, 1, RunState.RUNNING)


def test_who_watches_is_told_of_a_ctrl_c_while_the_end_is_stored() -> None:
    """Neither of the two is left without an answer, and neither is taken for the run's own stop."""
    done = repin(fleet_of(1), journal=_hanging("end_run"), beside=_pressed(20.0, 21.0))
    told = [(step.abandoned, step.unstored) for step in done.told(Stopping)]
    assert told == [(False, "the run's end"), (True, "the run's end")]
    assert not done.summary.interrupted


@pytest.mark.parametrize(("call", "options"), [("handed_out", {}), ("take_again", {"pause": 5.0})])
def test_who_watches_is_told_where_a_ctrl_c_waits_for_the_database_between_hosts(
    call: str, options: dict[str, Any]
) -> None:
    """Before the first of them, and at the end of a pause: no host is in flight, and the run does not end."""
    done = repin(
        fleet_of(2), batch=parse_batch("1"), journal=_hanging(call), beside=_pressed(12.0, 13.0), **options
    )
    first, *_ = done.told(Stopping)
    assert (first.in_flight, first.abandoned, first.asking) == (0, False, True)


def test_a_journal_that_hangs_leaves_no_host_without_its_end() -> None:
    """Abandoned in the middle of a write whose row nobody can move any more: told as it last was."""
    sims = fleet_of(2, seconds=1.2, lags=40.0)
    journal = _hanging("move", "operations", "end_run", after=3.0)
    done = repin(sims, jobs=2, journal=journal, beside=_pressed(3.2, 3.3))
    assert done.seconds < 3.3 + 5
    assert set(done.states().values()) == {State.SENT}
    assert done.summary.not_started == ()


@pytest.mark.parametrize("calls", [("let_go", "take_again"), ("take_again",)])
def test_second_ctrl_c_leaves_a_pause_that_the_database_does_not_end(calls: tuple[str, ...]) -> None:
    """The lock is not given back, or not got again: the run is over two seconds later all the same."""
    journal, one = _hanging(*calls), parse_batch("1")
    press = _pressed(30.0, 31.0)
    done = repin(fleet_of(2), jobs=1, batch=one, pause=5.0, journal=journal, beside=press)
    assert (done.seconds, done.summary.unanswered, done.summary.exit_code) == (33.0, True, 1)
    assert (done.states(), done.summary.not_started) == ({"h1": State.VERIFIED}, ("h2",))
