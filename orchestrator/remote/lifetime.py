"""How long a session may live: until its deadline, or until its transport is closed.

Both transports keep it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from orchestrator.remote.faults.classify import classify, overdue
from orchestrator.remote.faults.trouble import Lost
from orchestrator.remote.try_progress import TryProgress


class Lifetime:
    """The time of one `run`.

    `cut` ends it early, whatever it waits for: a name, a connection, another's logon.
    """

    __slots__ = ("_course", "_is_cut", "_seconds", "_timeout")

    def __init__(self, course: TryProgress, seconds: float) -> None:
        """`seconds` count from `kept`."""
        self._course = course
        self._seconds = seconds
        self._is_cut = False
        self._timeout: asyncio.Timeout | None = None

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Cancel the block at its end. Raises Fault then: DEADLINE, or SESSION_LOST where it was cut."""
        try:
            async with asyncio.timeout(0.0 if self._is_cut else self._seconds) as self._timeout:
                yield
        except TimeoutError:
            seen = self._course.seen()
            raise (classify(Lost("this run ended"), seen) if self._is_cut else overdue(seen)) from None
        finally:
            self._timeout = None

    def cut(self) -> None:
        """End it now."""
        self._is_cut = True
        if self._timeout is not None and not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time())
