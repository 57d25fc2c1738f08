"""Run work to its end, unless a second stop request abandons it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from orchestrator.fleet.control.stop import StopRequest


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
