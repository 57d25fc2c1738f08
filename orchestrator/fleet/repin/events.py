"""The events of a re-pin, beside those that it shares with a scan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.repin.journal import State
from orchestrator.fleet.control.events import (
    BreakerTripped,
    HostRequeued,
    HostRetrying,
    HostStarted,
    Remark,
    Stopping,
)
from orchestrator.fleet.repin.summary import HostEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The run has its id (None: a dry run). `hosts` are to be written, `unresolved` to be read first."""

    run: int | None
    plan: str
    hosts: int
    unresolved: int
    jobs: int
    dry_run: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveStarted:
    """A wave begins: its number from 1, of `waves`, and how many hosts it has."""

    wave: int
    waves: int
    hosts: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveEnded:
    """Every host of a wave has ended."""

    wave: int
    waves: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pausing:
    """The pause before the next wave, in seconds from `at`; the database is not locked meanwhile."""

    seconds: float
    before: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStateChanged:
    """A host's row came into a state that is no end, and the journal has it."""

    host: str
    state: State
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """`hosts` agents have not taken their new port up yet; the last of them has until `until`."""

    hosts: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEnded:
    """A host's work is done, and the journal has it."""

    end: HostEnd


RepinEvent = (
    RunStarted
    | WaveStarted
    | WaveEnded
    | Pausing
    | HostStarted
    | HostRetrying
    | HostRequeued
    | HostStateChanged
    | Watching
    | HostEnded
    | Remark
    | BreakerTripped
    | Stopping
)
RepinListener = Callable[[RepinEvent], None]
