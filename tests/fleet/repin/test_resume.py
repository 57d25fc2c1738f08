"""Going on with a run that was killed or stopped: read first, then write what was never begun."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.domain.reading import Kind
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import Operation, RunState
from orchestrator.domain.repin.plan import Plan
from orchestrator.domain.repin.waves import Limits, parse_batch
from orchestrator.fleet.repin.events import RunStarted, WaveStarted
from tests.fleet.repin.world import (
    DOWN,
    LOST,
    NEW,
    OLD,
    MemoryJournal,
    SimHost,
    fleet_of,
    inventory_host,
    plan_of,
    planned,
    record_of,
    repin,
)
from tests.fleet.travel import NEW_YEAR


def killed(
    sims: dict[str, SimHost], state: State | None, *, deadline: float | None = 60.0
) -> tuple[Plan, MemoryJournal]:
    """Leave a journal as a controller that died at h1 does."""
    plan = plan_of(planned(inventory_host(name), sim) for name, sim in sims.items())
    journal = MemoryJournal()
    journal.runs[1] = (replace(record_of(plan), id=1), plan)
    if state is not None:
        until = None if deadline is None else NEW_YEAR + timedelta(seconds=deadline)
        journal.rows[1] = Operation(
            id=1, run=1, plan=plan.id, host="h1", state=state, changed=NEW_YEAR, wave=1, deadline=until
        )
    return plan, journal


@pytest.mark.parametrize("state", [State.INTENT, State.SENT, State.UNKNOWN])
@pytest.mark.parametrize(
    ("pins", "end"), [(NEW, State.VERIFIED), (OLD, State.NOT_WRITTEN), (8080, State.CONFLICT)]
)
def test_what_was_in_the_middle_is_read(state: State, pins: int, end: State) -> None:
    """Both recorded states are known, so the reading says which one it is. A host found as it was is begun
    anew.
    """
    sims = fleet_of(1)
    plan, journal = killed(sims, state)
    sims["h1"].pin(pins)
    done = repin(sims, plan=plan, journal=journal, run=1, started=120)
    first, *anew = journal.of("h1")
    assert first.state is end
    assert [row.state for row in anew] == ([State.VERIFIED] if end is State.NOT_WRITTEN else [])
    assert (sims["h1"].doubles, sims["h1"].written) == (0, len(anew))
    assert done.states() == {"h1": anew[0].state if anew else end}
    assert [told for _, told in journal.told if told is State.UNKNOWN] == [State.UNKNOWN] * (
        state is not State.UNKNOWN
    )
    assert sims["h1"].pins() == ((NEW, NEW) if anew else (pins, pins))
    assert journal.runs[1][0].state is RunState.FINISHED


def test_it_waits_until_the_writes_own_deadline_has_passed() -> None:
    """A write that is still on its way could come after the reading: the host's clock decides."""
    sims = fleet_of(1)
    plan, journal = killed(sims, State.SENT, deadline=300.0)
    sims["h1"].machine.clock_skew = 100.0
    done = repin(sims, plan=plan, journal=journal, run=1, started=20)
    assert [row.state for row in journal.of("h1")] == [State.NOT_WRITTEN, State.VERIFIED]
    assert done.states() == {"h1": State.VERIFIED}
    assert 200 < done.seconds < 230


def test_a_clock_that_was_set_back_is_not_waited_for_without_end() -> None:
    """The row stays unknown, and says why."""
    sims = fleet_of(1)
    plan, journal = killed(sims, State.SENT, deadline=100.0)

    def back(host: SimHost) -> None:
        host.machine.clock_skew -= 10_000.0

    sims["h1"].meddle = back
    done = repin(sims, plan=plan, journal=journal, run=1, window=60)
    assert done.states() == {"h1": State.UNKNOWN}
    assert "set back" in done.end("h1").detail
    assert done.seconds < 600


def test_a_mixed_host_is_told() -> None:
    """The host died between two values."""
    sims = fleet_of(1)
    plan, journal = killed(sims, State.SENT)
    sims["h1"].machine.registry.create(64, plan.hosts[0].key).set("PrimaryTunnelPort", Kind.DWORD, NEW)
    done = repin(sims, plan=plan, journal=journal, run=1, started=120)
    assert done.states() == {"h1": State.MIXED}


def test_another_machine_there_now_settles_nothing() -> None:
    """What the planned machine holds is still unknown."""
    sims = fleet_of(1)
    plan, journal = killed(sims, State.SENT)
    sims["h1"].machine.machine_id = "another"
    done = repin(sims, plan=plan, journal=journal, run=1, started=120)
    assert done.states() == {"h1": State.UNKNOWN}
    assert "another machine" in done.end("h1").detail


def test_a_host_that_left_the_inventory_stays_unknown() -> None:
    """Nobody can read it, and the summary says so."""
    sims = fleet_of(2)
    plan, journal = killed(sims, State.SENT)
    done = repin(sims, plan=plan, journal=journal, run=1, started=120, fleet={"h2": inventory_host("h2")})
    assert done.end("h1").state is State.UNKNOWN
    assert "not in the inventory" in done.end("h1").detail


def test_the_rest_of_the_plan_is_written_then() -> None:
    """Hosts that were never begun come in the waves that the plan gave them."""
    sims = fleet_of(6)
    plan, journal = killed(sims, State.SENT)
    sims["h1"].pin(NEW)
    done = repin(sims, plan=plan, journal=journal, run=1, started=120, batch=parse_batch("2,3"))
    assert set(done.states().values()) == {State.VERIFIED}
    assert len(done.states()) == 6
    assert [(event.wave, event.hosts) for event in done.told(WaveStarted)] == [(1, 1), (2, 3), (3, 1)]
    (started,) = done.told(RunStarted)
    assert (started.run, started.hosts, started.unresolved) == (1, 5, 1)


def test_a_stopped_run_goes_on_where_it_stopped() -> None:
    """Ended rows stay as they are; the limits count anew."""
    sims = fleet_of(5)
    sims["h2"].probes = [DOWN]
    first = repin(sims, jobs=1, limits=Limits(max_failed=1))
    assert first.summary.not_started == ("h3", "h4", "h5")
    again = repin(
        sims, plan=first.plan, journal=first.journal, run=1, started=60, limits=Limits(max_failed=1)
    )
    assert list(again.states()) == ["h3", "h4", "h5"]
    assert again.summary.already == 2
    assert again.summary.exit_code == 0
    assert [row.state for row in again.journal.of("h3")] == [State.NOT_STARTED, State.VERIFIED]
    assert [row.state for row in again.journal.of("h2")] == [State.UNREACHABLE]


def test_what_the_controllers_death_left_open_is_no_failure() -> None:
    """Found as it was, a host has not failed: the limit is not reached,
    and it is begun anew with the rest.
    """
    sims = fleet_of(4)
    plan, journal = killed(sims, State.SENT)
    done = repin(sims, plan=plan, journal=journal, run=1, started=120, limits=Limits(max_failed=1))
    assert done.states() == dict.fromkeys(sims, State.VERIFIED)
    assert (done.summary.gate, done.summary.exit_code, done.summary.state) == (False, 0, RunState.FINISHED)


def test_a_host_that_was_not_written_is_begun_anew_by_the_next_resume() -> None:
    """Its answer was lost and its script came too late: the run can be gone on with,
    through all the steps again.
    """
    sims = fleet_of(2)
    sims["h1"].writes, sims["h1"].lags = [LOST], 30.0
    first = repin(sims, window=20)
    assert first.states() == {"h1": State.NOT_WRITTEN, "h2": State.VERIFIED}
    assert (first.summary.state, first.summary.exit_code) == (RunState.STOPPED, 3)
    sims["h1"].lags = 0.0
    again = repin(sims, plan=first.plan, journal=first.journal, run=1, started=90)
    assert again.states() == {"h1": State.VERIFIED}
    assert [row.state for row in again.journal.of("h1")] == [State.NOT_WRITTEN, State.VERIFIED]
    assert again.journal.runs[1][0].state is RunState.FINISHED


def test_a_host_that_was_put_back_since_is_left_alone() -> None:
    """It had said that it wrote: old values there are somebody else's wish, and no run writes over them."""
    sims = fleet_of(1)
    plan, journal = killed(sims, State.CONFIRMED)
    done = repin(sims, plan=plan, journal=journal, run=1, started=120)
    assert done.states() == {"h1": State.CONFLICT}
    assert sims["h1"].written == 0


def test_an_expired_plan_is_read_but_not_gone_on_with() -> None:
    """What was left in the middle is resolved whatever the time; nothing new is begun."""
    sims = fleet_of(3)
    plan, journal = killed(sims, State.SENT)
    sims["h1"].pin(NEW)
    done = repin(sims, plan=plan, journal=journal, run=1, started=25 * 3600)
    assert done.states() == {"h1": State.VERIFIED}
    assert done.summary.not_started == ("h2", "h3")
    assert "expired" in done.summary.remarks[0]
    assert (sims["h2"].probed, done.summary.exit_code) == (0, 4)


def test_a_changed_inventory_stops_the_rest() -> None:
    """A host that is somewhere else now was not planned there."""
    sims = fleet_of(2)
    plan, journal = killed(sims, State.SENT)
    moved = {"h1": inventory_host("h1"), "h2": inventory_host("h2", port=5985)}
    done = repin(sims, plan=plan, journal=journal, run=1, started=120, fleet=moved)
    assert list(done.states()) == ["h1"]
    assert "h2: the inventory has changed" in done.summary.remarks[0]


def test_a_second_resume_has_nothing_to_do() -> None:
    """Resolved is resolved."""
    sims = fleet_of(2)
    plan, journal = killed(sims, State.SENT)
    repin(sims, plan=plan, journal=journal, run=1, started=120)
    told = list(journal.told)
    again = repin(sims, plan=plan, journal=journal, run=1, started=240)
    assert again.states() == {}
    assert journal.told == told


@pytest.mark.parametrize("state", [None, State.UNKNOWN])
@pytest.mark.parametrize("pins", [NEW, OLD])
def test_a_run_whose_approval_is_gone_is_read_and_not_written(state: State | None, pins: int) -> None:
    """What is open is read, so that its row can end; nothing is begun, also not anew, and the run stops at a
    gate.
    """
    sims = fleet_of(3)
    plan, journal = killed(sims, state)
    sims["h1"].pin(pins)
    done = repin(sims, plan=plan, journal=journal, run=1, started=120, unapproved="bob's key is revoked")
    assert sum(sim.written for sim in sims.values()) == 0
    assert (done.summary.gate, done.summary.state) == (True, RunState.STOPPED)
    assert done.summary.reason == "its approval does not hold any more"
    assert [remark for remark in done.summary.remarks if "bob's key is revoked" in remark] != []
    read = {} if state is None else {"h1": State.VERIFIED if pins == NEW else State.NOT_WRITTEN}
    assert {
        row.host: row.state for row in journal.rows.values() if row.state is not State.NOT_STARTED
    } == read


def test_only_what_is_found_as_it_was_is_left_alone_at_the_gate_too() -> None:
    """Where no other host is left, a host that would be begun anew is what the gate keeps."""
    sims = fleet_of(1)
    plan, journal = killed(sims, State.UNKNOWN)
    done = repin(sims, plan=plan, journal=journal, run=1, started=120, unapproved="revoked")
    assert (done.summary.gate, sims["h1"].written) == (True, 0)
    found = repin(sims, plan=plan, journal=journal, run=1, started=120)
    assert (found.summary.gate, sims["h1"].written) == (False, 1)


def test_a_run_that_was_killed_before_its_first_row_is_held_against_the_inventory_too() -> None:
    """A plan that does not hold any more is not written, also where nothing of it had begun."""
    sims = fleet_of(2)
    plan, journal = killed(sims, None)
    hosts = {name: replace(inventory_host(name), address="127.9.9.9") for name in sims}
    done = repin(sims, plan=plan, fleet=hosts, journal=journal, run=1, started=120)
    assert sum(sim.written for sim in sims.values()) == 0
    assert [remark for remark in done.summary.remarks if "2 hosts not begun are left alone" in remark] != []
