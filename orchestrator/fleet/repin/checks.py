"""Check whether a plan still holds, before anything is sent: every reason against it, at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from inventory.errors import EXIT_GATE
from inventory.model import Fleet, Host, Profile
from inventory.windows_names import fold
from orchestrator.domain.primitives.digest import fact_changes, host_digest_v1
from orchestrator.domain.primitives.inventories import in_words
from orchestrator.domain.repin.plan import NEWEST, Plan, PlannedHost
from orchestrator.domain.repin.planfile import PlanError

_AGAIN = "make a new plan: fleetcheck repin plan"
MADE_BY_0_1 = "made by 0.1: plan again (a plan's file of version 1 is read, and no longer applied)"


class PlanRefused(PlanError):  # noqa: N818  # named for what happened to the plan, as other ends are
    """The plan does not hold; nothing was sent. `reasons` has every one, those of the whole plan first."""

    exit_code = EXIT_GATE

    def __init__(self, plan: str, reasons: tuple[str, ...]) -> None:
        """Build the message from the reasons."""
        super().__init__("\n".join((f"plan {plan} does not hold, nothing was written; {_AGAIN}", *reasons)))
        self.plan = plan
        self.reasons = reasons


def check(plan: Plan, fleet: Fleet, now: datetime, script: str) -> None:
    """Raise PlanRefused, with all reasons, unless the plan may be applied now.

    `script` is the SHA-256 (hex) of the write script that would run. That the file is as it was written is
    for `planfile.loads` to say.
    """
    check_new(plan)
    reasons = tuple(refusals(plan, fleet.hosts, now, script))
    if reasons:
        raise PlanRefused(plan.id, reasons)


def check_new(plan: Plan) -> None:
    """Raise PlanRefused for a plan of an older version: a run of it may be gone on with, and none begins."""
    if plan.file_version < NEWEST:
        raise PlanRefused(plan.id, (MADE_BY_0_1,))


def refusals(plan: Plan, hosts: Mapping[str, Host], now: datetime, script: str) -> Iterator[str]:
    """Yield every reason against the plan: its time, its script, each host that is not as it was planned."""
    if now >= plan.expires:
        yield f"it expired at {plan.expires.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if plan.script != script:
        yield (
            f"it was made for another version of the write script "
            f"({plan.script[:12]}, this one is {script[:12]}; by fleetcheck {plan.version})"
        )
    if plan.hosts and not any(planned.host in hosts for planned in plan.hosts):
        yield f"none of its hosts is in this inventory: it was made from {in_words(plan.inventory)}"
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
    changed = _changed(planned, host)
    if changed is not None:
        return f"the inventory has changed for it since it was planned{changed}"
    if _one_value_twice(planned, host.profile):
        return f"{host.profile.shared_value} holds the ports of two roles, and the plan writes it twice"
    if not _writes_pins(planned, host.profile):
        return f"what it would write is no pin of {host.profile.title}, so no planner wrote this plan"
    return None


def _changed(planned: PlannedHost, host: Host) -> str | None:
    """Return what the inventory has changed for a host since, or None. Of version 1 only that it has."""
    if isinstance(planned.facts, str):
        if host_digest_v1(host) == planned.facts:
            return None
        where = f"{host.address}:{host.port}"
        return f", it is at {where} now" if where != f"{planned.address}:{planned.port}" else ""
    changes = [
        f"{field} was {_said(then)}, is {_said(now)} now"
        for field, then, now in fact_changes(planned.facts, host)
    ]
    return ": " + "; ".join(changes) if changes else None


def _said(value: Any) -> str:
    if value is None:
        return "not set"
    return ", ".join(map(_said, value)) if isinstance(value, list) else str(value)


def _one_value_twice(planned: PlannedHost, profile: Profile) -> bool:
    """Whether two roles share a value and are planned for two ports, or for two writes of it."""
    if profile.shared_value is None:
        return False
    places = [(target.view, fold(target.value)) for target in planned.targets]
    return len(set(places)) < len(places) or len({role.new for role in planned.roles}) > 1


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
