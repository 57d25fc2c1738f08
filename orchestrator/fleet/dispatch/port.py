"""The port behind which batches of hosts are worked on: in this process, or at sites that only dial out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from orchestrator.domain.sites.unit import Batch, Hello, Report


def _nothing() -> None:
    """Settle nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """No worker of a site could finish a batch: the broker gave it up after several deliveries."""

    site: str
    run: str
    batch: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Something came in a site's name that is not believed; `why` says what was wrong with it."""

    site: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What the connection to the broker does, in words. `up`: messages go both ways."""

    up: bool
    words: str


Arrival = Report | Hello | Lost | Refused | Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Something that arrived. `settle` once it is stored: until then it comes again after a crash."""

    arrival: Arrival
    settle: Callable[[], None] = _nothing


class Dispatcher(Protocol):
    """Takes batches and tells what became of each of their hosts. Belongs to one event loop.

    Every host of a batch that was taken is told once at least: done, held, lost, or returned with its batch.
    It may be told twice (a crash, a lost link), so who listens keeps the first.
    """

    async def submit(self, batch: Batch) -> None:
        """Take a batch; wait while there is no room for one."""

    def withdraw(self, batch: str) -> bool:
        """Take a batch back whose `submit` has not returned; the caller cancels that then.

        Return False where it may be taken already: its hosts are told in `events` as those of any other.
        """

    def events(self) -> AsyncIterator[Delivery]:
        """Yield what arrives, to the end of `close`."""

    async def cancel(self, run: str, epoch: int) -> None:
        """Begin no more hosts of a run, of this epoch and earlier ones; those in flight finish."""

    async def close(self) -> None:
        """Let go of everything; what is not settled stays where it is."""
