"""What the hub knows of one site in a run: what waits for it, what it has, and when it was last heard of."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping

from inventory.model import Host
from orchestrator.domain.sites.unit import MOST, Hello

AHEAD = (
    2  # batches that wait or are worked on, for each slot of the site: its next one is there when one ends
)


class Site:
    """One site's hosts. `silent`: it was given up for now; what it says later counts all the same."""

    def __init__(self, name: str, hosts: Iterable[Host], now: float) -> None:
        self.name = name
        self.pending = deque(hosts)
        self.again: deque[tuple[Host, ...]] = deque()  # batches that came back, in smaller ones
        self.out: dict[str, dict[str, Host]] = {}
        self.hello: Hello | None = None
        self.heard = now  # or since when it is waited for
        self.silent = False
        self.not_started: list[str] = []

    def hear(self, now: float, hello: Hello | None = None) -> None:
        """Take note that the site is there."""
        self.heard, self.silent = now, False
        self.hello = hello or self.hello

    @property
    def left(self) -> int:
        """How many hosts have no end yet."""
        return len(self.pending) + sum(map(len, self.again)) + sum(map(len, self.out.values()))

    @property
    def room(self) -> bool:
        """Whether it may have one more batch."""
        return self.hello is not None and len(self.out) < AHEAD * max(1, self.hello.slots)

    @property
    def most(self) -> int:
        """How many hosts a batch has: so many that all slots together hold twice the width."""
        if self.hello is None:
            return 1
        return max(1, min(MOST, math.ceil(AHEAD * self.hello.width / max(1, self.hello.slots))))

    def send(self, batch: str, hosts: Iterable[Host]) -> None:
        """Take note of a batch that goes out."""
        self.out[batch] = {host.name: host for host in hosts}

    def end_host(self, name: str) -> bool:
        """Forget a host that has its result, wherever it is; return whether it was out."""
        found = False
        for hosts in self.out.values():
            found = hosts.pop(name, None) is not None or found
        return found

    def held(self, batch: str, name: str) -> Host | None:
        """Take a host out of a batch that did not begin it; None where it is not in it any more."""
        return self.out.get(batch, {}).pop(name, None)

    def end_batch(self, batch: str) -> Mapping[str, Host]:
        """Take a batch that has ended out; return what is left of it."""
        return self.out.pop(batch, {})

    def halve(self, hosts: Iterable[Host]) -> None:
        """Queue hosts of a batch that came back, as two smaller ones."""
        left = tuple(hosts)
        middle = math.ceil(len(left) / 2)
        self.again.extend(part for part in (left[:middle], left[middle:]) if part)
