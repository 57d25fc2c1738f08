"""A host that says "still running" at once is asked again with a pause, and not thousands of times."""

from __future__ import annotations

import itertools
import socket
from pathlib import Path

import pytest

from orchestrator.demo.behaviour import Behaviour, SoapFault, Step
from orchestrator.domain.cause import Cause
from orchestrator.domain.reading import Reading
from orchestrator.remote.faults.codes import KEEP_ALIVE
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.faults.trouble import Lost
from orchestrator.remote.over_pypsrp.wire import BlockingConnection
from orchestrator.remote.psrp.patience import FIRST, FREE, LONGEST, Patience
from tests.remote.wired import ask, fleet_of, run, simulated, transport

BOTH_WIRES = True


def probed(tmp_path: Path, *, times: int | None, deadline: float) -> tuple[Reading | Fault, int]:
    """Probe a host that says so to `times` Receives (None: always); return what came of it,
    and the requests it had.
    """

    async def go() -> tuple[Reading | Fault, int]:
        busy = Behaviour(
            name="busy", cause=None, step=Step.RECEIVE, act=SoapFault(KEEP_ALIVE, "w:TimedOut"), times=times
        )
        async with fleet_of(tmp_path, simulated("web1", busy)) as (fleet, [host]), transport() as made:
            found = await ask(made, host, deadline=deadline)
            (running,) = fleet.hosts.values()
            return found if isinstance(found, Fault) else found[0], running.counters.requests

    return run(go())


def test_a_host_that_is_still_running_for_a_while_has_its_reading(tmp_path: Path) -> None:
    """Some such answers are the protocol's own way: the script's answer comes after them."""
    found, requests = probed(tmp_path, times=3, deadline=20.0)
    assert isinstance(found, Reading)
    assert requests < 20


def test_a_host_that_says_so_without_end_is_asked_a_few_times_only(tmp_path: Path) -> None:
    """In two seconds of its deadline it is asked five times after the script was sent: 0.1, 0.2, 0.4,
    0.8 s apart.
    """
    found, requests = probed(tmp_path, times=None, deadline=2.0)
    assert isinstance(found, Fault)
    assert found.cause == Cause.DEADLINE
    assert requests < 20


def test_the_pause_grows_and_ends_when_something_comes() -> None:
    """Twice as long each time, two seconds at most; what brings something is followed at once."""
    patience = Patience()
    idle = [patience.after(heard=False) for _ in range(8)]
    assert idle == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0])
    assert [patience.after(heard=heard) for heard in (True, True, False)] == [0.0, 0.0, pytest.approx(0.1)]


def test_small_pieces_without_end_are_taken_slower() -> None:
    """A host that brings a few bytes each time is asked without a pause for a while, not for ever."""
    patience = Patience()
    waits = [patience.after(heard=True) for _ in range(FREE + 3)]
    assert (set(waits[:FREE]), set(waits[FREE:])) == ({0.0}, {FIRST})


def test_no_number_of_idle_answers_makes_the_pause_longer_than_its_most() -> None:
    """A day of them breaks nothing."""
    patience = Patience()
    assert max(patience.after(heard=False) for _ in range(5000)) == LONGEST


def test_a_thread_that_pauses_wakes_up_when_it_is_cut() -> None:
    """A deadline does not wait for a pause."""
    left, right = socket.socketpair()
    with left, right:
        ticks = itertools.count()
        wire = BlockingConnection(left, ends=1e9, clock=lambda: float(next(ticks)))
        wire.cut()
        with pytest.raises(Lost):
            wire.pause(1e6)
