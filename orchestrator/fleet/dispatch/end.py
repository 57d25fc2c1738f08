"""How the part of a scan ended that sites were asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.domain.execution.breaker import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteEnd:
    """How it ended: hosts not started, by site, and how often something was told twice or not believed."""

    silent: Mapping[str, int] = field(default_factory=dict)
    not_started: tuple[str, ...] = ()
    barred: Mapping[Account, Sequence[str]] = field(default_factory=dict)
    twice: int = 0
    refused: int = 0
