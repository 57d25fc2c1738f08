"""Who is told, and how patiently: what a scan needs to know of a target. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.notices.edges import UNKNOWN_AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A target by its name in the configuration. `unknown_after`: so many `unknown` in a row are news."""

    target: str
    unknown_after: int = UNKNOWN_AFTER
