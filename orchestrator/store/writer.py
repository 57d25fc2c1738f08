"""The only way into the database: one thread with the one connection that writes, behind a bounded queue."""

from __future__ import annotations

import asyncio
import enum
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, insert, update

from orchestrator.domain.record import HostRecord, ScanRecord, ScanState
from orchestrator.store import engine, migrating, scans
from orchestrator.store.errors import (
    DatabaseError,
    Owner,
    StoreError,
    Trouble,
    UnknownScanError,
    WriterClosedError,
)
from orchestrator.store.insert import Inserter
from orchestrator.store.lock import myself
from orchestrator.store.place import Place, parse
from orchestrator.store.tables import scan
from orchestrator.store.trouble import translated

T = TypeVar("T")

BATCH = 32  # results a commit
LINGER = 0.05  # seconds that a result waits for others to be committed with it
ROOM = 256  # results that wait, at most: more puts wait outside


@dataclass(frozen=True, slots=True)
class _Put:
    scan_id: int
    record: HostRecord
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class _Call:
    work: Callable[[Inserter], Any]
    done: Future[Any]


class _End(enum.Enum):
    END = enum.auto()


_END = _End.END


class Writer:
    """Stores scans and results. One process has one; `put` belongs to one event loop.

    What `put` has returned for is on the disk. After a StoreError the writer stays stopped: each later call raises
    the same error at once, nothing hangs, and what was acknowledged before stays.
    """

    def __init__(self, place: Place) -> None:
        """Use `Writer.open`."""
        self._place = place
        self._queue: queue.SimpleQueue[_Put | _Call | _End] = queue.SimpleQueue()
        self._room = asyncio.Semaphore(ROOM)
        self._scans: set[int] = set()
        self._broken: StoreError | None = None
        self._closing = threading.Lock()
        self._thread: threading.Thread | None = None

    @classmethod
    def open(cls, url: str, *, command: str, user: str, wait: float = 5.0) -> Self:
        """Take the writing lock, bring the database to this program's schema, start the thread.

        `command` and `user` are what another process reads that finds the lock taken; `wait` (seconds) is how long
        this one waits for it. Raises StoreError, as `migrating.ensure`.
        """
        writer = cls(parse(url))
        started: Future[None] = Future()
        writer._thread = threading.Thread(
            target=writer._serve,
            args=(myself(command, user), wait, started),
            name="fleetcheck-writer",
            daemon=True,  # everything acknowledged is committed: nothing is worth keeping a process for
        )
        writer._thread.start()
        started.result()
        return writer

    def begin_scan(self, record: ScanRecord) -> int:
        """Store a scan before its first result and return its id; `record.id` is not looked at. Raises StoreError."""

        def work(into: Inserter) -> int:
            (hosts_id,) = into.documents([scans.names(record)]).values()
            row = insert(scan).values(**scans.columns(record), hosts_id=hosts_id)
            key = into.connection.execute(row).inserted_primary_key
            assert key is not None  # noqa: S101 -- an insert of one row has one
            return int(key[0])

        scan_id = self._call(work)
        self._scans.add(scan_id)
        return scan_id

    def resume_scan(self, scan_id: int) -> ScanRecord:
        """Open an earlier scan for more results, and return it as it now is. Raises UnknownScanError, StoreError."""

        def work(into: Inserter) -> ScanRecord:
            found = scans.load(into.connection, scan_id, self._place)
            _mark(into, scan_id, ScanState.RUNNING, None)
            return replace(found, state=ScanState.RUNNING, ended=None)

        record = self._call(work)
        self._scans.add(scan_id)
        return record

    def end_scan(self, scan_id: int, state: ScanState, ended: datetime) -> None:
        """Say how a scan ended, after every `put` before this call is committed. Raises StoreError."""
        self._call(lambda into: _mark(into, scan_id, state, ended))
        self._scans.discard(scan_id)

    async def put(self, scan_id: int, record: HostRecord) -> None:
        """Store a host's result and return once it is committed, with others', within about 50 ms.

        The same (scan, host, tries) again replaces the result. Raises StoreError; ValueError or TypeError for a
        record that no table can hold (a bug, and it costs the other results nothing). Cancelled, it may be stored.
        """
        if scan_id not in self._scans:
            raise UnknownScanError(self._place.shown, scan_id, max(self._scans, default=None))
        async with self._room:
            loop = asyncio.get_running_loop()
            done = loop.create_future()
            self._submit(_Put(scan_id, record, loop, done))
            await done

    def close(self) -> None:
        """Commit what waits, end the thread, give the lock back. Calling it again does nothing; never raises."""
        with self._closing:
            if self._thread is not None:
                self._queue.put(_END)
                self._thread.join()
                self._thread = None

    def __enter__(self) -> Self:
        """Close it at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _call(self, work: Callable[[Inserter], T]) -> T:
        """Run `work` in a transaction of its own, after everything that was handed in before."""
        done: Future[T] = Future()
        self._submit(_Call(work, done))
        return done.result()

    def _submit(self, item: _Put | _Call) -> None:
        with self._closing:
            if self._broken is not None:
                raise self._broken
            if self._thread is None:
                raise WriterClosedError(self._place.shown)
            self._queue.put(item)

    # What follows runs in the thread.

    def _serve(self, owner: Owner, wait: float, started: Future[None]) -> None:
        """Hold lock and connection until `close`; whatever happens, everybody who waits gets an answer."""
        try:
            with (
                translated(self._place),
                migrating.locked(self._place, owner, wait=wait) as held,
                _connection(self._place, held) as connection,
            ):
                with connection.begin():
                    into = Inserter(connection)
                started.set_result(None)
                self._work(into)
        except BaseException as error:  # noqa: BLE001 -- it goes to those who wait
            if not started.done():
                started.set_exception(error)
                return
            if self._broken is None:
                self._broken = DatabaseError(self._place.shown, Trouble.OTHER, repr(error))
            self._work(None)

    def _work(self, into: Inserter | None) -> None:
        """Answer what comes, until the end comes."""
        while True:
            batch, after = self._gather()
            if batch:
                self._store(into, batch)
            if isinstance(after, _Call):
                self._run(into, after)
            elif after is _END:
                return

    def _gather(self) -> tuple[list[_Put], _Call | _End | None]:
        """Wait for results that one commit may hold, and for what must come after it."""
        batch: list[_Put] = []
        item = self._queue.get()
        end = time.monotonic() + LINGER
        while isinstance(item, _Put):
            batch.append(item)
            left = end - time.monotonic()
            if len(batch) == BATCH or left <= 0:
                return batch, None
            try:
                item = self._queue.get(timeout=left)
            except queue.Empty:
                return batch, None
        return batch, item

    def _store(self, into: Inserter | None, batch: list[_Put]) -> None:
        """Commit a batch and tell everybody whose result it was."""
        error: BaseException | None = None
        try:
            self._transact(into, lambda into: into.records([(put.scan_id, put.record) for put in batch]))
        except StoreError as found:
            error = found
        except Exception as found:  # noqa: BLE001 -- one record's fault: the others must not pay for it
            if len(batch) > 1:
                for put in batch:
                    self._store(into, [put])
                return
            error = ValueError(f"the result of {batch[0].record.host} cannot be stored: {found}")
            error.__cause__ = found
        for loop in {put.loop for put in batch}:
            futures = [put.done for put in batch if put.loop is loop]
            with suppress(RuntimeError):  # the loop has been closed: nobody waits there any more
                loop.call_soon_threadsafe(_settle, futures, error)

    def _run(self, into: Inserter | None, call: _Call) -> None:
        try:
            call.done.set_result(self._transact(into, call.work))
        except Exception as error:  # noqa: BLE001 -- it goes to the caller
            call.done.set_exception(error)

    def _transact(self, into: Inserter | None, work: Callable[[Inserter], T]) -> T:
        """Run `work` and commit. The database's own troubles stop the writer; what is wrong with a value does not."""
        if self._broken is not None:
            raise self._broken
        assert into is not None  # noqa: S101 -- only a broken writer has none
        try:
            with translated(self._place), into.connection.begin():
                return work(into)
        except DatabaseError as error:
            self._broken = error
            raise


@contextmanager
def _connection(place: Place, held: Connection | None) -> Iterator[Connection]:
    """Bring the database up and yield the connection that writes: on PostgreSQL the one that holds the lock."""
    migrating.bring_up(place, held)
    if held is not None:
        yield held
        return
    with migrating.disposing(engine.writing(place)) as source, source.connect() as connection:
        yield connection


def _mark(into: Inserter, scan_id: int, state: ScanState, ended: datetime | None) -> None:
    values = {"state": state.value, "ended": ended}
    into.connection.execute(update(scan).where(scan.c.id == scan_id).values(values))


def _settle(futures: list[asyncio.Future[None]], error: BaseException | None) -> None:
    """Wake who waits, in their own event loop; who was cancelled meanwhile is gone."""
    for future in futures:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
