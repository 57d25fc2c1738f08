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

from inventory.files.regular import NotRegularError, open_regular
from orchestrator.store.database.folder import trouble_of
from orchestrator.store.errors import DatabaseError, LockTakenError, Owner, StoreTrouble

if sys.platform == "win32":
    import msvcrt

    # A locked byte cannot be read by others on Windows: lock one far behind the owner's lines.
    _BYTE = 1 << 30

    def _try_lock(descriptor: int, *, shared: bool = False) -> bool:  # noqa: ARG001  # Windows has none here
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(descriptor: int, *, shared: bool = False) -> bool:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


_MOST = 65_536  # bytes of a lock's file
_PAUSE = 0.1  # seconds between two looks at a lock that is taken
_LATER = 1.0  # ... once it has been taken for as long as a person waits without a word
_SOON = 10.0  # seconds


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
    folder = os.path.realpath(database.parent)  # `Path.resolve` raises on a loop of links
    return Path(folder) / f"{database.name}.lock"


@contextmanager
def file_lock(database: Path, owner: Owner, *, wait: float) -> Iterator[None]:
    """Hold the database's lock for the block. `wait` is in seconds.

    Raises LockTakenError, naming its holder, where it stays taken that long; DatabaseError where the file
    cannot be made, or where something else than our own lock's file is in its place: that is left as it is.
    """
    descriptor = _open(database)
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


def _open(database: Path) -> int:
    path = lock_path(database)
    try:
        try:
            descriptor = os.open(
                path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600
            )
        except FileExistsError:
            descriptor = open_regular(path, os.O_RDWR)
    except NotRegularError as error:
        raise _not_ours(database, path, error.kind) from error
    except OSError as error:
        raise DatabaseError(str(database), trouble_of(error), error.strerror or str(error)) from error
    if not _is_ours(descriptor, database):
        os.close(descriptor)
        raise _not_ours(database, path, "another file")
    return descriptor


def _is_ours(descriptor: int, database: Path) -> bool:
    """Whether a file may be overwritten: empty or an owner's lines,
    and this user's or the database's owner's.
    """
    found = os.fstat(descriptor)
    if os.name == "posix" and found.st_uid not in (0, os.geteuid()):
        try:
            if found.st_uid != database.lstat().st_uid:
                return False
        except OSError:
            return False
    # Zeros are what a file that was being written can hold after the power went.
    return found.st_size <= _MOST and os.read(descriptor, 1) in (b"", b"{", b"\0")


def _not_ours(database: Path, path: Path, found: str) -> DatabaseError:
    return DatabaseError(
        str(database), StoreTrouble.PATH, f"{path}, its lock, is {found}, which was left as it is"
    )


def wait_for(attempt: Callable[[], bool], holder: Callable[[], Owner], *, shown: str, wait: float) -> None:
    """Call `attempt` until it is True, `wait` seconds long;
    then raise LockTakenError with what `holder` says.
    """
    began = time.monotonic()
    while not attempt():
        waited = time.monotonic() - began
        if waited >= wait:
            owner = holder()
            age = (datetime.now(UTC) - owner.since).total_seconds() if owner.since else None
            raise LockTakenError(shown, owner, waited=wait, age=age)
        time.sleep(min(_PAUSE if waited < _SOON else _LATER, wait - waited))


def file_holder(database: Path) -> Owner | None:
    """Say who writes to the database now; None for nobody. Changes nothing, and never raises.

    It asks for a shared lock: two who look at once are not the holder to each other.
    """
    try:
        descriptor = open_regular(lock_path(database), os.O_RDWR)
    except (OSError, NotRegularError):
        return None
    try:
        return None if _try_lock(descriptor, shared=True) else _holder(descriptor)
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> Owner:
    """Read the owner's lines; an owner that had no time to write them, or wrote nonsense, is nobody known."""
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        said = json.loads(os.read(descriptor, _MOST))
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
    """Replace the lock file's content.

    A full disk must not keep anybody from working: the lock itself holds.
    """
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
