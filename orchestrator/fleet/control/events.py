"""The events of an execution: values, handed to one callable, in the event loop's thread.

The callable may draw; it must not wait. One that raises is not called again, and the run goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.domain.record import HostRecord
from orchestrator.fleet import words

_Event = TypeVar("_Event")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanStarted:
    """The scan has its id, and `hosts` are about to be probed; `selected` counts those with a result, too."""

    scan: int
    hosts: int
    selected: int
    jobs: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that the user should read once: a width that was lowered, ..."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStarted:
    """The work on a host has begun. `deadline` is in seconds from `at`."""

    host: str
    at: datetime
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRequeued:
    """A host was left before a user name was sent to it, because of its account; it may be started again."""

    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRetrying:
    """A try failed in a way that often passes; the next one comes after `wait` seconds."""

    host: str
    tried: int
    phase: Phase
    cause: Cause
    wait: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFinished:
    """A host has its result, and the database has it too."""

    record: HostRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerTripped:
    """Nothing more is tried with an account, which the hosts in `rejected` refused in a row.

    `host` is set where the account is that host's own. `refused`: a domain controller refused it, asked for
    this host's sake.
    """

    credential: str
    username: str
    rejected: tuple[str, ...]
    host: str | None = None
    refused: str | None = None

    @property
    def by(self) -> str:
        """Who refused it, in words."""
        return words.refusers(self.rejected, self.refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """A stop was requested: nothing new starts, `in_flight` hosts finish, or, `abandoned`, are left.

    `storing`: results on their way to the disk. `unstored`: what else is waited for there, in words.
    `asking`: the database is asked something between hosts.
    """

    reason: str
    in_flight: int
    abandoned: bool
    storing: int = 0
    unstored: str = ""
    asking: bool = False


HostEvent = HostStarted | HostRequeued | HostRetrying
Event = (
    ScanStarted
    | Remark
    | HostStarted
    | HostRequeued
    | HostRetrying
    | HostFinished
    | BreakerTripped
    | Stopping
)
Listener = Callable[[Event], None]


class EventSink(Generic[_Event]):
    """Hand events to one callable, and keep what the user should read once (`remarks`)."""

    def __init__(self, on_event: Callable[[_Event | Remark], None] | None) -> None:
        self._on_event = on_event
        self.remarks: list[str] = []

    def __call__(self, event: _Event | Remark) -> None:
        """Hand an event on; a callable that raises has seen its last."""
        if self._on_event is None:
            return
        try:
            self._on_event(event)
        except Exception as error:  # noqa: BLE001  # whatever a display may raise
            self._on_event = None
            self.remarks.append(f"the progress display broke and was left out: {words.place(error)}")

    def remark(self, said: str) -> None:
        """Hand on a remark, and keep it."""
        self.remarks.append(said)
        self(Remark(words=said))
