"""Who may change a file that names a command: only the one who runs it, or the administrator."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path


def foreign_hands(path: Path, found: os.stat_result) -> str | None:
    """Say who else may change the file (`found` is its fstat) and what to do; None for nobody. POSIX only.

    The owner's private group is nobody else: it has the owner's name and no other member.
    """
    if os.name != "posix":
        return None
    if found.st_uid not in (os.geteuid(), 0):
        return f"it belongs to another user ({_user(found.st_uid)}); copy it to a file of your own"
    writable = found.st_mode & stat.S_IWOTH or (
        found.st_mode & stat.S_IWGRP and not _private(found.st_uid, found.st_gid)
    )
    if not writable:
        return None
    mode = f"{stat.S_IMODE(found.st_mode):04o}"
    return f"others can write it (mode {mode}); run: chmod go-w {shlex.quote(str(path))}"


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"number {uid}"


def _private(uid: int, gid: int) -> bool:
    """Whether a group is a user's own: unknown users and groups have none."""
    import grp
    import pwd

    try:
        owner, group = pwd.getpwuid(uid), grp.getgrgid(gid)
    except KeyError:
        return False
    return owner.pw_gid == gid and group.gr_name == owner.pw_name and set(group.gr_mem) <= {owner.pw_name}
