"""The folder and files of an SQLite database: made for the owner's eyes only,
and never on a network filesystem.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from inventory.files.regular import kind
from orchestrator.store.errors import DatabaseError, PlaceError, StoreTrouble
from orchestrator.store.place import FILE_NAME, default_folder

# Write-ahead logging needs memory that is shared between the processes of one machine, and locks that hold.
NETWORK = frozenset(
    {
        "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.cephfs", "fuse.davfs",
        "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "gfs", "gfs2", "glusterfs", "gpfs",
        "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "pvfs2", "smb3", "smbfs",
    }
)  # fmt: skip
_MOUNTS = Path("/proc/self/mounts")
_ESCAPE = re.compile(r"\\([0-7]{3})")


def prepare(path: Path) -> None:
    """Make ready for a database at `path`: folders that are missing (0700), the file itself (0600, empty).

    Raises PlaceError for what is no regular file or on a network filesystem, DatabaseError where it may not
    be made.
    """
    exists(path)
    refuse_network(path)
    try:
        for folder in reversed([parent for parent in path.parents if not parent.exists()]):
            folder.mkdir(mode=0o700, exist_ok=True)
        if path.parent == default_folder():
            _narrow(path.parent, stat.S_ISDIR)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        protect(path)
    except OSError as error:
        raise DatabaseError(str(path), trouble_of(error), error.strerror or str(error)) from error
    if locked := unwritable(path):
        raise DatabaseError(str(path), StoreTrouble.READ_ONLY, f"no right to write {locked}")


def exists(path: Path) -> bool:
    """Say whether there is a file at `path`; nothing is opened.

    Raises PlaceError for anything else that is there (a folder, a device, a FIFO, a link), DatabaseError
    where the system will not say.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise DatabaseError(str(path), trouble_of(error), error.strerror or str(error)) from error
    refuse_other(path, kind(found.st_mode))
    for file in (path.with_name(path.name + end) for end in _BESIDE):
        with suppress(OSError):
            refuse_other(file, kind(file.lstat().st_mode))
    return True


def unwritable(path: Path) -> Path | None:
    """Return what keeps a user from writing the database at `path`, None where nothing does: the file itself,
    one that SQLite has left beside it, or the folder that such files are made in.
    """
    beside = [path.with_name(path.name + end) for end in (*_BESIDE, ".lock")]
    files = [file for file in (path, *beside) if file.exists()]
    mine = os.access in os.supports_effective_ids
    return next(
        (file for file in (*files, path.parent) if not os.access(file, os.W_OK, effective_ids=mine)), None
    )


def free_bytes(path: Path) -> int | None:
    """Return how many bytes this user may still write on the disk of `path`; None where nobody knows."""
    import shutil  # only where there is trouble, or somebody asks

    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return None


_BESIDE = ("-wal", "-shm", "-journal")  # what SQLite opens by itself


def refuse_other(path: Path, other: str | None) -> None:
    """Raise PlaceError where `other` names what is in the place of a regular file."""
    match other:
        case None:
            return
        case "a folder":
            advice = f"Name a file in it: {path / FILE_NAME}"
        case "a link" if not Path(os.path.realpath(path)).is_symlink():  # else it leads to itself
            advice = f"Name the file that it leads to: {os.path.realpath(path)}"
        case _:
            advice = "It was left as it is. Name a file with `--db` or FLEETCHECK_DB."
    raise PlaceError(str(path), f"this is {other}", advice)


def protect(path: Path) -> None:
    """Take the others' rights from the database and the files beside it; what is not ours stays as it is."""
    for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", ".lock"))):
        _narrow(file, stat.S_ISREG)


def _narrow(path: Path, fits: Callable[[int], bool]) -> None:
    """Take the others' rights from a file or folder by its descriptor, where it belongs to this user.

    Nothing is opened where there is nothing to take: to close a second descriptor of a database gives up
    SQLite's locks.
    """
    with suppress(FileNotFoundError, PermissionError):
        if not _is_open_to_others(path.lstat(), fits):
            return
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            found = os.fstat(descriptor)  # another one may have taken its place since
            if _is_open_to_others(found, fits):
                os.fchmod(descriptor, stat.S_IMODE(found.st_mode) & 0o700)
        finally:
            os.close(descriptor)


def _is_open_to_others(found: os.stat_result, fits: Callable[[int], bool]) -> bool:
    if os.name != "posix":
        return False
    return fits(found.st_mode) and found.st_uid == os.geteuid() and bool(found.st_mode & 0o077)


def refuse_network(path: Path) -> None:
    """Raise PlaceError where `path` is on a network filesystem. Linux only: elsewhere nothing tells."""
    try:
        mounts = _MOUNTS.read_text("utf-8", "surrogateescape")
    except OSError:
        return
    found = filesystem(Path(os.path.realpath(path)), mounts)  # `Path.resolve` raises on a loop of links
    if found in NETWORK:
        raise PlaceError(
            str(path),
            f"SQLite is not safe over a network filesystem ({found})",
            "Name a file on a local disk with `--db` or FLEETCHECK_DB, or a PostgreSQL database by URL.",
        )


def filesystem(path: Path, mounts: str) -> str:
    """Return the type of the filesystem that an absolute `path` is on, by the text of /proc/self/mounts;
    "" if none.
    """
    best, kind = -1, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:  # noqa: PLR2004 -- device, mount point, type; a line without them tells nothing
            continue
        point = Path(_ESCAPE.sub(lambda found: chr(int(found[1], 8)), fields[1]))
        # A later line covers an earlier one at the same point.
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), fields[2]
    return kind


def trouble_of(error: OSError) -> StoreTrouble:
    """Name what the system refused for."""
    import errno  # only on the way out

    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreTrouble.FULL
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreTrouble.READ_ONLY
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG):
        return StoreTrouble.PATH
    return StoreTrouble.DISK
