"""Waivers: verdicts that are known and accepted for some hosts until a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from inventory.model import Waiver
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.plan import Plan, WaivedHost
from orchestrator.domain.standing import HostNow

Waived = Mapping[tuple[str, str], str]
"""(host, verdict) to the reason of an unexpired waiver."""

Waivers = Mapping[tuple[str, str], Waiver]
"""(host, verdict) to the unexpired waiver itself."""


def in_force(waivers: Iterable[Waiver], today: date) -> Waivers:
    """Give what is waived today, each with its waiver: reason and last day. The first of two wins, as in `unexpired`."""
    found: dict[tuple[str, str], Waiver] = {}
    for waiver in waivers:
        if today <= waiver.until:
            for host in waiver.hosts:
                found.setdefault((host, waiver.verdict), waiver)
    return found


def waived_since(plan: Plan, waivers: Waivers, now: Mapping[str, str]) -> dict[str, str]:
    """Say of each planned host with a waiver that the plan does not know which one it is, in words, by host.

    Looked at are the verdict that the host was planned with and the one in `now`, by host, where it has been read
    again since. An undo is bound by no waiver.
    """
    if plan.undoes is not None:
        return {}
    known = set(plan.waived)
    found: dict[str, str] = {}
    for planned in plan.hosts:
        for verdict in (planned.verdict, now.get(planned.host)):
            waiver = None if verdict is None else waivers.get((planned.host, verdict))
            if waiver is None or verdict is None:
                continue
            waived = waived_host(planned.host, verdict, waiver)
            if waived not in known:
                found.setdefault(planned.host, f"waived since it was planned, {waived_words(waived)}")
    return found


def waived_host(host: str, verdict: str, waiver: Waiver) -> WaivedHost:
    """Give what a plan keeps of a waiver that it goes over."""
    return WaivedHost(host=host, verdict=verdict, reason=waiver.reason, until=waiver.until)


def waived_words(waived: WaivedHost) -> str:
    """Write a waiver: `drifted until 2027-01-31: change 4711`."""
    return f"{waived.verdict} until {waived.until}: {waived.reason}"


def unexpired(waivers: Iterable[Waiver], today: date) -> Waived:
    """Give what is waived today, once for a whole run; a waiver's last day still counts, the first of two wins."""
    return {key: waiver.reason for key, waiver in in_force(waivers, today).items()}


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
