"""Waivers: verdicts that are known and accepted for some hosts until a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inventory.model import Waiver
    from orchestrator.domain.judgement import Judgement
    from orchestrator.domain.standing import HostNow

Waived = Mapping[tuple[str, str], str]
"""(host, verdict) to the reason of an unexpired waiver."""

Waivers = Mapping[tuple[str, str], "Waiver"]
"""(host, verdict) to the unexpired waiver itself."""


def in_force(waivers: Iterable[Waiver], today: date) -> Waivers:
    """Return what is waived today, each with its waiver: reason and last day.

    The first of two wins, as in `unexpired`.
    """
    found: dict[tuple[str, str], Waiver] = {}
    for waiver in waivers:
        if today <= waiver.until:
            for host in waiver.hosts:
                found.setdefault((host, waiver.verdict), waiver)
    return found


def unexpired(waivers: Iterable[Waiver], today: date) -> Waived:
    """Return what is waived today, once for a whole run; a waiver's last day still counts,
    the first of two wins.
    """
    return {key: waiver.reason for key, waiver in in_force(waivers, today).items()}


def waive(host: str, judgement: Judgement, waived: Waived) -> str | None:
    """Return the reason why this host's verdict is accepted, None where it is not.

    A waiver covers a host's verdict in whatever role it is, and no other verdict: what gets worse is told
    again.
    """
    return waived.get((host, str(judgement.verdict)))


def waived_now(host: HostNow, waived: Waived) -> HostNow:
    """Return a host as these waivers have it: one that was waived when it was scanned may be so no more."""
    counts = host.standing
    reason = waive(counts.host, counts.judgement, waived)
    if reason == counts.waived:
        return host
    now = replace(counts, waived=reason)
    if host.known is None:
        return replace(host, latest=now)
    return replace(host, known=now, latest=now if host.latest is counts else host.latest)
