"""Everything that can go wrong between fleetcheck and its database, in words for the user. Costs nothing to
import.

StoreError
  PlaceError          what the user named cannot be a database of ours
  DriverMissingError  PostgreSQL was asked for, its driver is not installed
  NoDatabaseError     nothing has been stored yet
  NotOursError        the file is no SQLite database, or another program's
  ViewsInTheWayError  something of somebody else's keeps our views from being made
  TooNewError         the database was written by a newer fleetcheck
  UnfinishedCopyError a copy into it was begun and did not end
  LockTakenError      another fleetcheck is writing
  DatabaseError       the database refused: full, read-only, locked, damaged, gone, ...
  UnansweredError     the database had not answered when somebody waited no longer
  UnknownScanError    no scan has this id
  WriterClosedError   a result came after the writer had been closed

Those of plans and runs: `orchestrator.store.journal.errors`.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory.errors import EXIT_USAGE, FleetcheckError


class StoreError(FleetcheckError):
    """The family. `str()` is one or two whole sentences for the user; no password is ever in it."""


class PlaceError(StoreError):
    """`place` (shown without its password) cannot hold the database, for `reason`;
    `advice` says what to do.
    """

    def __init__(self, place: str, reason: str, advice: str) -> None:
        """Build the sentence from its parts."""
        super().__init__(f"database {place}: {reason}. {advice}")
        self.place, self.reason, self.advice = place, reason, advice


class DriverMissingError(StoreError):
    """The database is PostgreSQL and `driver` cannot be imported, for `reason`."""

    def __init__(self, place: str, driver: str, reason: str) -> None:
        """Build the sentence from its parts."""
        super().__init__(
            f"database {place}: PostgreSQL needs {driver}, and {reason}. Install it: pip install "
            "'fleetcheck[postgresql]'"
        )
        self.place, self.driver, self.reason = place, driver, reason


class NoDatabaseError(StoreError):
    """There is no database at `place` yet, or an empty one."""

    def __init__(self, place: str) -> None:
        """Build the sentence from its parts."""
        super().__init__(
            f"database {place}: nothing is stored there yet. "
            "`fleetcheck scan` creates it; `--db` or FLEETCHECK_DB names another one."
        )
        self.place = place


class NotOursError(StoreError):
    """`place` holds something else: `found` says what. It is left as it is."""

    def __init__(self, place: str, found: str) -> None:
        """Build the sentence from its parts."""
        super().__init__(
            f"database {place}: expected a database of fleetcheck's, found {found}; it was left as it is. "
            "Name another place with `--db` or FLEETCHECK_DB."
        )
        self.place, self.found = place, found


class ViewsInTheWayError(StoreError):
    """An upgrade would touch what is not ours: each of `names`, for `what`. Nothing was changed."""

    def __init__(self, what: str, names: Sequence[str]) -> None:
        """Build the sentence from its parts."""
        super().__init__(
            f"the database cannot be upgraded: {', '.join(names)} {what}. Nothing was changed. "
            "Drop or rename it, run this command again, and make yours anew (docs/views.md)."
        )
        self.what, self.names = what, tuple(names)


class TooNewError(StoreError):
    """The schema `found` at `place` is not known to this program, whose newest is `known`."""

    def __init__(self, place: str, found: str, known: str, written_by: str | None) -> None:
        """Build the sentence from its parts; `written_by` is the version that wrote there last,
        if it is known.
        """
        by = f", last written by fleetcheck {written_by}" if written_by else ""
        super().__init__(
            f"database {place}: its schema {found!r}{by} is newer than this program's ({known!r}). "
            "Use that fleetcheck or a newer one, or name another database with `--db`."
        )
        self.place, self.found, self.known, self.written_by = place, found, known, written_by


class UnfinishedCopyError(StoreError):
    """A copy into the database at `place` was begun and did not end: what is there is not whole."""

    def __init__(self, place: str) -> None:
        """Build the sentence from its parts."""
        super().__init__(
            f"database {place}: a copy into it was begun and has not ended, so it is not whole. "
            "Copy again: fleetcheck db copy SOURCE TARGET begins it anew. Until then use the source."
        )
        self.place = place


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who holds the writing lock. `since` is aware UTC; what is not known is empty, 0 or None."""

    command: str = ""
    user: str = ""
    host: str = ""
    pid: int = 0
    since: datetime | None = None

    def __str__(self) -> str:
        """Write it as `fleetcheck scan, by ann on ops1, process 4711`."""
        who = " on ".join(filter(None, (self.user, self.host)))
        parts = (f"`{self.command}`" if self.command else "another fleetcheck", who and f"by {who}")
        return ", ".join(filter(None, (*parts, f"process {self.pid}" if self.pid else "")))


class LockTakenError(StoreError):
    """Another process writes to `place` and did not end within `waited` seconds.

    `age` is its lock's, in seconds.
    """

    def __init__(self, place: str, owner: Owner, *, waited: float, age: float | None) -> None:
        """Build the sentence from its parts."""
        since = f", for {duration(age)}" if age is not None else ""
        super().__init__(
            f"database {place}: in use by {owner}{since}; waited {duration(waited)} for it. "
            "Only one command writes at a time: try again when that one has ended, let `--wait 30m` wait for "
            "it, or name another database with `--db`."
        )
        self.place, self.owner, self.waited, self.age = place, owner, waited, age


class StoreTrouble(enum.StrEnum):
    """What a database refused for. The value is the word that JSON shows."""

    FULL = "disk-full"
    READ_ONLY = "read-only"
    LOCKED = "locked"
    DAMAGED = "damaged"
    DISK = "disk-error"
    PATH = "bad-path"
    DENIED = "denied"
    UNREACHABLE = "unreachable"
    LOGON = "logon-failed"
    MISSING = "missing"
    OTHER = "other"


_TROUBLE = {
    StoreTrouble.FULL: (
        "no space is left",
        "Free some space; `fleetcheck scans` and `fleetcheck repin status` name what can be gone on with.",
    ),
    StoreTrouble.READ_ONLY: (
        "it cannot be written",
        "Give this user the right to write it, or name another with `--db`.",
    ),
    StoreTrouble.LOCKED: ("another program holds it locked", "Close what else has it open, then try again."),
    StoreTrouble.DAMAGED: ("it is damaged", "Restore a copy, or name a new one with `--db`."),
    StoreTrouble.DISK: ("the disk reports an error", "Look at the disk and the system's log."),
    StoreTrouble.PATH: ("no file can be made there", "Name another place with `--db` or FLEETCHECK_DB."),
    StoreTrouble.DENIED: (
        "the right to use it is missing",
        "Ask for the right, or name another with `--db`.",
    ),
    StoreTrouble.UNREACHABLE: ("it cannot be reached", "Look whether the server runs and the URL is right."),
    StoreTrouble.LOGON: ("it rejects the logon", "Look at user and password of the URL."),
    StoreTrouble.MISSING: ("it does not exist", "Create the database on the server, or correct the URL."),
    StoreTrouble.OTHER: ("it reports an error", "Nothing that was committed is lost."),
}


class DatabaseError(StoreError):
    """The database at `place` refused for `trouble`; `detail` is what the driver said, in one line."""

    def __init__(self, place: str, trouble: StoreTrouble, detail: str) -> None:
        """Build the sentence from its parts."""
        what, advice = _TROUBLE[trouble]
        super().__init__(f"database {place}: {what} ({detail}). {advice}")
        self.place, self.trouble, self.detail = place, trouble, detail


class UnansweredError(StoreError):
    """The database had not answered when nobody waited for it any more: `what` that means, and what to do."""

    def __init__(self, what: str) -> None:
        """Build the sentence from its parts."""
        super().__init__(f"the database does not answer: {what}")
        self.what = what


class UnknownScanError(StoreError):
    """No scan has the id `scan_id`; `latest` is the newest id, None where nothing was scanned."""

    exit_code = EXIT_USAGE

    def __init__(self, place: str, scan_id: int, latest: int | None) -> None:
        """Build the sentence from its parts."""
        known = f"the latest is {latest}" if latest is not None else "there is none yet"
        super().__init__(f"no scan {scan_id} in database {place}: {known}. `fleetcheck scans` lists them.")
        self.place, self.scan_id, self.latest = place, scan_id, latest


class WriterClosedError(StoreError):
    """A result was handed to a writer that had already been closed."""

    def __init__(self, place: str) -> None:
        """Build the sentence from its parts."""
        super().__init__(f"database {place}: already closed, this was not stored.")
        self.place = place


def duration(seconds: float) -> str:
    """Write a duration as people say it: `4 s`, `12 min`, `3 h`, `2 d`."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
