"""Waivers: verdicts that are known and accepted for some hosts until a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from inventory.model import Waiver
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.standing import HostNow

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


def waived_now(host: HostNow, waived: Waived) -> HostNow:
    """Give a host as these waivers have it: one that was waived when it was scanned may be so no more."""
    counts = host.standing
    reason = waive(counts.host, counts.judgement, waived)
    if reason == counts.waived:
        return host
    now = replace(counts, waived=reason)
    if host.known is None:
        return replace(host, latest=now)
    return replace(host, known=now, latest=now if host.latest is counts else host.latest)
