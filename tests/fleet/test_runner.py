"""Many items at a time, a value for each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

from orchestrator.fleet.runner import Broke, Done, Listed, fan_out
from tests.fleet.travel import TravelClock, travel

clock = TravelClock()


def test_values_come_in_the_order_the_work_finishes() -> None:
    """A quick host is reported before a slow one that started first."""

    async def run() -> Any:
        return [landed async for landed in fan_out(Listed([3, 1, 2]), _sleep(), jobs=3)]

    assert [Done(1, 1), Done(2, 2), Done(3, 3)] == travel(run())


def test_no_more_than_jobs_are_in_work() -> None:
    """Ten hosts at a width of three: three at a time, never more."""
    now, most = 0, 0

    async def work(item: int) -> Any:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await clock.sleep(item)
        now -= 1

    async def run() -> Any:
        return [landed async for landed in fan_out(Listed(range(10)), work, jobs=3)]

    assert (len(travel(run())), most) == (10, 3)


def test_what_nobody_foresaw_is_a_value() -> None:
    """A programming error over one host costs no other host its result."""

    async def work(item: int) -> Any:
        await clock.sleep(item)
        if item == 2:
            raise ZeroDivisionError
        return item

    async def run() -> Any:
        return [landed async for landed in fan_out(Listed([1, 2, 3]), work, jobs=2)]

    first, second, third = travel(run())
    assert (Done(1, 1), Done(3, 3)) == (first, third)
    assert (2, ZeroDivisionError) == (second.item, type(second.error))


def test_work_that_cancels_itself_is_a_value() -> None:
    """A cancellation that comes from inside one host's work ends only that host."""

    async def work(item: int) -> Any:
        if item == 1:
            raise asyncio.CancelledError
        return item

    async def run() -> Any:
        return [landed async for landed in fan_out(Listed([1, 2]), work, jobs=1)]

    first, second = travel(run())
    assert (True, Done(2, 2)) == (isinstance(first, Broke), second)


def test_once_stopped_nothing_starts_and_all_in_work_finish() -> None:
    """After a stop the hosts in flight still have their results, and no other was begun."""
    begun = []

    async def work(item: int) -> Any:
        begun.append(item)
        await clock.sleep(1)
        return item

    async def run() -> Any:
        return [
            landed.item
            async for landed in fan_out(Listed(range(9)), work, jobs=2, stopped=lambda: len(begun) >= 4)
        ]

    assert (sorted(travel(run())), begun) == ([0, 1, 2, 3], [0, 1, 2, 3])


def test_who_leaves_early_leaves_no_work_behind() -> None:
    """Leaving the loop at the first result cancels the others before the loop is left."""
    cancelled = []

    async def work(item: int) -> Any:
        try:
            await clock.sleep(item)
        except asyncio.CancelledError:
            cancelled.append(item)
            raise

    async def run() -> Any:
        async with aclosing(fan_out(Listed([1, 50, 60]), work, jobs=3)) as results:
            async for _ in results:
                break
        return sorted(cancelled), clock.monotonic()

    assert travel(run()) == ([50, 60], 1.0)


def test_slow_reader_slows_the_work() -> None:
    """Where results are taken slowly no more than twice the width is ahead of the reader."""
    begun = 0

    async def work(_item: int) -> None:
        nonlocal begun
        begun += 1

    async def run() -> Any:
        async with aclosing(fan_out(Listed(range(100)), work, jobs=2)) as results:
            async for _ in results:
                await clock.sleep(5)
                break
        return begun

    assert travel(run()) <= 5


def _sleep() -> Callable[[int], Awaitable[int]]:
    async def work(item: int) -> Any:
        await clock.sleep(item)
        return item

    return work
