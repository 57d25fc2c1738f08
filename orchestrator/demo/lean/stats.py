"""What serving has cost so far: one JSON line, for benchmarks of clients."""

from __future__ import annotations

import gc
import json
import sys
import time

from orchestrator.demo.lean.fleet import LeanFleet


class Stats:
    """CPU of this process and what it served for it, since this was made or `line` was last called."""

    def __init__(self, fleet: LeanFleet) -> None:
        self._fleet = fleet
        gc.collect()
        gc.freeze()  # the hosts stay: a collection over 10,000 of them would be charged to a session
        self._before = self._now()

    def _now(self) -> tuple[int, int, int, int, float]:
        seen = [host.counters for host in self._fleet.hosts.values()]
        return (
            sum(one.scripts.total() for one in seen),
            sum(one.connections for one in seen),
            sum(one.requests for one in seen),
            sum(one.rejected.total() for one in seen),
            time.process_time(),
        )

    def line(self) -> str:
        """Return the line: counts, seconds of CPU, milliseconds of it per session (script run),
        memory in MB.
        """
        now = self._now()
        sessions, connections, requests, rejected, cpu = (
            late - early for late, early in zip(now, self._before, strict=True)
        )
        self._before = now
        said = {
            "sessions": int(sessions),
            "connections": int(connections),
            "requests": int(requests),
            "rejected": int(rejected),
            "open_connections": sum(host.counters.open_connections for host in self._fleet.hosts.values()),
            "open_shells": sum(host.open_shells for host in self._fleet.hosts.values()),
            "cpu_seconds": round(cpu, 3),
            "cpu_ms_per_session": round(cpu / sessions * 1000, 3) if sessions else None,
            "memory_mb": _memory(),
        }
        return json.dumps(said)


def _memory() -> int | None:
    """Return the most memory that this process has held, in MB; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // (1024 * 1024 if sys.platform == "darwin" else 1024)
