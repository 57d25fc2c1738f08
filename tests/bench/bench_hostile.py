"""Hosts that answer by thousands of scripts: each ends as a reply or a fault, on time, with no socket left.

    python -m tests.bench.bench_hostile [--scripts 2000]

Over both transports, on loopback, over TLS with Basic. Prints what came of them; exit code 1 and the smallest
script where one did not end as it should.
"""

from __future__ import annotations

import argparse
import collections

from hypothesis import HealthCheck, given, settings

from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.transport_name import TransportName
from tests.remote.hostile import DEADLINE, Script, outcome, scripts
from tests.remote.wired import WIRE


def main() -> None:
    """Run it over each transport."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scripts", type=int, default=2000)
    most = parser.parse_args().scripts
    for wire in TransportName:
        WIRE.set(wire)
        ends: collections.Counter[str] = collections.Counter()
        slowest = 0.0

        @settings(deadline=None, max_examples=most, database=None, suppress_health_check=list(HealthCheck))
        @given(scripts())
        def ends_well(said: Script) -> None:
            nonlocal slowest
            found, took, left = outcome(said)
            slowest = max(slowest, took)
            ends[str(found.cause) if isinstance(found, Fault) else "reply"] += 1  # noqa: B023  # called below
            assert (took < DEADLINE + 1.0, left) == (True, 0)

        ends_well()
        print(f"{wire}: {ends.total()} scripts, slowest {slowest:.2f} s of {DEADLINE} s: {dict(ends)}")  # noqa: T201


if __name__ == "__main__":
    main()
