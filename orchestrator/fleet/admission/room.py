"""Fit the width of an execution to the open files of this process: every host in flight needs some."""

from __future__ import annotations

from dataclasses import dataclass

from inventory.words import plural

try:
    import resource
except ImportError:  # no such limits on this system
    resource = None  # type: ignore[assignment]  # the module is looked at before use

PER_HOST = 2  # its socket, and one more while a lost connection is made anew
SPARE = 64  # database, terminal, event loop, libraries


@dataclass(frozen=True, slots=True)
class Room:
    """How many hosts may be in flight. `words` says why these are fewer than was asked for, or is empty."""

    jobs: int
    words: str = ""


def make_room(jobs: int) -> Room:
    """Raise the soft limit of open files to what `jobs` hosts need; where that fails, lower `jobs`."""
    if resource is None:
        return Room(jobs)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = jobs * PER_HOST + SPARE
    if soft in (resource.RLIM_INFINITY, -1) or soft >= wanted:
        return Room(jobs)
    limit = wanted if hard in (resource.RLIM_INFINITY, -1) else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    except (OSError, ValueError):  # some systems cap it below their own hard limit
        limit = soft
    return fit(jobs, limit)


def most_hosts() -> int | None:
    """Say how many hosts at a time the open files of this process allow at most;
    None where nothing limits them.
    """
    if resource is None:
        return None
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard in (resource.RLIM_INFINITY, -1):
        return None
    return max(1, (hard - SPARE) // PER_HOST)


def fit(jobs: int, limit: int) -> Room:
    """Return how many hosts at once `limit` open files allow: at least one."""
    possible = max(1, (limit - SPARE) // PER_HOST)
    if possible >= jobs:
        return Room(jobs)
    return Room(
        possible,
        f"{plural(possible, 'host')} at a time instead of {jobs}: "
        f"this process may open {limit} files; "
        f"`ulimit -n {jobs * PER_HOST + SPARE}` before the command gives it room",
    )
