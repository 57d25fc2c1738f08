"""The write script over the wire, with pypsrp as a client that knows nothing of a simulated host."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypsrp.exceptions import WinRMError
from requests.exceptions import ConnectionError as RequestsConnectionError

from orchestrator.demo.behaviour import Wait
from orchestrator.demo.fleet import SimulatedFleet, serve_in_thread
from orchestrator.demo.host import RunningHost, SimulatedHost
from orchestrator.demo.machine.model import Agent, Machine
from orchestrator.demo.machine.plot import Drop, Event, Kill, Moment, Swap
from orchestrator.demo.scenes.scenario import GATEWAYS, KEY, VALUES
from orchestrator.remote.session import Script
from tests.demo.hosts import ask, make_machine, plan_both, run_script, write_parameters
from tests.demo.test_demo_process import ready, start
from tests.eventually import eventually

LOST = (WinRMError, RequestsConnectionError)
AHEAD = datetime(2099, 1, 1, tzinfo=UTC)


class OwnClock:
    """A clock that a test sets forward."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now


@contextmanager
def served(
    net: str, machine: Machine, *events: Event, clock: OwnClock | None = None
) -> Iterator[RunningHost]:
    """Serve one host over http, its messages sealed."""
    spec = SimulatedHost(name="web1", machine=machine, transport="http", events=events)
    with serve_in_thread(SimulatedFleet([spec], address=f"{net}.18", clock=clock or OwnClock())) as fleet:
        yield fleet.host("web1")


def write(host: RunningHost, machine: Machine, *, operation: str = "1", **change: int) -> dict[str, Any]:
    """Run the write script for the machine as it was planned; its document."""
    parameters = write_parameters(plan_both(machine, **change), AHEAD, operation)
    shell = run_script(host, Path("none"), text=Script.load("repin").text, parameters=parameters)
    assert (len(shell.output), shell.had_errors) == (1, False)
    document = json.loads(shell.output[0])
    assert isinstance(document, dict)
    return document


def pins(host: RunningHost) -> list[str]:
    """Probe the host; its pins."""
    document = json.loads(run_script(host, Path("none"), parameters=ask("pinned")).output[0])
    values = {value["n"]: value["d"] for value in document["views"][0]["values"]}
    return [values[name] for name in VALUES.values()]


def is_up(host: RunningHost) -> bool:
    """Say whether the host can be probed."""
    try:
        pins(host)
    except LOST:
        return False
    return True


def test_what_was_written_is_what_the_next_probe_reads(net: str) -> None:
    """One run, two values, one set each."""
    machine = make_machine()
    with served(net, machine) as host:
        assert write(host, machine)["result"] == "written"
        assert pins(host) == ["443", "443"]
        assert host.counters.scripts == {"repin": 1, "probe": 1}
        assert [machine.log.count(name) for name in VALUES.values()] == [1, 1]


def test_a_host_that_dies_between_two_values_tells_nobody(net: str) -> None:
    """The connection ends; a new one finds one value new and one old, and no shell of before."""
    machine = make_machine()
    with served(net, machine, Event(at=Moment.WAS_SET, target=0, act=Kill())) as host:
        with pytest.raises(LOST):
            write(host, machine)
        assert host.open_shells == 0
        assert pins(host) == ["443", "2147"]


def test_a_host_that_is_down_takes_no_connection_until_it_is_back(net: str) -> None:
    """It comes back by itself, its registry as it was."""
    machine = make_machine()
    with served(net, machine, Event(at=Moment.COMPARE, act=Kill(down=1.0))) as host:
        with pytest.raises(LOST):
            write(host, machine)
        assert not is_up(host)
        assert eventually(lambda: is_up(host))
        assert pins(host) == ["2147", "2147"]


def test_a_write_whose_answer_is_lost_was_made_all_the_same(net: str) -> None:
    """The connection is cut after the request: only a reading tells."""
    machine = make_machine()
    for at in (Moment.BEGIN, Moment.ANSWER):
        old, new = (2147, 443) if at is Moment.BEGIN else (443, 2147)
        with served(net, machine, Event(at=at, act=Drop())) as host:
            with pytest.raises(LOST):
                write(host, machine, operation=str(at), old=old, new=new)
            assert pins(host) == [str(new)] * 2
    assert (machine.log.doubles, len(machine.log.ours)) == (0, 4)


def test_a_host_that_dies_after_its_answer_was_heard(net: str) -> None:
    """The client has the whole answer, and cannot tidy up any more."""
    machine = make_machine()
    with served(net, machine, Event(at=Moment.ANSWERED, act=Kill())) as host:
        with pytest.raises(LOST):
            write(host, machine)
        assert host.open_shells == 0
        assert pins(host) == ["443", "443"]


def test_another_machine_behind_the_address_is_left_alone(net: str) -> None:
    """Swapped between two scripts, or at the moment when the script arrives."""
    machine, other = make_machine(), make_machine()
    other.machine_id = "00000000-0000-4000-8000-000000000002"
    with served(net, machine, Event(at=Moment.BEGIN, act=Swap(other))) as host:
        assert write(host, machine)["result"] == "wrong-host"
        host.machine = machine
        assert write(host, machine)["result"] == "written"
    assert other.log.writes == []


def test_two_writers_at_once_do_not_meet(net: str) -> None:
    """The mutex lets one in; the other waits, and finds that all is done."""
    machine = make_machine()
    slow = Event(at=Moment.WAS_SET, act=Wait(0.5))
    with served(net, machine, slow) as host, ThreadPoolExecutor(2) as threads:
        both = [threads.submit(write, host, machine, operation=name) for name in ("1", "2")]
        assert sorted(one.result()["result"] for one in both) == ["already", "written"]
    assert (len(machine.log.ours), machine.log.doubles) == (2, 0)


def up(host: RunningHost) -> list[int]:
    """Probe the host; the ports of its live connections."""
    document = json.loads(run_script(host, Path("none"), parameters=ask("connections")).output[0])
    return sorted(row[3] for row in document["connections"]["rows"])


@pytest.mark.parametrize(("reconnects", "later"), [(30.0, [443, 443]), (None, [2147, 2147])])
def test_an_agent_takes_the_new_pin_up_after_its_time_or_never(
    net: str, reconnects: float | None, later: list[int]
) -> None:
    """By the fleet's clock, which the test sets forward."""
    machine, clock = make_machine(), OwnClock()
    machine.agent = Agent(key=KEY, values=VALUES, gateways=GATEWAYS, reconnects=0.0)
    machine.agent.settle(machine, clock())
    for address in GATEWAYS.values():
        machine.network.open([address], [2147, 443])
    machine.agent._connect(machine, GATEWAYS["primary"], 2147)
    machine.agent._connect(machine, GATEWAYS["backup"], 2147)
    machine.agent.reconnects = reconnects
    with served(net, machine, clock=clock) as host:
        assert up(host) == [2147, 2147]
        write(host, machine)
        clock.now += timedelta(seconds=29)
        assert up(host) == [2147, 2147]
        clock.now += timedelta(seconds=1)
        assert up(host) == later


def test_a_new_pin_that_is_closed_costs_the_agent_its_tunnel(net: str) -> None:
    """It lets the old one go, and gets no new one."""
    machine, clock = make_machine(), OwnClock()
    machine.agent = Agent(key=KEY, values=VALUES, gateways=GATEWAYS, reconnects=5.0)
    machine.agent._connect(machine, GATEWAYS["primary"], 2147)
    with served(net, machine, clock=clock) as host:
        assert up(host) == [2147]
        write(host, machine, old=2147, new=554)
        clock.now += timedelta(seconds=6)
        assert up(host) == []


def test_the_fleet_s_registries_can_be_looked_at_from_outside(tmp_path: Path, net: str) -> None:
    """`--scenario repin --state FILE` writes what every host holds, at SIGUSR1 and at the end."""
    state = tmp_path / "state.json"
    options = ("--scenario", "repin", "--hosts", "20", "--bad", "10", "--state", str(state))
    with start(*options, "--folder", str(tmp_path), "--address", f"{net}.19") as process:
        assert ready(process)["ready"] == 20
        process.send_signal(signal.SIGUSR1)
        assert eventually(state.exists)
        first = json.loads(state.read_text("ascii"))
        state.unlink()
        process.terminate()
        assert process.wait(10) == 0
    assert json.loads(state.read_text("ascii")) == first
    assert len(first) == 20
    one = next(iter(first.values()))
    assert (one["writes"], one["doubles"], one["overwrites"]) == (0, 0, 0)
    pinned = {str(values) for host in first.values() for values in host["registry"]["64"].values()}
    assert "{'PrimaryTunnelPort': ['DWORD', 443], 'BackupTunnelPort': ['DWORD', 443]}" in pinned
