"""Connect once more from a thread: by itself with the same peer,
or by the loop where a proxy or jump host is in between.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future

from orchestrator.remote.faults.trouble import Lost, Overdue

Again = Callable[[], "Future[socket.socket]"]
"""Has the loop connect with the same host; the future may be cancelled."""


def in_loop(loop: asyncio.AbstractEventLoop, dial: Callable[[], Awaitable[socket.socket]]) -> Again:
    """Make what has a loop dial, for a thread that asks."""

    async def dialled() -> socket.socket:
        return await dial()

    def again() -> Future[socket.socket]:
        return asyncio.run_coroutine_threadsafe(dialled(), loop)

    return again


def waited(dialling: Future[socket.socket], seconds: float) -> socket.socket:
    """Wait for a connection in a thread.

    Raises Overdue, Lost once it is cancelled, and what dialling raises.
    """
    try:
        return dialling.result(timeout=max(0.0, seconds))
    except CancelledError:
        raise Lost("cut") from None
    except TimeoutError:
        dialling.cancel()
        raise Overdue from None
