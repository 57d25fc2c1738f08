"""How a run of the re-pin stands: who ended how, why it stops, and what is written down of it."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.domain.repin.waves import Count, Limits
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.repin.events import HostEnded
from orchestrator.fleet.repin.summary import HostEnd


class Course:
    """Counts ends, and stops the run: at a limit, at a lock-out breaker, at trouble, or because `asked` says so.

    `stop` is the run's own: the user's first Ctrl-C after a limit was reached must not abandon anybody.
    """

    def __init__(self, limits: Limits, asked: StopRequest, tell: Callable[[HostEnded], None]) -> None:
        self.stop = StopRequest()
        self.ends: dict[str, HostEnd] = {}
        self.in_flight = 0
        self.interrupted = self.gate = False
        self.trouble = ""
        self.finished_after_stop = self.failed_after_stop = 0
        self._limits = limits
        self._count = Count()
        self._tell = tell
        self._deaf = asked.listen(self._asked)
        if asked.requested:
            self._asked(asked)

    def close(self) -> None:
        """Listen to nobody any more."""
        self._deaf()

    def ended(self, end: HostEnd) -> None:
        """Count a host's end and tell it; stop where that reaches a limit."""
        self.ends[end.host] = end
        if self.stop.requested:
            self.finished_after_stop += 1
            self.failed_after_stop += end.failed
        self._tell(HostEnded(end=end))
        if end.counts_as is not None:
            self._count = self._count.plus(end.counts_as)
        reached = self._count.over(self._limits)
        if reached is not None:
            self.at_gate(reached)

    def left(self, end: HostEnd) -> None:
        """Keep the end of a host that was left in the middle, and tell it."""
        self.ends[end.host] = end
        self._tell(HostEnded(end=end))

    def at_gate(self, reason: str) -> None:
        """Start nothing more: a safety gate says so."""
        if not self.stop.requested:
            self.gate = True
            self.stop.ask(reason)

    def troubled(self, trouble: str) -> None:
        """Start nothing more: the database, or a fault of ours. What is in flight finishes as far as it can."""
        self.trouble = self.trouble or trouble
        if not self.stop.requested:
            self.stop.ask(trouble)

    def _asked(self, asked: StopRequest) -> None:
        self.interrupted = True
        if asked.abandoned:
            self.stop.abandon(asked.reason)
        elif not self.stop.requested:
            self.stop.ask(asked.reason)
