"""Run work to its end, unless a second stop request abandons it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from orchestrator.fleet.control.stop import StopRequest


async def run_until_abandoned(
    work: Coroutine[Any, Any, None], stop: StopRequest, on_step: Callable[[StopRequest], None]
) -> None:
    """Run `work` to its end; where `stop` abandons it, cancel it and wait for that. `on_step` is told of each step.

    What `work` raises comes out; its being cancelled does not.
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
