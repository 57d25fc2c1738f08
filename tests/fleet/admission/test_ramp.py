"""How an execution widens: by its rate, and by little while this machine is behind."""

from __future__ import annotations

import asyncio

import pytest

from orchestrator.fleet.admission.ramp import FEW, LATE, Ramp
from orchestrator.fleet.control.clock import SystemClock
from orchestrator.fleet.control.stop import StopRequest


class _Clock(SystemClock):
    """Says that each wait ended so much too late; nobody waits for it."""

    def __init__(self, late: float) -> None:
        self._late = late
        self._at = 0.0

    def monotonic(self) -> float:
        return self._at

    def timeout(self, seconds: float | None) -> asyncio.Timeout:
        self._at += (seconds or 0.0) + self._late
        return super().timeout(0.0)


def width(late: float, steps: int) -> int:
    """Widen so many times, at 100 hosts a second, and return how many hosts may be in flight then."""
    ramp = Ramp(100.0, _Clock(late))

    async def widen() -> None:
        stop = StopRequest()
        for _ in range(steps):
            await ramp.widen(stop)

    asyncio.run(widen())
    return next(count for count in range(10_000) if not ramp.room(count))


@pytest.mark.parametrize(
    ("late", "hosts"),
    [
        pytest.param(0.0, 10 + 20, id="by the rate"),
        pytest.param(LATE * 0.8, 10 + 100, id="by what a short delay was worth"),
        pytest.param(1.0, 10 + 20 * FEW, id="by few where the machine is behind"),
    ],
)
def test_a_busy_machine_takes_few_more_hosts(late: float, hosts: int) -> None:
    """Growth never stops, and does not run ahead of a machine that cannot serve who is there already."""
    assert width(late, 20) == pytest.approx(hosts, abs=1)
