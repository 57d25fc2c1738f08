"""Results on their way to the disk: the next host begins meanwhile; a result counts once it is committed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from orchestrator.domain.record import HostRecord, ScanRecord, ScanState
from orchestrator.fleet.control.stop import (
    LANDING,
    LeftError,
    StopRequest,
    result_until_abandoned,
    wait_until_abandoned,
)
from orchestrator.fleet.run import Writer
from orchestrator.store.errors import StoreError, UnansweredError

MOST = 64  # results under way, two commits' worth: a disk that is slow slows the scan, and takes no memory
_NOT_BEGUN = "no host was asked; once it answers again, `fleetcheck scans` shows whether the scan was begun"


async def begin(
    writer: Writer, record: ScanRecord, stop: StopRequest, on_step: Callable[[StopRequest], None]
) -> int:
    """Store that a scan begins, and return its id. Call `on_step` at each step of `stop`.

    Raise StoreError: UnansweredError where that is not stored `LANDING` seconds after `stop` abandoned it.
    """
    try:
        return await result_until_abandoned(writer.begin_scan(record), stop, on_step)
    except LeftError:
        raise UnansweredError(_NOT_BEGUN) from None


async def end(
    writer: Writer,
    scan_id: int,
    state: ScanState,
    now: datetime,
    stop: StopRequest,
    on_step: Callable[[StopRequest], None],
) -> None:
    """Store how a scan ended; wait and raise as `begin`."""
    ending = writer.end_scan(scan_id, state, now)
    try:
        await result_until_abandoned(ending, stop, on_step)
    except LeftError:
        raise UnansweredError("how the scan ended was not stored") from None


class Storing:
    """Stores the results of one scan: at most as many are under way as it has `jobs`, each a host's room.

    So with one job a result is on the disk before the next host is asked.

    `kept` is called for each record that is committed, `failed` with each error that ends a scan.
    """

    def __init__(
        self,
        writer: Writer,
        scan_id: int,
        *,
        jobs: int,
        kept: Callable[[HostRecord], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._writer = writer
        self._scan_id = scan_id
        self._jobs = jobs
        self._kept = kept
        self._failed = failed
        self._under_way: set[asyncio.Task[Any]] = set()
        self._room = asyncio.Semaphore(min(jobs, MOST) - 1)
        self._waiting = 0  # of the jobs, for room

    @property
    def under_way(self) -> int:
        """How many results are on their way to the disk."""
        return len(self._under_way)

    async def add(self, record: HostRecord, broke: Callable[[Exception], HostRecord]) -> None:
        """Store a record; wait while too many are under way.

        `broke` makes the record that stands for one which no table can hold. Cancelled, it is
        stored all the same.
        """
        task = asyncio.create_task(self._store(record, broke))
        self._under_way.add(task)
        task.add_done_callback(self._landed)
        self._waiting += 1
        try:
            if self._waiting == self._jobs:  # nobody is asked any more, so no further result can come
                await asyncio.sleep(0)
                self._writer.flush()
            await self._room.acquire()
        finally:
            self._waiting -= 1

    async def keep(self, record: HostRecord, broke: Callable[[Exception], HostRecord]) -> bool:
        """Store a record that takes no job's room, `broke` as in `add`; return whether it is committed."""
        task = asyncio.create_task(self._store(record, broke))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await task

    async def land(self, stop: StopRequest, on_step: Callable[[StopRequest], None]) -> int:
        """Wait until nothing is under way, for `LANDING` seconds more once `stop` abandons the scan.

        Return how many results are not committed by then: these are not told of. Call `on_step` at each step.
        """
        if not self._under_way:
            return 0
        await asyncio.sleep(0)  # so that the last ones have been put
        self._writer.flush()
        return await wait_until_abandoned(self._under_way, stop, on_step, seconds=LANDING)

    def _landed(self, task: asyncio.Task[bool]) -> None:
        self._under_way.discard(task)
        self._room.release()

    async def _store(self, record: HostRecord, broke: Callable[[Exception], HostRecord]) -> bool:
        try:
            await self._put(record, broke)
        except Exception as error:  # noqa: BLE001  # whatever it is, it ends the scan, in words
            self._failed(error)
            return False
        return True

    async def _put(self, record: HostRecord, broke: Callable[[Exception], HostRecord]) -> None:
        try:
            await self._writer.put(self._scan_id, record)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  # the promise: what nobody foresaw is this host's result
            record = broke(error)
            await self._writer.put(self._scan_id, record)
        self._kept(record)
