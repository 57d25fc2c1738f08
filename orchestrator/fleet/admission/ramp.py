"""Limit how fast an execution widens: hosts begin one after the other until it is as wide as it may be."""

from __future__ import annotations

from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.control.stop import StopRequest

SHARE = 0.1  # seconds' worth of hosts that may begin at once
FEW = 0.25  # hosts that a busy machine takes more for each wait
LATE = 0.05  # seconds by which a wait may end late before this machine counts as busy with who is in flight


class Ramp:
    """Let the number of hosts in flight grow by `rate` a second; 0: as fast as it can.

    Only growth is held back: a host that takes the place of one that has ended begins at once. So a wide run
    does not send its first thousand logons in one moment, nor when the lock-out breaker opens, and keeps its
    rate afterwards. While this machine is busy it grows by a few: more hosts would end no sooner, and their
    deadlines would pass while their answers wait to be read.
    """

    def __init__(self, rate: float, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._at_once = max(1.0, rate * SHARE)
        self._allowed = self._at_once

    def room(self, in_flight: int) -> bool:
        """Return whether one more host may begin now."""
        return self._rate <= 0 or in_flight + 1 <= self._allowed

    async def widen(self, stop: StopRequest) -> None:
        """Wait until there is room for one more host, or for as many as the time was worth; or a stop."""
        began = self._clock.monotonic()
        await stop.within(1 / self._rate, self._clock)
        took = self._clock.monotonic() - began
        busy = took - 1 / self._rate > LATE
        self._allowed += FEW if busy else max(1.0, took * self._rate)

    def narrow(self, in_flight: int) -> None:
        """Take note that nothing can begin for now: hosts that then come at once begin one by one."""
        self._allowed = min(self._allowed, in_flight + self._at_once)
