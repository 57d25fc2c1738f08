"""After the write: agents that take the new port up, agents that do not, and taking a write back at once."""

from __future__ import annotations

from orchestrator.demo.machine.model import Row
from orchestrator.domain.reading import Result
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import RunState
from orchestrator.domain.repin.waves import parse_batch
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.repin.events import Watching
from tests.domain.repin.builders import GATEWAYS
from tests.fleet.repin.world import DOWN, LOST, NEW, OLD, SimHost, World, fleet_of, repin, sim_host


def test_a_host_whose_agent_reconnects_is_verified_then() -> None:
    """The connections are looked at every 30 seconds until the new port is in use."""
    done = repin({"h1": sim_host("h1", reconnects=100.0)}, wait_live=600.0)
    assert done.states() == {"h1": State.VERIFIED}
    assert 120 <= done.seconds < 135
    assert len(done.told(Watching)) == 4


def test_an_agent_that_is_there_at_once_is_not_waited_for() -> None:
    """The reading that verifies the write shows the connection too."""
    done = repin({"h1": sim_host("h1", reconnects=0.0)}, wait_live=600.0)
    assert done.states() == {"h1": State.VERIFIED}
    assert done.seconds < 30


def test_an_agent_that_keeps_its_old_tunnel_has_not_taken_it_up() -> None:
    """It stays written, without a failure counted: a healthy agent keeps its tunnel for long."""
    sim = sim_host("h1", reconnects=None)
    sim.machine.connections = [Row(address, OLD) for address in GATEWAYS.values()]
    done = repin({"h1": sim}, wait_live=300.0)
    assert done.states() == {"h1": State.NOT_TAKEN_UP}
    assert sim.pins() == (NEW, NEW)
    assert not done.end("h1").failed
    assert 300 <= done.seconds < 340
    assert done.summary.exit_code == 3


def test_watching_many_takes_no_longer_than_watching_one() -> None:
    """The watch holds no worker: a wave of hosts waits together."""
    done = repin(fleet_of(40, reconnects=None), jobs=4, wait_live=120.0)
    assert set(done.states().values()) == {State.NOT_TAKEN_UP}
    assert done.seconds < 40 / 4 * 5 + 120 + 30 + 40


def test_the_next_wave_waits_for_the_watch() -> None:
    """A wave has ended when its agents have shown themselves."""
    sims = fleet_of(2, reconnects=60.0)
    done = repin(sims, batch=parse_batch("1"), wait_live=600.0)
    first, second = (done.journal.of(name) for name in sims)
    assert second[0].started is not None
    assert second[0].started > first[0].changed


def both_open(sim: SimHost) -> SimHost:
    """Leave the old port open too."""
    sim.machine.network.ports[OLD] = Result.CONNECTED
    return sim


def test_a_write_that_is_not_taken_up_can_be_taken_back() -> None:
    """The way back is a row of its own with its own intent, linked to the first."""
    sim = both_open(sim_host("h1", reconnects=None))
    done = repin({"h1": sim}, wait_live=60.0, revert_if_not_live=True)
    assert done.states() == {"h1": State.REVERTED}
    assert sim.pins() == (OLD, OLD)
    assert [(row.state, row.undoes) for row in done.journal.of("h1")] == [
        (State.REVERTED, None),
        (State.VERIFIED, 1),
    ]
    order = [told for told in done.journal.told if told[1] in {State.INTENT, State.SENT, State.REVERTED}]
    assert [state for _, state in order] == ["intent", "sent", "intent", "sent", "reverted"]
    assert done.summary.exit_code == 3


def test_nobody_goes_back_to_a_closed_port() -> None:
    """The old port is closed: the new one stays, and the row says why."""
    sim = sim_host("h1", reconnects=None)
    done = repin({"h1": sim}, wait_live=60.0, revert_if_not_live=True)
    assert done.states() == {"h1": State.NOT_TAKEN_UP}
    assert sim.pins() == (NEW, NEW)
    assert "refused: primary 2147 is closed now" in done.end("h1").detail


def test_a_way_back_without_an_answer_leaves_both_rows_to_be_read() -> None:
    """Nobody guesses: resume reads the host and ends both rows."""
    sim = both_open(sim_host("h1", reconnects=None, writes=[None, LOST]))
    sim.probes = [None] * 5 + [DOWN]
    done = repin({"h1": sim}, wait_live=60.0, revert_if_not_live=True, window=10)
    assert [row.state for row in done.journal.of("h1")] == [State.CONFIRMED, State.UNKNOWN]
    assert done.states() == {"h1": State.CONFIRMED}
    assert done.end("h1").failed
    again = repin({"h1": sim}, journal=done.journal, run=1, plan=done.plan, started=500)
    assert [row.state for row in again.journal.of("h1")] == [State.REVERTED, State.VERIFIED]
    assert sim.pins() == (OLD, OLD)


def test_a_value_that_changes_while_it_is_watched_is_a_conflict() -> None:
    """Each look reads the values too."""
    sim = sim_host("h1", reconnects=None)

    async def meddle(_stop: StopRequest, world: World) -> None:
        await world.clock.sleep(40)
        sim.pin(8080)

    done = repin({"h1": sim}, wait_live=300.0, beside=meddle)
    assert done.states() == {"h1": State.CONFLICT}
    assert done.seconds < 80


def test_abandoned_while_it_is_watched_it_stays_confirmed() -> None:
    """It is written, and that is known; resume verifies it."""

    async def press(stop: StopRequest, world: World) -> None:
        await world.clock.sleep(60)
        stop.abandon("Ctrl-C")

    done = repin({"h1": sim_host("h1", reconnects=None)}, wait_live=600.0, beside=press)
    assert done.states() == {"h1": State.CONFIRMED}
    assert done.summary.state is RunState.STOPPED
    again = repin({"h1": sim_host("h1")}, journal=done.journal, run=1, plan=done.plan, started=700)
    assert again.states() == {"h1": State.CONFLICT}
    assert "somebody put them back" in again.end("h1").detail


def test_ctrl_c_lets_the_watch_come_to_its_end() -> None:
    """Those in flight finish, and watching is part of it."""

    async def press(stop: StopRequest, world: World) -> None:
        await world.clock.sleep(60)
        stop.ask("Ctrl-C")

    done = repin({"h1": sim_host("h1", reconnects=100.0)}, wait_live=600.0, beside=press)
    assert done.states() == {"h1": State.VERIFIED}
    assert done.summary.finished_after_stop == 1
