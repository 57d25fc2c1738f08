"""A loop in which waiting takes no time: what would sleep for a minute is there at once,
and the clock says so.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.fleet.control.clock import SystemClock

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


class _Leaping(selectors.DefaultSelector):
    """Instead of waiting for a timer, makes it later."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            message = "everything waits, and for nothing: a deadlock"
            raise AssertionError(message)
        if not ready and timeout:
            self.passed += timeout
        return ready


class TravelLoop(asyncio.SelectorEventLoop):
    """An event loop that leaps from timer to timer."""

    def __init__(self) -> None:
        self.leaping = _Leaping()
        super().__init__(self.leaping)

    def time(self) -> float:
        """Return the seconds that were leapt over."""
        return self.leaping.passed


class TravelClock(SystemClock):
    """The clock of such a loop; its first day is New Year's."""

    def now(self) -> datetime:
        """Return New Year's and the seconds since."""
        return NEW_YEAR + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return the loop's own time."""
        return asyncio.get_running_loop().time()


def travel(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end in a loop that leaps from timer to timer."""
    with asyncio.Runner(loop_factory=TravelLoop) as runner:
        return runner.run(coroutine)
