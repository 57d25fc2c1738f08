"""Batches on their way to the broker, and what becomes of them when nothing more is to begin."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from orchestrator.domain.sites.unit import Batch
from orchestrator.fleet.dispatch.port import Dispatcher
from orchestrator.fleet.dispatch.site import Site


class Sending:
    """Sends batches, each in a task of its own: no site waits for another's.

    `broke` is called with what nobody foresaw in sending one.
    """

    def __init__(self, dispatcher: Dispatcher, broke: Callable[[BaseException], None]) -> None:
        self._dispatcher, self._broke = dispatcher, broke
        self._tasks: dict[asyncio.Task[None], tuple[Site, str]] = {}  # with the batch's id

    def send(self, site: Site, batch: Batch) -> None:
        """Begin to send a batch."""
        task = asyncio.create_task(self._dispatcher.submit(batch))
        self._tasks[task] = (site, batch.id)
        task.add_done_callback(self._sent)

    def unconfirmed(self, site: Site) -> frozenset[str]:
        """Return the batches for a site that the broker has not confirmed."""
        return frozenset(batch for at, batch in self._tasks.values() if at is site)

    def take_back(self) -> Iterator[tuple[Site, str]]:
        """Take back what the broker cannot have, and yield each such batch; the others go on."""
        for task, (site, batch) in tuple(self._tasks.items()):
            if self._dispatcher.withdraw(batch):
                del self._tasks[task]
                task.cancel()
                yield site, batch

    def leave(self) -> None:
        """Wait for no confirmation any more."""
        for task in self._tasks:
            task.cancel()

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broke(error)
