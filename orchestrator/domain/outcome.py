"""What became of one host: a reading, or where and why it failed.

A failure is a value, never an exception.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from orchestrator.domain.reading import Reading


class Phase(enum.StrEnum):
    """Where on the way to a reading a host failed."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    AUTH = "auth"
    OPEN = "open"
    RUN = "run"
    DECODE = "decode"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """How the work on a host went, whatever came of it. Times are aware UTC; durations in milliseconds."""

    started: datetime
    ended: datetime
    tries: int = 1
    auth: str | None = None  # what the logon really used: "ntlm", "kerberos", "basic"
    certificate: str | None = None  # "sha256:" and hex, as seen
    script: str | None = None  # SHA-256 (hex) of the script that ran
    timings: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    received: int = 0  # bytes
    dialled: str | None = None  # the IP address that answered, where a connection stood long enough to say
    remarks: tuple[str, ...] = ()  # a close that failed, a clock that is off, ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """The host answered with a valid reading."""

    host: str
    reading: Reading
    trace: Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The host gave no reading. `detail` is what was seen (still uncleaned), `advice` what to do about it."""

    host: str
    phase: Phase
    cause: str
    detail: str
    advice: str
    trace: Trace


Outcome = Probed | Failed
