"""Work that goes to its end, unless the run is told to leave it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from orchestrator.fleet.control.stop import StopRequest


async def to_its_end(
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

    deaf = stop.listen(stepped)
    try:
        await asyncio.wait({task})
    finally:
        deaf()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    if not task.cancelled():
        task.result()
