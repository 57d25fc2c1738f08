"""A request to stop an execution, in two steps: let hosts in flight finish, then abandon them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from orchestrator.fleet.control.clock import Clock

T = TypeVar("T")

LANDING = 2.0  # seconds that what is on its way to the disk gets once its execution is abandoned
_CLEARING = 1.0  # seconds that what was cancelled gets to put its things in order


class LeftError(Exception):
    """What was waited for had not ended some seconds after it was to be abandoned."""


class StopRequest:
    """Asked once: nothing new starts, what is in flight finishes. Asked again: that is abandoned.

    Belongs to one event loop's thread. `reason`: what asked first, in words ("Ctrl-C"), empty while nobody
    did.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._requested = asyncio.Event()
        self._abandoned = asyncio.Event()
        self._listeners: list[Callable[[StopRequest], None]] = []

    @property
    def requested(self) -> bool:
        """Whether nothing new may start."""
        return self._requested.is_set()

    @property
    def abandoned(self) -> bool:
        """Whether what is in flight is to be left."""
        return self._abandoned.is_set()

    def ask(self, reason: str) -> None:
        """Go one step further: from running to finishing, from finishing to abandoned."""
        if self.requested:
            self._abandoned.set()
        else:
            self.reason = reason
            self._requested.set()
        for listener in tuple(self._listeners):
            listener(self)

    def abandon(self, reason: str) -> None:
        """Go both steps at once."""
        while not self.abandoned:
            self.ask(reason)

    def listen(self, listener: Callable[[StopRequest], None]) -> Callable[[], None]:
        """Call `listener` at each step; return a function that unsubscribes it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def within(self, seconds: float, clock: Clock) -> bool:
        """Wait `seconds`, or until a stop is requested; return whether one was."""
        try:
            async with clock.timeout(seconds):
                await self._requested.wait()
        except TimeoutError:
            return False
        return True


async def run_until_abandoned(
    work: Coroutine[Any, Any, None], stop: StopRequest, on_step: Callable[[StopRequest], None]
) -> None:
    """Run `work` to its end, or cancel it and wait where `stop` abandons it. Call `on_step` at each step.

    Raise what `work` raises, but not that it was cancelled.
    """
    task = asyncio.create_task(work)

    def stepped(stop: StopRequest) -> None:
        on_step(stop)
        if stop.abandoned:
            task.cancel()

    unsubscribe = stop.listen(stepped)
    try:
        await asyncio.wait({task})
    finally:
        unsubscribe()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    if not task.cancelled():
        task.result()


async def wait_until_abandoned(
    tasks: Iterable[asyncio.Task[Any]],
    stop: StopRequest,
    on_step: Callable[[StopRequest], None],
    *,
    seconds: float,
) -> int:
    """Wait for `tasks` to end, for `seconds` more once `stop` abandons them. Call `on_step` at each step.

    Return how many have not ended by then: these are cancelled.
    """
    waited = frozenset(tasks)
    if not waited:
        return 0

    async def all_ended() -> None:
        await asyncio.wait(waited)

    if not stop.abandoned:
        await run_until_abandoned(all_ended(), stop, on_step)
    _, late = await asyncio.wait(waited, timeout=seconds)
    for task in late:
        task.cancel()
    return len(late)


async def result_until_abandoned(
    work: Coroutine[Any, Any, T], stop: StopRequest, on_step: Callable[[StopRequest], None]
) -> T:
    """Return what `work` returns, and raise what it raises. Call `on_step` at each step.

    Raise LeftError where it has not ended `LANDING` seconds after `stop` abandoned it: it was cancelled then.
    """
    task = asyncio.create_task(work)
    if await wait_until_abandoned({task}, stop, on_step, seconds=LANDING):
        await asyncio.wait({task}, timeout=_CLEARING)
        raise LeftError
    return task.result()
