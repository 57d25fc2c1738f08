"""The only way into the database: scans and results go in here,
and `put` returns once they are on the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Self, TypeVar

from sqlalchemy import insert, update

from orchestrator.domain.record import HostRecord, ScanRecord, ScanState
from orchestrator.store.aside import aside
from orchestrator.store.database.lock import myself
from orchestrator.store.database.presence import Presence, of_scan
from orchestrator.store.errors import Owner, StoreError, UnknownScanError
from orchestrator.store.place import Place, parse
from orchestrator.store.results import scans
from orchestrator.store.results.insert import Inserter
from orchestrator.store.tables import scan
from orchestrator.store.writing import Put, WritingThread

T = TypeVar("T")

BATCH = 32  # results a commit
LINGER = 0.05  # seconds that a result waits for others to be committed with it
LEAVING = 1.0  # seconds that a writer gets for its last commits once somebody waits for them no more
ROOM = 256  # results that wait in the queue, at most: more puts wait outside


class Writer:
    """Stores scans and results. One process has one; `put` belongs to one event loop.

    What `put` has returned for is on the disk. After a DatabaseError the writer stays stopped: each later
    call raises the same error at once, nothing hangs, and what was acknowledged before stays.
    """

    def __init__(self, place: Place) -> None:
        """Use `Writer.open`."""
        self._place = place
        self._thread = WritingThread(place)
        self._owner = Owner()
        self._room = asyncio.Semaphore(ROOM)
        self._batch: list[Put] = []  # the thread is woken for a commit, not for each result
        self._lingering: asyncio.TimerHandle | None = None
        self._scans: dict[int, Presence] = {}
        self._left = False  # somebody did not wait for an answer
        self._at_end: Callable[[Inserter, int, datetime], object] | None = None

    @classmethod
    def open(cls, url: str, *, command: str, user: str, wait: float = 5.0) -> Self:
        """Take the writing lock, bring the database to this program's schema, start the thread.

        `command` and `user` are what another process reads that finds the lock taken; `wait` (seconds) is how
        long this one waits for it. Raises StoreError, as `migrating.ensure`.
        """
        writer = cls(parse(url))
        writer._owner = myself(command, user)
        writer._thread.start(writer._owner, wait=wait)
        return writer

    def reopen(self, *, wait: float = 30.0) -> None:
        """Open a closed writer again, as the same owner: for who gives the lock back during a pause.

        Raises as `open`.
        """
        self._thread = WritingThread(self._place)
        self._thread.start(replace(self._owner, since=datetime.now(UTC)), wait=wait)

    @property
    def place(self) -> Place:
        """Where it writes."""
        return self._place

    @property
    def owner(self) -> Owner:
        """Who writes, as another process reads it that finds the lock taken."""
        return self._owner

    @property
    def user(self) -> str:
        """Who writes: what `open` was given, else the system's user."""
        return self._owner.user

    async def begin_scan(self, record: ScanRecord) -> int:
        """Store a scan before its first result and return its id; `record.id` is not looked at. Raises
        StoreError.

        From now on until it ends whoever asks is told that this process runs it (`Reader.runner`).
        Cancelled, it may be stored all the same.
        """

        def work(into: Inserter) -> int:
            (hosts_id,) = into.documents([scans.names(record)]).values()
            row = insert(scan).values(**scans.columns(record), hosts_id=hosts_id)
            key = into.connection.execute(row).inserted_primary_key
            assert key is not None  # noqa: S101 -- an insert of one row has one
            self._show(int(key[0]))  # before others see the scan: it must not look killed for a moment
            return int(key[0])

        return await self.alone(work)

    def resume_scan(self, scan_id: int) -> ScanRecord:
        """Open an earlier scan for more results, and return it as it now is.

        Raises UnknownScanError, StoreError.
        """

        def work(into: Inserter) -> ScanRecord:
            found = scans.load(into.connection, scan_id, self._place)
            self._show(scan_id)
            _mark(into, scan_id, ScanState.RUNNING, None)
            return replace(found, state=ScanState.RUNNING, ended=None)

        try:
            return self._thread.call(work)
        except KeyboardInterrupt:
            self._left = True
            raise

    def at_end(self, work: Callable[[Inserter, int, datetime], object]) -> None:
        """Do `work`, with the scan's id and the time, in the transaction that ends a scan: both or none."""
        self._at_end = work

    async def end_scan(self, scan_id: int, state: ScanState, ended: datetime) -> None:
        """Say how a scan ended, after every `put` before this call is committed. Raises StoreError.

        Cancelled, it may be stored all the same.
        """

        def work(into: Inserter) -> None:
            _mark(into, scan_id, state, ended)
            if self._at_end is not None:
                self._at_end(into, scan_id, ended)

        await self.alone(work)
        if (shown := self._scans.pop(scan_id, None)) is not None:
            shown.hide()

    async def put(self, scan_id: int, record: HostRecord) -> None:
        """Store a host's result and return once it is committed, with others', within about 50 ms.

        The same (scan, host, tries) again replaces the result. Raises StoreError, and ValueError for a record
        that no table can hold (a bug, and it costs the other results nothing). Cancelled, it may be stored
        all the same.
        """
        if scan_id not in self._scans:
            raise UnknownScanError(self._place.shown, scan_id, max(self._scans, default=None))
        async with self._room:
            loop = asyncio.get_running_loop()
            done = loop.create_future()
            self._gather(Put(scan_id, record, loop, done))
            await self._waiting(done)

    def flush(self) -> None:
        """Commit what was put so far without waiting for more to come; never raises."""
        self._hand_over()

    async def alone(self, work: Callable[[Inserter], T]) -> T:
        """Run `work` in a transaction that holds nothing else, and return its answer once it is on the disk.

        For the journal. Raises StoreError, and what `work` raises: then nothing is stored. Cancelled, it may
        be stored all the same.
        """
        self._hand_over()
        return await self._waiting(self._thread.wait_for(work))

    async def aside(self, work: Callable[[], T]) -> T:
        """Run `work`, which waits for the database, in a thread of its own; raise what it raises.

        Cancelled, it goes on, and nobody waits for it.
        """
        return await self._waiting(aside(work))

    def close(self) -> None:
        """Commit what waits, end the thread, give the lock back.

        Where somebody who waited for an answer has left, nobody waits longer than `LEAVING` seconds for a
        database that hangs. Calling it again does nothing; never raises.
        """
        for shown in self._scans.values():  # before the lock: who resumes such a scan gives the same sign
            shown.hide()
        self._hand_over()
        self._thread.close(LEAVING if self._left else None)

    async def _waiting(self, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except asyncio.CancelledError:
            self._left = True
            raise

    def _gather(self, put: Put) -> None:
        """Let a result wait for those that share its commit."""
        if self._batch and self._batch[0].loop is not put.loop:  # of a loop that has ended since
            self._hand_over()
        self._batch.append(put)
        if len(self._batch) >= BATCH:
            self._hand_over()
        elif self._lingering is None:
            self._lingering = put.loop.call_later(LINGER, self._hand_over)

    def _hand_over(self) -> None:
        """Give the thread what has gathered; where it has been stopped, tell who waits."""
        batch, self._batch = self._batch, []
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
        if not batch:
            return
        try:
            self._thread.submit(batch)
        except StoreError as error:
            for put in batch:
                if not put.done.done():
                    put.done.set_exception(error)

    def _show(self, scan_id: int) -> None:
        """Say from now on that this process runs the scan."""
        shown = self._scans.setdefault(scan_id, Presence(self._place, self._owner, of_scan(scan_id)))
        shown.show()

    def __enter__(self) -> Self:
        """Close it at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def _mark(into: Inserter, scan_id: int, state: ScanState, ended: datetime | None) -> None:
    values = {"state": state.value, "ended": ended}
    into.connection.execute(update(scan).where(scan.c.id == scan_id).values(values))
