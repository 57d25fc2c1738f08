"""The clock that everything in this room waits by. It comes in as an argument, so that a test can own the time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Times and waits. Seconds everywhere."""

    def now(self) -> datetime:
        """Tell the time of day, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean something."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""

    def timeout(self, seconds: float | None) -> asyncio.Timeout:
        """Make a block that is cancelled after `seconds` and then raises TimeoutError; None: never."""


class SystemClock:
    """The machine's clocks and the running event loop's timers."""

    def now(self) -> datetime:
        """Tell the time of day, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds of `time.monotonic`."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait in the event loop."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float | None) -> asyncio.Timeout:
        """Make an `asyncio.timeout`."""
        return asyncio.timeout(seconds)
