"""A run's counters: who is in flight, who has ended, and what stops the run."""

from __future__ import annotations

import pytest

from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.waves import Limits
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.repin.events import HostEnded
from orchestrator.fleet.repin.limits import RunLimits
from orchestrator.fleet.repin.summary import HostEnd


def limits_of(max_failed: int | None = None) -> tuple[RunLimits, StopRequest, list[HostEnded]]:
    """Make the limits of a run, with the user's stop request and the events that come of it."""
    asked, events = StopRequest(), list[HostEnded]()
    return RunLimits(Limits(max_failed=max_failed), asked, events.append), asked, events


def end_of(host: str, state: State = State.VERIFIED) -> HostEnd:
    """Make an end."""
    return HostEnd(host=host, state=state, detail="", wave=1)


def test_a_host_is_in_flight_for_as_long_as_its_block_lasts() -> None:
    """However the block ends, the host is counted out."""
    limits, _, _ = limits_of()
    with limits.in_flight():
        assert limits.hosts_in_flight == 1
    with pytest.raises(ZeroDivisionError), limits.in_flight():
        raise ZeroDivisionError
    assert limits.hosts_in_flight == 0


def test_hosts_that_are_watched_are_counted_out_one_by_one() -> None:
    """Those that are left when the block ends are counted out with it, and none twice."""
    limits, _, _ = limits_of()
    with limits.in_flight(), limits.in_flight(3) as one_out:
        one_out()
        assert limits.hosts_in_flight == 3
    assert limits.hosts_in_flight == 0


def test_what_ends_after_the_stop_is_counted_apart() -> None:
    """The end that reaches the limit stops the run; those in flight are told as finished after it."""
    limits, _, events = limits_of(max_failed=1)
    for name, state in (("a", State.DENIED), ("b", State.VERIFIED), ("c", State.UNREACHABLE)):
        limits.ended(end_of(name, state))
    assert (limits.stopped, limits.gate, limits.interrupted) == (True, True, False)
    assert (limits.finished_after_stop, limits.failed_after_stop) == (2, 1)
    assert [event.end.host for event in events] == list(limits.ends) == ["a", "b", "c"]


def test_the_ends_are_for_reading_only() -> None:
    """Nobody but the limits can write an end."""
    limits, _, _ = limits_of()
    limits.ended(end_of("a"))
    assert not hasattr(limits.ends, "__setitem__")


def test_a_closed_run_follows_the_user_no_longer() -> None:
    """A Ctrl-C that comes while the run is being written down does not change what is written."""
    limits, asked, _ = limits_of()
    limits.close()
    asked.ask("Ctrl-C")
    assert (limits.stopped, limits.interrupted) == (False, False)
