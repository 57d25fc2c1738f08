"""The clock that everything in `fleet` waits by: an argument everywhere, so that a test owns the time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What times and waits. Seconds everywhere."""

    def now(self) -> datetime:
        """Return the time of day, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go back; only differences mean something."""

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""

    def timeout(self, seconds: float | None) -> asyncio.Timeout:
        """Return a block that is cancelled after `seconds`, and then raises TimeoutError; None: never."""


class SystemClock:
    """The machine's clocks and the running event loop's timers."""

    def now(self) -> datetime:
        """Return the time of day, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return `time.monotonic`."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait in the event loop."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float | None) -> asyncio.Timeout:
        """Return an `asyncio.timeout`."""
        return asyncio.timeout(seconds)
