"""Limit how many connects a second the whole fleet makes to one gateway: a scan is no attack on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.control.stop import StopRequest

BURST = 1.0  # seconds' worth of connects that a gateway may get at once


class Pace:
    """A token bucket per gateway address. `rate` is connects a second and gateway, 0: no limit.

    Each bucket is one number: the moment by which everything charged so far has been paid for at `rate`.
    `shares` are lower rates of single gateways, which others ask too.
    """

    def __init__(self, rate: float, clock: Clock, shares: Mapping[str, float] | None = None) -> None:
        self._rate = rate
        self._shares = dict(shares or {})
        self._clock = clock
        self._paid: dict[str, float] = {}

    def share(self, gateways: Iterable[str], shares: Mapping[str, float]) -> None:
        """Take new shares of these gateways; one that is not among `shares` is shared no longer."""
        for address in gateways:
            self._shares.pop(address, None)
        self._shares.update(shares)

    async def charge(self, connects: Mapping[str, int], stop: StopRequest) -> bool:
        """Charge connects by gateway, wait until they may be made; return False where a stop came first."""
        wait = self._charge(connects)
        return not (stop.requested if wait <= 0 else await stop.within(wait, self._clock))

    def settle(self, charged: Mapping[str, int], made: Mapping[str, int]) -> None:
        """Charge, without a wait, what was made beyond what was charged; give back what was not made."""
        self._charge(
            {address: made.get(address, 0) - charged.get(address, 0) for address in {*charged, *made}}
        )

    def _charge(self, connects: Mapping[str, int]) -> float:
        if self._rate <= 0 and not self._shares:
            return 0.0
        now = self._clock.monotonic()
        wait = 0.0
        for address, count in connects.items():
            rate = self._shares.get(address, self._rate)
            rate = min(rate, self._rate) if self._rate > 0 else rate
            if count and rate > 0:
                paid = max(self._paid.get(address, now - BURST), now - BURST) + count / rate
                self._paid[address] = paid
                wait = max(wait, paid - now)
        return wait
