"""Waivers that a plan goes over, and those that it does not know. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from inventory.model import Waiver
from orchestrator.domain.repin.plan import Plan, WaivedHost
from orchestrator.domain.waiver import Waivers


def waived_since(plan: Plan, waivers: Waivers, now: Mapping[str, str]) -> dict[str, str]:
    """Say of each planned host with a waiver that the plan does not know which one it is, in words, by host.

    Looked at are the verdict that the host was planned with and the one in `now`, by host, where it has been
    read again since. An undo is bound by no waiver.
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
    """Return what a plan keeps of a waiver that it goes over."""
    return WaivedHost(host=host, verdict=verdict, reason=waiver.reason, until=waiver.until)


def waived_words(waived: WaivedHost) -> str:
    """Write a waiver: `drifted until 2027-01-31: change 4711`."""
    return f"{waived.verdict} until {waived.until}: {waived.reason}"
