"""Work on many items, a few at a time: one value for each, as they finish. Knows nothing of hosts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

GRACE = 3.0  # seconds that what was cancelled gets to end by itself

Item = TypeVar("Item")
Value = TypeVar("Value")
Item_co = TypeVar("Item_co", covariant=True)


class Source(Protocol[Item_co]):
    """Where the next item comes from, when there is room for one."""

    async def take(self) -> Item_co | None:
        """Return the next item, or None where there is no more. May wait until one may start."""


class Listed(Generic[Item]):
    """The items of an iterable, in order."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items: Iterator[Item] = iter(items)

    async def take(self) -> Item | None:
        """Return the next item, at once."""
        return next(self._items, None)


@dataclass(frozen=True, slots=True)
class Done(Generic[Item, Value]):
    """The work on an item ended with a value."""

    item: Item
    value: Value


@dataclass(frozen=True, slots=True)
class Broke(Generic[Item]):
    """The work on an item raised what nobody foresaw."""

    item: Item
    error: BaseException


async def fan_out(
    source: Source[Item],
    work: Callable[[Item], Awaitable[Value]],
    *,
    jobs: int,
    stopped: Callable[[], bool] = lambda: False,
) -> AsyncGenerator[Done[Item, Value] | Broke[Item], None]:
    """Yield one value per item that was started, as they complete; an exception of `work` is a value too.

    At most `jobs` items are in work at a time, and none starts while as many results wait to be taken: who
    iterates slowly slows the work. Once `stopped()` is true nothing starts any more. Who leaves the loop
    early closes the generator (`contextlib.aclosing`): all work is then cancelled, and has ended or had
    `GRACE` seconds.
    """
    results: asyncio.Queue[Done[Item, Value] | Broke[Item] | None] = asyncio.Queue(maxsize=jobs)

    # Set once whoever iterated has gone: a worker whose work refused to be cancelled then waits for nobody.
    left = False

    async def worker() -> None:
        while not stopped() and (item := await source.take()) is not None:
            landed = await _landed(item, work)
            if left:
                return
            await results.put(landed)
        await results.put(None)

    workers = [asyncio.create_task(worker()) for _ in range(jobs)]
    try:
        ended = 0
        while ended < jobs:
            landed = await results.get()
            if landed is None:
                ended += 1
            else:
                yield landed
    finally:
        left = True
        for task in workers:
            task.cancel()
        await asyncio.wait(workers, timeout=GRACE)


async def _landed(item: Item, work: Callable[[Item], Awaitable[Value]]) -> Done[Item, Value] | Broke[Item]:
    try:
        return Done(item, await work(item))
    except asyncio.CancelledError as error:
        if told_to_end():
            raise
        return Broke(item, error)  # something inside cancelled itself: one item's trouble, not the run's
    except Exception as error:  # noqa: BLE001  # the promise of this module
        return Broke(item, error)


def told_to_end() -> bool:
    """Return whether the running task was cancelled from outside, and did not do it to itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
