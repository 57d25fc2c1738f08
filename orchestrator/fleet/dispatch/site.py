"""What the hub knows of one site in a run: what waits for it, what it has, and when it was last heard of."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from inventory.model import Host
from orchestrator.domain.sites.unit import MOST, Hello

AHEAD = (
    2  # batches that wait or are worked on, for each slot of the site: its next one is there when one ends
)
CLOCKS = 60.0  # seconds by which clocks may differ without a word


class Site:
    """One site's hosts. `script`: the SHA-256 of the probe that its worker has to have.

    `silent`: it was given up for now; what it says later counts all the same.
    """

    def __init__(self, name: str, hosts: Iterable[Host], now: float, script: str) -> None:
        self.name, self._script = name, script
        self.pending = deque(hosts)
        self.again: deque[tuple[Host, ...]] = deque()  # batches that came back, in smaller ones
        self.out: dict[str, dict[str, Host]] = {}
        self.hello: Hello | None = None
        self.heard = now  # or since when it is waited for
        self.answered = now  # a result that is believed, or since when one is waited for
        self.silent = False
        self.disbelieved = ""  # why something that came in its name is not believed: the first such
        self.not_started: list[str] = []

    def hear(self, now: float, hello: Hello | None = None) -> None:
        """Take note that the site is there: by a hello, or by a result."""
        self.heard, self.silent = now, False
        if hello is None:
            self.answered = now
        else:
            self.hello = hello

    @property
    def worker(self) -> str | None:
        """The process that serves it, as it calls itself."""
        return None if self.hello is None else self.hello.worker

    @property
    def unfit(self) -> str | None:
        """Why its worker gets no hosts, in words; None where it does, or nobody was heard yet."""
        return None if self.hello is None else self.hello.misfit(self._script)

    def remark(self, hello: Hello, now: datetime) -> str | None:
        """Say in words what is wrong with a worker, or with its clock alone."""
        if (words := hello.misfit(self._script)) is not None:
            return words
        apart = (hello.sent - now).total_seconds()
        if abs(apart) > CLOCKS:
            side = "ahead of" if apart > 0 else "behind"
            return f"its clock is {abs(apart):.0f} s {side} this machine's: set both by NTP"
        return None

    def unfinished(self) -> Iterator[str]:
        """Yield the hosts that wait, are out, or were not begun."""
        yield from (host.name for host in self.pending)
        yield from (host.name for part in self.again for host in part)
        yield from (name for hosts in self.out.values() for name in hosts)
        yield from self.not_started

    @property
    def left(self) -> int:
        """How many hosts have no end yet."""
        return len(self.pending) + sum(map(len, self.again)) + sum(map(len, self.out.values()))

    @property
    def room(self) -> bool:
        """Whether it may have one more batch."""
        if self.hello is None or self.unfit is not None:
            return False
        return len(self.out) < AHEAD * max(1, self.hello.slots)

    @property
    def most(self) -> int:
        """How many hosts a batch has: so many that all slots together hold twice the width."""
        if self.hello is None:
            return 1
        return max(1, min(MOST, math.ceil(AHEAD * self.hello.width / max(1, self.hello.slots))))

    def send(self, batch: str, hosts: Iterable[Host], now: float) -> None:
        """Take note of a batch that goes out."""
        if not self.out:
            self.answered = now
        self.out[batch] = {host.name: host for host in hosts}

    def silence(self, now: float, *, patience: float, answer: float) -> str | None:
        """Say in words that nothing more is to be waited for; None while there is.

        `patience` is for any word of it, `answer` for a result while it has hosts; both in seconds.
        """
        if self.unfit is not None:
            return "its worker is of another version"
        if now - self.heard > patience:
            believed = f" that is believed ({self.disbelieved})" if self.disbelieved else ""
            return f"nothing heard for {patience:.0f} s{believed}"
        if self.out and now - self.answered > answer:
            return f"it is there, and has answered nothing for {answer:.0f} s"
        return None

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
