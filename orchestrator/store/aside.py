"""Work of a database that blocks, in a thread that nobody has to wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


async def aside(work: Callable[[], T]) -> T:
    """Run `work` in a thread of its own and return what it returns; raise what it raises.

    Cancelled, it goes on, and neither the event loop nor the process waits for it at their end, as both do
    for `asyncio.to_thread`.
    """
    done: Future[T] = Future()

    def run() -> None:
        if not done.set_running_or_notify_cancel():
            return
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 -- it goes to who waits
            done.set_exception(error)

    threading.Thread(target=run, name="fleetcheck-aside", daemon=True).start()
    return await asyncio.wrap_future(done)
