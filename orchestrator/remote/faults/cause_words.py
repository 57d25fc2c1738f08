"""The words of one cause of a fault, as the tables hold them."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.fault import Again


@dataclass(frozen=True, slots=True)
class CauseWords:
    """What to say of a cause and what to do about it. `phase` is None where it happened."""

    meaning: str
    advice: str
    again: Again = Again.NEVER
    phase: Phase | None = None
