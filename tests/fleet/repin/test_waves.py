"""A re-pin over many hosts: waves, pauses, limits, the breaker, hosts that were given away."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.app.repin.results import warnings
from orchestrator.demo.machine.plot import Event, Moment, Raise
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import Operation, RunState
from orchestrator.domain.repin.waves import Limits, parse_batch
from orchestrator.fleet.control.events import BreakerTripped, HostStarted, Stopping
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.repin.checks import PlanRefused
from orchestrator.fleet.repin.events import HostEnded, Pausing, RunStarted, WaveEnded, WaveStarted
from tests.fleet.repin.world import (
    DOWN,
    NEW,
    OLD,
    REJECTED,
    MemoryJournal,
    SimHost,
    World,
    fleet_of,
    inventory_host,
    plan_of,
    planned,
    repin,
    sim_host,
)
from tests.fleet.travel import NEW_YEAR

BREAKS = Event(at=Moment.COMPARE, act=Raise("System.IO.IOException 0x80070037"), target=1)


def test_waves_come_one_after_the_other() -> None:
    """A wave starts when every host of the one before has ended."""
    done = repin(fleet_of(10), batch=parse_batch("1,20%,5"))
    told = [
        (event.wave, event.hosts) if isinstance(event, WaveStarted) else "end"
        for event in done.events
        if isinstance(event, WaveStarted | WaveEnded)
    ]
    assert told == [(1, 1), "end", (2, 2), "end", (3, 5), "end", (4, 2), "end"]
    assert [row.wave for row in done.journal.rows.values()] == [1, 2, 2, 3, 3, 3, 3, 3, 4, 4]
    assert done.summary.state is RunState.FINISHED
    assert done.summary.exit_code == 0


def test_no_lock_is_held_during_a_pause() -> None:
    """Between two waves another command can write; the journal is taken again before anything else
    happens.
    """
    seen: list[bool] = []

    async def look(_stop: StopRequest, world: World) -> None:
        for _ in range(40):
            seen.append(world.journal.held)
            await world.clock.sleep(10)

    done = repin(fleet_of(3), batch=parse_batch("1"), pause=120.0, beside=look)
    pauses = done.told(Pausing)
    assert [(pause.before, pause.seconds) for pause in pauses] == [(2, 120.0), (3, 120.0)]
    assert seen.count(False) >= 20
    assert 240 < done.seconds < 280
    assert done.journal.held


def test_a_stop_ends_the_pause() -> None:
    """Ctrl-C during a pause: no further wave, and the journal says how the run ended."""

    async def press(stop: StopRequest, world: World) -> None:
        await world.clock.sleep(60)
        stop.ask("Ctrl-C")

    done = repin(fleet_of(3), batch=parse_batch("1"), pause=3600.0, beside=press)
    assert done.summary.not_started == ("h2", "h3")
    assert done.seconds < 70
    record, _ = done.journal.runs[1]
    assert (record.state, record.reason) == (RunState.STOPPED, "Ctrl-C")
    assert done.summary.exit_code == 130
    assert [row.state for row in done.journal.of("h2")] == [State.NOT_STARTED]


def test_a_lock_that_cannot_be_had_after_a_pause_ends_the_run() -> None:
    """Another command writes and does not end: nothing more is written, and the exit is clear."""
    journal = MemoryJournal()
    journal.fails = lambda host, _state: host == "take again"
    done = repin(fleet_of(2), batch=parse_batch("1"), pause=5.0, journal=journal)
    assert "no space" in done.summary.trouble
    assert (done.summary.exit_code, done.summary.not_started) == (1, ("h2",))


def bad_fleet(count: int, bad: float, seed: int) -> dict[str, SimHost]:
    """Make a fleet in which a share of the hosts fails half-way."""
    chance = random.Random(seed)  # noqa: S311  # which
    return {
        f"h{n}": sim_host(
            f"h{n}", seconds=chance.uniform(0.5, 4), events=(BREAKS,) if chance.random() < bad else ()
        )
        for n in range(count)
    }


@pytest.mark.parametrize("width", [1, 8, 64])
@pytest.mark.parametrize("limit", [1, 5, 10])
def test_the_run_stops_at_the_threshold(width: int, limit: int) -> None:
    """Hosts 30 % bad: nothing starts after the stop, no more than what was in flight ends after it;
    none at width 1.
    """
    done = repin(bad_fleet(100, 0.3, seed=limit), jobs=width, limits=Limits(max_failed=limit))
    failed = [end for end in done.summary.ends if end.failed]
    (stopping,) = done.told(Stopping)
    after = done.events[done.events.index(stopping) :]
    intents = [event for event in after if getattr(event, "state", None) is State.INTENT]
    ended = [event for event in after if isinstance(event, HostEnded)]
    assert len(failed) >= limit
    assert len(ended) == stopping.in_flight
    assert len(intents) <= stopping.in_flight < width
    assert done.summary.finished_after_stop == len(ended)
    assert done.summary.failed_after_stop == len(failed) - limit
    assert (done.summary.gate, done.summary.exit_code) == (True, 6)
    if width == 1:
        assert (len(failed), ended) == (limit, [])


@pytest.mark.parametrize(("sim", "code"), [({"events": (BREAKS,)}, 3), ({"probes": [DOWN]}, 4)])
def test_a_limit_that_the_last_host_reaches_has_stopped_nothing(sim: dict[str, Any], code: int) -> None:
    """In a plan of one host a failure is that host's: no safety gate, nothing to go on with."""
    done = repin({"h1": sim_host("h1", **sim)}, limits=Limits(max_failed=1))
    assert (done.summary.gate, done.summary.exit_code, done.summary.reason) == (False, code, "")
    record, _ = done.journal.runs[1]
    assert (record.state, record.reason) == (RunState.FINISHED, "")


def test_a_limit_that_leaves_a_host_is_a_safety_gate() -> None:
    """One more host that was not begun, and it is 6, with the reason."""
    done = repin(
        {"h1": sim_host("h1", events=(BREAKS,)), "h2": sim_host("h2")}, jobs=1, limits=Limits(max_failed=1)
    )
    assert (done.summary.gate, done.summary.exit_code, done.summary.not_started) == (True, 6, ("h2",))
    assert done.journal.runs[1][0].reason == "1 failed, --max-failed 1"


@settings(max_examples=25, deadline=None)
@given(
    width=st.integers(1, 12),
    limit=st.integers(1, 6),
    bad=st.floats(0.1, 0.9),
    seed=st.integers(0, 10_000),
    batch=st.sampled_from(["1,5%,25%", "100%", "3"]),
)
def test_every_host_is_accounted_for(width: int, limit: int, bad: float, seed: int, batch: str) -> None:
    """Whatever stops a run: each host is old or new as the journal says,
    and has exactly one end or was not started.
    """
    sims = bad_fleet(20, bad, seed)
    done = repin(sims, jobs=width, limits=Limits(max_failed=limit), batch=parse_batch(batch))
    states = done.states()
    assert sorted([*states, *done.summary.not_started]) == sorted(sims)
    for name, sim in sims.items():
        expected = (NEW, NEW) if states.get(name) is State.VERIFIED else (OLD, OLD)
        assert sim.pins() == expected
    assert sum(end.failed for end in done.summary.ends) <= limit - 1 + width


def test_conflicts_have_a_limit_of_their_own() -> None:
    """Hosts that somebody else changed say that the plan is old, not that the writes go wrong."""
    sims = fleet_of(5)
    plan = plan_of(planned(inventory_host(name), sim) for name, sim in sims.items())
    for name in ("h2", "h3", "h4", "h5"):
        sims[name].pin(8080)
    done = repin(sims, plan=plan, jobs=1, limits=Limits(max_failed=1, max_conflicts=2))
    assert done.states() == {"h1": State.VERIFIED, "h2": State.CONFLICT, "h3": State.CONFLICT}
    assert done.summary.reason == "2 in conflict, --max-conflicts 2"


def test_unreachable_hosts_count_as_failed() -> None:
    """A fleet that does not answer is not gone through to its end."""
    sims = {name: sim_host(name, probes=[DOWN] * 3) for name in ("h1", "h2", "h3")}
    done = repin(sims, jobs=1, limits=Limits(max_failed=2))
    assert done.summary.not_started == ("h3",)
    assert done.summary.exit_code == 6


def test_a_rejected_account_ends_the_run() -> None:
    """The lock-out breaker trips after two hosts, and nothing more is tried or written."""
    sims = {f"h{n}": sim_host(f"h{n}", probes=[REJECTED] * 3) for n in range(1, 30)}
    done = repin(sims, jobs=8)
    assert sum(sim.probed for sim in sims.values()) == 2
    assert len(done.told(BreakerTripped)) == 1
    assert done.summary.exit_code == 6
    assert [said for said in warnings(done.summary) if said.endswith("then `fleetcheck repin resume 1`")]
    assert done.summary.state is RunState.STOPPED


@pytest.mark.parametrize(("seconds", "state"), [(2.0, State.NOT_STARTED), (6.0, State.UNKNOWN)])
def test_an_account_that_is_given_up_in_the_middle_of_a_host(seconds: float, state: State) -> None:
    """No further logon is tried, be it for a write or for the reading after one;
    the row says what that leaves.
    """
    sims = {
        "h1": sim_host("h1"),
        "h2": sim_host("h2", seconds=seconds, probes=[REJECTED] * 3),
        "h3": sim_host("h3", seconds=seconds, probes=[REJECTED] * 3),
    }
    done = repin(sims)
    assert done.states()["h1"] is state
    assert "given up" in done.end("h1").detail
    assert sims["h1"].pins() == ((OLD, OLD) if state is State.NOT_STARTED else (NEW, NEW))


def test_a_plan_that_does_not_hold_is_not_begun() -> None:
    """Whoever calls: nothing is sent and nothing is journaled."""
    sims = fleet_of(2)
    plan = plan_of((planned(inventory_host(name), sim) for name, sim in sims.items()), script="0" * 64)
    journal = MemoryJournal()
    with pytest.raises(PlanRefused, match="another version of the write script"):
        repin(sims, plan=plan, journal=journal)
    assert (sims["h1"].probed, journal.runs) == (0, {})


def test_a_host_that_was_given_away_is_left_alone() -> None:
    """Its stand-alone script may be on its way; when that has expired the host is free again."""
    journal = MemoryJournal()
    given = Operation(id=90, run=None, plan="other", host="h1", state=State.HANDED_OUT, changed=NEW_YEAR)
    journal.given = {"h1": given}
    sims = fleet_of(2)
    done = repin(sims, journal=journal)
    assert done.states() == {"h1": State.NOT_STARTED, "h2": State.VERIFIED}
    assert "given away" in done.end("h1").detail
    assert (sims["h1"].probed, [row.state for row in journal.of("h1")]) == (0, [State.NOT_STARTED])


def test_a_plan_that_expires_in_the_middle_is_not_gone_on_with() -> None:
    """The pause was longer than the plan's life."""
    sims = fleet_of(2)
    plan = plan_of(
        (planned(inventory_host(name), sim) for name, sim in sims.items()),
        expires=NEW_YEAR + timedelta(minutes=5),
    )
    done = repin(sims, plan=plan, batch=parse_batch("1"), pause=600.0)
    assert done.states() == {"h1": State.VERIFIED}
    assert done.summary.reason == "the plan expired in the middle of the run"
    assert done.summary.exit_code == 6


def test_no_more_hosts_at_a_time_than_asked() -> None:
    """The width holds for writes too."""
    done = repin(fleet_of(12), jobs=3)
    assert done.world.most <= 3
    (started,) = done.told(RunStarted)
    assert (started.jobs, started.hosts, started.run) == (3, 12, 1)


def test_a_run_of_no_hosts_is_finished_at_once() -> None:
    """A plan may have nothing left."""
    done = repin({})
    assert (done.summary.state, done.summary.exit_code) == (RunState.FINISHED, 0)


def test_a_site_s_limit_holds_for_writes_too() -> None:
    """`--per-site 1`: of one site no host is begun before the one before it has its end,
    of the other it is.
    """
    sims = fleet_of(6)
    fleet = {
        name: inventory_host(name, site="paris" if number < 4 else "rome") for number, name in enumerate(sims)
    }
    done = repin(sims, fleet=fleet, per_site=1)
    inside, most = 0, 0
    for event in done.events:
        if isinstance(event, HostStarted | HostEnded):
            name = event.host if isinstance(event, HostStarted) else event.end.host
            inside += (fleet[name].site == "paris") * (1 if isinstance(event, HostStarted) else -1)
            most = max(most, inside)
    started = [event.host for event in done.told(HostStarted)]
    assert (most, started[:2]) == (1, ["h1", "h5"])
    assert set(done.states().values()) == {State.VERIFIED}
