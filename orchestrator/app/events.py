"""What a use case tells while it works, beside the events of a scan or a re-pin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.domain.outcome import Phase
from orchestrator.fleet.control.events import Remark

__all__ = ["HostEntered", "Note", "NoteListener", "PlanEmpty", "Remark", "Warned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something that is most likely a mistake; the work goes on."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEntered:
    """A try with a host is in its next phase, `after` milliseconds. Told only where somebody asked for it."""

    host: str
    phase: Phase
    after: int


@dataclass(frozen=True, slots=True)
class PlanEmpty:
    """The plan that is to be applied has no host: nothing is to be confirmed, nothing is written."""


Note = Remark | Warned
NoteListener = Callable[[Note], None]
