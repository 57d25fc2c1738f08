"""The lock beside an SQLite database: one process writes. The system releases it when its holder dies."""

from __future__ import annotations

import getpass
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.store.errors import DatabaseError, LockTakenError, Owner
from orchestrator.store.folder import trouble_of

if sys.platform == "win32":
    import msvcrt

    # A locked byte cannot be read by others on Windows: lock one far behind the owner's lines.
    _BYTE = 1 << 30

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


_PAUSE = 0.1  # seconds between two looks at a lock that is taken


def myself(command: str, user: str = "") -> Owner:
    """Describe this process as a lock's owner, from now on."""
    return Owner(
        command=command,
        user=user or _user(),
        host=socket.gethostname(),
        pid=os.getpid(),
        since=datetime.now(UTC),
    )


def lock_path(database: Path) -> Path:
    """Return the lock's file: one for all names of a database."""
    real = database.resolve()
    return real.with_name(real.name + ".lock")


@contextmanager
def file_lock(database: Path, owner: Owner, *, wait: float) -> Iterator[None]:
    """Hold the database's lock for the block. `wait` is in seconds.

    Raises LockTakenError, naming its holder, where it stays taken that long; DatabaseError where the file cannot be made.
    """
    try:
        descriptor = os.open(lock_path(database), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DatabaseError(str(database), trouble_of(error), error.strerror or str(error)) from error
    try:
        wait_for(lambda: _try_lock(descriptor), lambda: _holder(descriptor), shown=str(database), wait=wait)
        _write(descriptor, json.dumps(_as_json(owner)))
        try:
            yield
        finally:
            _write(descriptor, "")
    finally:
        os.close(
            descriptor
        )  # this releases the lock; the file stays, or two could each lock a file of their own


def wait_for(attempt: Callable[[], bool], holder: Callable[[], Owner], *, shown: str, wait: float) -> None:
    """Call `attempt` until it is True, `wait` seconds long; then raise LockTakenError with what `holder` says."""
    end = time.monotonic() + wait
    while not attempt():
        if time.monotonic() >= end:
            owner = holder()
            age = (datetime.now(UTC) - owner.since).total_seconds() if owner.since else None
            raise LockTakenError(shown, owner, waited=wait, age=age)
        time.sleep(_PAUSE)


def file_holder(database: Path) -> Owner | None:
    """Say who writes to the database now; None for nobody. Changes nothing, and never raises."""
    try:
        descriptor = os.open(lock_path(database), os.O_RDWR)
    except OSError:
        return None
    try:
        return None if _try_lock(descriptor) else _holder(descriptor)
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> Owner:
    """Read the owner's lines; an owner that had no time to write them, or wrote nonsense, is nobody known."""
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        said = json.loads(os.read(descriptor, 65_536))
        return Owner(
            command=str(said["command"]),
            user=str(said["user"]),
            host=str(said["host"]),
            pid=int(said["pid"]),
            since=datetime.fromisoformat(said["since"]).astimezone(UTC),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return Owner()


def _as_json(owner: Owner) -> dict[str, str | int | None]:
    since = owner.since.isoformat() if owner.since else None
    return {
        "command": owner.command,
        "user": owner.user,
        "host": owner.host,
        "pid": owner.pid,
        "since": since,
    }


def _write(descriptor: int, text: str) -> None:
    """Replace the lock file's content. A full disk must not keep anybody from working: the lock itself holds."""
    try:
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, text.encode("ascii"))
    except OSError:
        return


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user without a name
        return ""
