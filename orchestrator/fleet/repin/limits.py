"""Count how the hosts of a run end, and stop it: at a limit, a lock-out breaker, trouble, or on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from orchestrator.domain.repin.waves import Count, Limits
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.repin.events import HostEnded
from orchestrator.fleet.repin.summary import HostEnd


class RunLimits:
    """Own a run's counters and its stop request; nobody else writes them. Follow `asked`, the user's.

    `stop` is the run's own: the user's first Ctrl-C after a limit was reached must not abandon anybody.
    """

    def __init__(self, limits: Limits, asked: StopRequest, emit: Callable[[HostEnded], None]) -> None:
        self.stop = StopRequest()
        self.interrupted = False  # the user asked
        self.gate = False  # a limit, a lock-out breaker or the plan's end of time asked first
        self.trouble = ""  # the first trouble with the database, or of our own, in words
        self.finished_after_stop = 0
        self.failed_after_stop = 0
        self.hosts_in_flight = 0
        self._ends: dict[str, HostEnd] = {}
        self._limits = limits
        self._count = Count()
        self._emit = emit
        self._unsubscribe = asked.listen(self._asked)
        if asked.requested:
            self._asked(asked)

    @property
    def ends(self) -> Mapping[str, HostEnd]:
        """What became of each host that has ended, by name, in the order in which they ended."""
        return MappingProxyType(self._ends)

    @property
    def stopped(self) -> bool:
        """Whether nothing more may be begun."""
        return self.stop.requested

    def close(self) -> None:
        """Follow the user's stop request no longer."""
        self._unsubscribe()

    @contextmanager
    def in_flight(self, hosts: int = 1) -> Iterator[Callable[[], None]]:
        """Count hosts as in flight in this block; yield what counts one of them out before the block ends."""
        left = hosts
        self.hosts_in_flight += hosts

        def one_out() -> None:
            nonlocal left
            left -= 1
            self.hosts_in_flight -= 1

        try:
            yield one_out
        finally:
            self.hosts_in_flight -= left

    def ended(self, end: HostEnd) -> None:
        """Count and emit a host's end; stop the run where that reaches a limit."""
        self._ends[end.host] = end
        if self.stop.requested:
            self.finished_after_stop += 1
            self.failed_after_stop += end.failed
        self._emit(HostEnded(end=end))
        if end.counts_as is not None:
            self._count = self._count.plus(end.counts_as)
        reached = self._count.over(self._limits)
        if reached is not None:
            self.stop_at_gate(reached)

    def abandoned(self, end: HostEnd) -> None:
        """Keep and emit the end of a host that was left in the middle."""
        self._ends[end.host] = end
        self._emit(HostEnded(end=end))

    def stop_at_gate(self, reason: str) -> None:
        """Stop the run for a safety gate."""
        if not self.stop.requested:
            self.gate = True
            self.stop.ask(reason)

    def stop_for_trouble(self, trouble: str) -> None:
        """Stop the run for the database, or a fault of ours. What is in flight finishes as far as it can."""
        self.trouble = self.trouble or trouble
        if not self.stop.requested:
            self.stop.ask(trouble)

    def _asked(self, asked: StopRequest) -> None:
        self.interrupted = True
        if asked.abandoned:
            self.stop.abandon(asked.reason)
        elif not self.stop.requested:
            self.stop.ask(asked.reason)
