"""The window of a write on a real engine: from asking for the data that is compared to the end of the set.

    FLEETCHECK_WINHOST=... python -m tests.bench.bench_window [--writes 200] [--warm]

Over the wire. Each write is a run of the whole script with four values in both views, to and fro; its window
is the longest of the four. By default every run has a process of its own, as on Windows, where every line
runs for the first time; `--warm` lets one process do all runs. It passes when no write failed: how long the
window is depends on the machine, and here each registry call goes through Wine's server.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence

from orchestrator.remote.contract.repin_answer import RepinResult
from tests import winhosts as kit
from tests.bench.bench_scan import say
from tests.remote.repin_host import machine, write
from tests.remote.repins import both, pins, planned
from tests.remote.scenarios import KEY

AS_SHIPPED = {"DOTNET_TieredPGO": "1", "DOTNET_TC_CallCountingDelayMs": "64"}  # what tests turn off


def windows(host: kit.Winhost, writes: int) -> list[int]:
    """Write to and fro; return each run's window in microseconds."""
    host.clear()
    for view in (64, 32):
        host.arrange(view, KEY, pins())
    me = machine(host)
    found = []
    ports = ("2147", "443")
    for number in range(writes):
        old, new = ports if number % 2 == 0 else reversed(ports)
        targets = (*both(expected=old, new=new), *both(view=32, expected=old, new=new))
        answer = write(host, planned(targets, computer=me.computer, machine_id=me.machine_id))
        if answer.result is not RepinResult.WRITTEN or answer.window_us is None:
            raise AssertionError(answer)
        found.append(answer.window_us)
    return found


def told(found: Sequence[int]) -> str:
    """Say what was measured."""
    ninety = statistics.quantiles(found, n=10)[-1]
    return (
        f"{len(found)} writes of 4 values: window min {min(found)} us, median "
        f"{statistics.median(found):.0f} us, 90 % below {ninety:.0f} us, max {max(found)} us (real engine, "
        "over the wire)"
    )


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--writes", type=int, default=200)
    options.add_argument("--warm", action="store_true", help="let one process do all runs")
    asked = options.parse_args()
    warm = None if asked.warm else 0
    with kit.claim_net() as net, kit.start(net, warm=warm, environ=AS_SHIPPED) as (host,):
        say(told(windows(host, asked.writes)))


if __name__ == "__main__":
    main()
