"""An answer that is due after a while and costs nothing until then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

Envelope = tuple[int, bytes]
"""An HTTP status, and a SOAP envelope."""


class Later:
    """What `make` gives, `seconds` from the `start`; `hurry` brings it forward."""

    def __init__(self, seconds: float, make: Callable[[], Envelope]) -> None:
        self.seconds = seconds
        self._make = make
        self._deliver: Callable[[Envelope], None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self, deliver: Callable[[Envelope], None]) -> None:
        """Begin to wait; `deliver` gets what was made."""
        self._deliver = deliver
        self._timer = asyncio.get_running_loop().call_later(self.seconds, self._due)

    def hurry(self, seconds: float) -> None:
        """Let it be due in so many seconds, if that is sooner and it is under way."""
        loop = asyncio.get_running_loop()
        if self._timer is not None and loop.time() + seconds < self._timer.when():
            self._timer.cancel()
            self._timer = loop.call_later(seconds, self._due)

    def cancel(self) -> None:
        """Forget it: nobody is left to hear it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self) -> None:
        self._timer = None
        if self._deliver is not None:
            self._deliver(self._make())
