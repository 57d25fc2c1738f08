"""The folder and files of an SQLite database: made for the owner's eyes only, and never on a network filesystem."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from orchestrator.store.errors import DatabaseError, PlaceError, Trouble
from orchestrator.store.place import FILE_NAME, default_folder

# Write-ahead logging needs memory that is shared between the processes of one machine, and locks that hold.
NETWORK = frozenset(
    {
        "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.cephfs", "fuse.davfs",
        "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "gfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs",
        "nfs", "nfs4", "ocfs2", "orangefs", "pvfs2", "smb3", "smbfs",
    }
)  # fmt: skip
_MOUNTS = Path("/proc/self/mounts")
_ESCAPE = re.compile(r"\\([0-7]{3})")


def prepare(path: Path) -> None:
    """Make ready for a database at `path`: folders that are missing (0700), the file itself (0600, empty).

    Raises PlaceError for a folder in the file's place or a network filesystem, DatabaseError where it may not be made.
    """
    if path.is_dir():
        refuse_folder(path)
    refuse_network(path)
    try:
        for folder in reversed([parent for parent in path.parents if not parent.exists()]):
            folder.mkdir(mode=0o700, exist_ok=True)
        if path.parent == default_folder():
            path.parent.chmod(0o700)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        protect(path)
    except OSError as error:
        raise DatabaseError(str(path), trouble_of(error), error.strerror or str(error)) from error


def refuse_folder(path: Path) -> NoReturn:
    """Raise PlaceError with words for a folder in the file's place."""
    raise PlaceError(str(path), "this is a folder", f"Name a file in it: {path / FILE_NAME}")


def protect(path: Path) -> None:
    """Take the others' rights from the database and the files beside it; what is not ours stays as it is."""
    for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", ".lock"))):
        with suppress(FileNotFoundError, PermissionError):
            mode = stat.S_IMODE(file.stat().st_mode)
            if mode & 0o077:
                file.chmod(mode & 0o700)


def refuse_network(path: Path) -> None:
    """Raise PlaceError where `path` is on a network filesystem. Linux only: elsewhere nothing tells."""
    try:
        mounts = _MOUNTS.read_text("utf-8", "surrogateescape")
    except OSError:
        return
    kind = filesystem(path.resolve(), mounts)
    if kind in NETWORK:
        raise PlaceError(
            str(path),
            f"SQLite is not safe over a network filesystem ({kind})",
            "Name a file on a local disk with `--db` or FLEETCHECK_DB, or a PostgreSQL database by URL.",
        )


def filesystem(path: Path, mounts: str) -> str:
    """Return the type of the filesystem that an absolute `path` is on, by the text of /proc/self/mounts; "" if none."""
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


def trouble_of(error: OSError) -> Trouble:
    """Name what the system refused for."""
    import errno  # only on the way out

    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return Trouble.FULL
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Trouble.READ_ONLY
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG):
        return Trouble.PATH
    return Trouble.DISK
