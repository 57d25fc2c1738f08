"""What a conversation with a host is made of, whoever carries it: requests out, answers in, pauses between.

No I/O.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

from orchestrator.remote.net.http import Answer

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Pause:
    """What an exchange yields to have its driver wait so many seconds; nothing is sent to it then."""

    seconds: float


Exchange = Generator[bytes | Pause, Answer, _Result]
"""Yields whole HTTP requests, is sent the answer to each, ends with a result. May yield pauses in between. A
`Fresh` request needs a new connection, an `Idle` one is none: it asks whether the connection is still there.
"""
