"""The pace that gateways are protected by."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from orchestrator.fleet.admission.pace import Pace
from orchestrator.fleet.control.stop import StopRequest
from tests.fleet.travel import TravelClock, travel

clock = TravelClock()


async def _times(pace: Pace, count: int, connects: dict[str, int]) -> list[float]:
    starts: list[float] = []

    async def one() -> None:
        await pace.charge(connects, StopRequest())
        starts.append(clock.monotonic())

    await asyncio.gather(*(one() for _ in range(count)))
    return starts


def test_first_second_is_free_then_the_rate_holds() -> None:
    """At 10 a second, 30 hosts with one connect each: ten at once, the last two seconds later."""

    async def run() -> Any:
        return await _times(Pace(10, clock), 30, {"203.0.113.10": 1})

    starts = travel(run())
    assert (10, pytest.approx(2.0)) == (sum(at == 0 for at in starts), starts[-1])


def test_gateways_have_buckets_of_their_own() -> None:
    """A host of another gateway does not wait for the crowd at the first."""

    async def run() -> Any:
        pace = Pace(10, clock)
        await pace.charge({"203.0.113.10": 10}, StopRequest())
        await pace.charge({"203.0.113.20": 10}, StopRequest())
        return clock.monotonic()

    assert travel(run()) == 0


def test_zero_is_off() -> None:
    """`--pace 0` makes nobody wait."""

    async def run() -> Any:
        return await _times(Pace(0, clock), 1000, {"203.0.113.10": 100})

    assert travel(run()) == [0.0] * 1000


def test_more_than_a_second_s_worth_waits_and_does_not_hang() -> None:
    """A full probe of more ports than the rate allows in a second waits for its turn, once."""

    async def run() -> Any:
        await Pace(10, clock).charge({"203.0.113.10": 36}, StopRequest())
        return clock.monotonic()

    assert travel(run()) == pytest.approx(2.6)


def test_what_was_made_beyond_the_charge_makes_the_next_one_wait() -> None:
    """A host whose probe widened to the whole list is paid for by those that come after it."""

    async def run() -> Any:
        pace = Pace(10, clock)
        await pace.charge({"203.0.113.10": 1}, StopRequest())
        pace.settle({"203.0.113.10": 1}, {"203.0.113.10": 16})
        await pace.charge({"203.0.113.10": 1}, StopRequest())
        return clock.monotonic()

    assert travel(run()) == pytest.approx(0.7)


def test_what_was_not_made_is_given_back() -> None:
    """Hosts that could not be reached cost the gateway nothing."""

    async def run() -> Any:
        pace = Pace(10, clock)
        await pace.charge({"203.0.113.10": 10}, StopRequest())
        pace.settle({"203.0.113.10": 10}, {})
        await pace.charge({"203.0.113.10": 10}, StopRequest())
        return clock.monotonic()

    assert travel(run()) == 0


def test_who_waits_for_the_pace_does_not_start_after_a_stop() -> None:
    """Ctrl-C while a host waits for its turn: it is not started."""

    async def run() -> Any:
        pace, stop = Pace(1, clock), StopRequest()
        asyncio.get_running_loop().call_later(2, stop.ask, "Ctrl-C")
        return await pace.charge({"203.0.113.10": 60}, stop), clock.monotonic()

    assert travel(run()) == (False, 2.0)


def test_a_share_ends_with_who_shared_it() -> None:
    """A later scan that shares a gateway with nobody gets the rate again; another gateway keeps its share."""

    async def run() -> Any:
        pace = Pace(0, clock)
        pace.share(["203.0.113.10", "203.0.113.20"], {"203.0.113.10": 10, "203.0.113.20": 10})
        pace.share(["203.0.113.10"], {})
        whole = await _times(pace, 30, {"203.0.113.10": 1})
        shared = await _times(pace, 30, {"203.0.113.20": 1})
        return whole[-1] - whole[0], shared[-1] - shared[0]

    assert travel(run()) == (0, pytest.approx(2.0))
