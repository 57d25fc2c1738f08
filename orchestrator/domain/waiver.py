"""Waivers: verdicts that are known and accepted for some hosts until a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from inventory.model import Waiver
from orchestrator.domain.judgement import Judgement

Waived = Mapping[tuple[str, str], str]
"""(host, verdict) to the reason of an unexpired waiver."""


def unexpired(waivers: Iterable[Waiver], today: date) -> Waived:
    """Give what is waived today, once for a whole run; a waiver's last day still counts, the first of two wins."""
    found: dict[tuple[str, str], str] = {}
    for waiver in waivers:
        if today <= waiver.until:
            for host in waiver.hosts:
                found.setdefault((host, waiver.verdict), waiver.reason)
    return found


def waive(host: str, judgement: Judgement, waived: Waived) -> str | None:
    """Give the reason why this host's verdict is accepted, None where it is not.

    A waiver covers a host's verdict in whatever role it is, and no other verdict: what gets worse is told again.
    """
    return waived.get((host, str(judgement.verdict)))
