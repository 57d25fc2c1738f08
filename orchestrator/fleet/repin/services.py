"""What a re-pin works with."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.fleet.control.clock import Clock
from orchestrator.remote.session import Logon, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class RepinServices:
    """What a re-pin works with; none of it is closed by it.

    `logons` gives a credential's logon by its name; it may raise what the user has to read (SecretError).
    """

    transport: Transport
    logons: Callable[[str | None], Logon]
    clock: Clock
    chance: random.Random
