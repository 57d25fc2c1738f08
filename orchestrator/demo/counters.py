"""What a simulated host has seen, for tests to look at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Counts since the host started.

    `accepted` and `rejected` are logons by user name as it was tried; `scripts` are runs by name ("" for a
    script that is not known). What was written stands in the machine's own log
    (`orchestrator.demo.machine.writes`).
    """

    connections: int = 0
    open_connections: int = 0
    requests: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    shells_opened: int = 0
    shells_closed: int = 0
    shells_expired: int = 0
    scripts: Counter[str] = field(default_factory=Counter)

    @property
    def logons(self) -> int:
        """Every logon that was judged, good or bad."""
        return self.accepted.total() + self.rejected.total()
