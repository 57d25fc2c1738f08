"""What a scan hands out to sites, and with what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from inventory.model import Host
from orchestrator.domain.execution.breaker import Account
from orchestrator.domain.sites.unit import UnitOptions
from orchestrator.fleet.dispatch.accounts import SITES
from orchestrator.fleet.dispatch.port import Dispatcher, Refused

ANSWER = 300.0  # seconds that a site which is there may have hosts and give no result of any
PATIENCE = 60.0  # seconds without a word after which a site is silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """What a scan hands out. All `hosts` have a site whose worker is known; `run` and `epoch` as in `Batch`.

    `refused` is told of what is not believed, for the audit. `patience` and `answer` are in seconds.
    """

    dispatcher: Dispatcher
    hosts: Sequence[Host]
    account_of: Callable[[Host], Account | None]
    refused: Callable[[Refused], Awaitable[None]]
    run: str
    epoch: int
    script: str
    options: UnitOptions
    patience: float = PATIENCE
    answer: float = ANSWER
    sites: int = SITES
