"""The thread with the one connection that writes, behind a queue: what is handed in is answered,
whatever happens.
"""

from __future__ import annotations

import asyncio
import enum
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from orchestrator.domain.record import HostRecord
from orchestrator.store.database import engine, migrating
from orchestrator.store.database.trouble import damaged, translated
from orchestrator.store.errors import DatabaseError, Owner, StoreError, StoreTrouble, WriterClosedError
from orchestrator.store.place import Place
from orchestrator.store.results.insert import Inserter

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Put:
    """A result, and who waits for it in which event loop."""

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


_Item = list[Put] | _Call | _End


class WritingThread:
    """Holds lock and connection from `start` to `close`. Troubles of the database stop it for good."""

    def __init__(self, place: Place) -> None:
        """Start it with `start`."""
        self._place = place
        self._queue: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._broken: StoreError | None = None
        self._ended = False
        self._closing = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, owner: Owner, *, wait: float) -> None:
        """Take the lock, bring the database up, serve. Raises StoreError, as `migrating.ensure`."""
        started: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._serve,
            args=(owner, wait, started),
            name="fleetcheck-writer",
            daemon=True,  # everything acknowledged is committed: nothing is worth keeping a process for
        )
        self._thread.start()
        started.result()

    def submit(self, item: list[Put] | _Call) -> None:
        """Hand something in: results that share a commit, or a call.

        Raises what stopped the thread, or WriterClosedError; else it is answered for sure.
        """
        with self._closing:
            if self._broken is not None:
                raise self._broken
            if self._thread is None:
                raise WriterClosedError(self._place.shown)
            self._queue.put(item)

    def call(self, work: Callable[[Inserter], T]) -> T:
        """Run `work` in a transaction of its own, after everything that was handed in before,
        and wait for it.
        """
        done: Future[T] = Future()
        self.submit(_Call(work, done))
        return done.result()

    async def wait_for(self, work: Callable[[Inserter], T]) -> T:
        """Do as `call`, without holding up the event loop. Cancelled before its turn, `work` does not run."""
        done: Future[T] = Future()
        self.submit(_Call(work, done))
        return await asyncio.wrap_future(done)

    def close(self, wait: float | None = None) -> None:
        """Commit what waits, end, give the lock back; wait at most `wait` seconds for that, None: to the end.

        One that has not ended by then goes on until the process ends. Calling it again does nothing; never
        raises.
        """
        with self._closing:
            thread, self._thread = self._thread, None
            if thread is None:
                return
            self._queue.put(_End.END)
        thread.join(wait)  # without holding up who closes it again, and may wait less long

    # What follows runs in the thread.

    def _serve(self, owner: Owner, wait: float, started: Future[None]) -> None:
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
            elif not self._ended:
                self._broken = self._broken or DatabaseError(
                    self._place.shown, StoreTrouble.OTHER, repr(error)
                )
                self._work(None)

    def _work(self, into: Inserter | None) -> None:
        """Answer what comes, until the end comes. `into` is None where nothing can be stored any more."""
        while not self._ended:
            match self._queue.get():
                case _Call() as call:
                    self._run(into, call)
                case _End():
                    self._ended = True
                case batch:
                    self._store(into, batch)

    def _store(self, into: Inserter | None, batch: list[Put]) -> None:
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
        if not call.done.set_running_or_notify_cancel():
            return
        try:
            call.done.set_result(self._transact(into, call.work))
        except (
            IntegrityError
        ) as error:  # two rows with one id, say: our mistake, or an index that was damaged
            damage = None if into is None else damaged(into.connection, self._place)
            self._broken = self._broken or damage
            call.done.set_exception(damage or error)
        except Exception as error:  # noqa: BLE001 -- it goes to the caller
            call.done.set_exception(error)

    def _transact(self, into: Inserter | None, work: Callable[[Inserter], T]) -> T:
        """Run `work` and commit.

        The database's own troubles stop the thread; what is wrong with a value does not.
        """
        if self._broken is not None:
            raise self._broken
        assert into is not None  # noqa: S101 -- only a broken one has none
        try:
            with translated(self._place), into.connection.begin():
                return work(into)
        except DatabaseError as error:
            self._broken = error
            raise


@contextmanager
def _connection(place: Place, held: Connection | None) -> Iterator[Connection]:
    """Bring the database up and yield the connection that writes:
    on PostgreSQL the one that holds the lock.
    """
    migrating.bring_up(place, held)
    if held is not None:
        yield held
        return
    with migrating.disposing(engine.writing(place)) as source, source.connect() as connection:
        yield connection


def _settle(futures: list[asyncio.Future[None]], error: BaseException | None) -> None:
    """Wake who waits, in their own event loop; who was cancelled meanwhile is gone."""
    for future in futures:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
