"""Calls that block and cannot be cancelled (libkrb5's, a secret's source), off the event loop:
in threads that nobody waits for.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

AT_ONCE = 32

_Result = TypeVar("_Result")


class OffLoop:
    """Runs at most `at_once` calls at a time, each in a daemon thread;
    a call that is given up counts no longer.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._free = asyncio.Semaphore(at_once)

    async def run(self, call: Callable[[], _Result], *, seconds: float | None) -> _Result:
        """Return what `call` returns, raise what it raises; TimeoutError where it takes longer than `seconds`
        (None: however long it takes).

        The time counts from the call's start, never from its place in the queue. Cancelling gives the call up
        too.
        """
        async with self._free:
            async with asyncio.timeout(seconds):
                return await self._started(call)

    @staticmethod
    def _started(call: Callable[[], _Result]) -> asyncio.Future[_Result]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[_Result] = loop.create_future()

        def tell(result: _Result | None, error: BaseException | None) -> None:
            if answer.done():  # given up
                return
            if error is None:
                answer.set_result(result)  # type: ignore[arg-type]  # None only where the call gives None
            else:
                answer.set_exception(error)

        def work() -> None:
            result, error = None, None
            try:
                result = call()
            except Exception as caught:  # noqa: BLE001  # it goes to who waits
                error = caught
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(tell, result, error)

        threading.Thread(target=work, name="off-loop", daemon=True).start()
        return answer
