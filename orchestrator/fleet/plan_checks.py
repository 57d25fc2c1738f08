"""Does a plan still hold? Looked at before anything is sent to anybody: every reason against it, at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from inventory.errors import EXIT_GATE
from inventory.model import Fleet, Host, Profile
from orchestrator.domain.digest import host_digest
from orchestrator.domain.pin import fold
from orchestrator.domain.plan import Plan, PlannedHost
from orchestrator.domain.planfile import PlanError

_AGAIN = "make a new plan: fleetcheck repin plan"


class PlanRefused(PlanError):  # noqa: N818  # what happened to the plan, as the other ends of a re-pin are named
    """The plan does not hold; nothing was sent. `reasons` has every one, those of the whole plan first."""

    exit_code = EXIT_GATE

    def __init__(self, plan: str, reasons: tuple[str, ...]) -> None:
        """Build the message from the reasons."""
        super().__init__("\n".join((f"plan {plan} does not hold, nothing was written; {_AGAIN}", *reasons)))
        self.plan = plan
        self.reasons = reasons


def check(plan: Plan, fleet: Fleet, now: datetime, script: str) -> None:
    """Raise PlanRefused, with all reasons, unless the plan may be applied now.

    `script` is the SHA-256 (hex) of the write script that would run. That the file is as it was written is for
    `planfile.loads` to say.
    """
    reasons = tuple(refusals(plan, fleet.hosts, now, script))
    if reasons:
        raise PlanRefused(plan.id, reasons)


def refusals(plan: Plan, hosts: Mapping[str, Host], now: datetime, script: str) -> Iterator[str]:
    """Yield every reason against the plan: its time, its script, then each host that is not as it was planned."""
    if now >= plan.expires:
        yield f"it expired at {plan.expires.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if plan.script != script:
        yield (
            f"it was made for another version of the write script ({plan.script[:12]}, this one is {script[:12]}; "
            f"by fleetcheck {plan.version})"
        )
    if plan.hosts and not any(planned.host in hosts for planned in plan.hosts):
        yield f"none of its hosts is in this inventory: it was made from {plan.inventory}"
        return
    for planned in plan.hosts:
        reason = _against(planned, hosts.get(planned.host))
        if reason is not None:
            yield f"{planned.host}: {reason}"


def _against(planned: PlannedHost, host: Host | None) -> str | None:
    if host is None:
        return "not in the inventory any more"
    if host.repin == "forbid":
        return "the inventory says `repin: forbid`"
    if host_digest(host) != planned.facts:
        where = f"{host.address}:{host.port}"
        moved = f", it is at {where} now" if where != f"{planned.address}:{planned.port}" else ""
        return f"the inventory has changed for it since it was planned{moved}"
    if not _writes_pins(planned, host.profile):
        return f"what it would write is no pin of {host.profile.title}, so no planner wrote this plan"
    return None


def _writes_pins(planned: PlannedHost, profile: Profile) -> bool:
    """Whether nothing but the profile's own values is to be written: a digest alone is no signature."""
    asked, key = (fold(text).split("\\") for text in (profile.key, planned.key))
    values = {role.role: fold(role.port_value) for role in profile.roles}
    return (
        len(asked) == len(key)
        and all(want in {"*", have} for want, have in zip(asked, key, strict=True))
        and all(
            target.view in profile.views and values.get(target.role) == fold(target.value)
            for target in planned.targets
        )
    )
