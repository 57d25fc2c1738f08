"""Does an agent use its new port? Pure; the connections say it, never the pin."""

from __future__ import annotations

from inventory.model import Host
from orchestrator.domain.facts import facts
from orchestrator.domain.reading import Reading
from orchestrator.domain.repin.plan import PlannedHost


def taken_up(change: PlannedHost, reading: Reading, host: Host) -> bool:
    """Whether a tunnel is up on a new port, and no changed role has its tunnel on another one only.

    As the verdicts `disconnected` and `stale` see it: an agent that keeps one tunnel at a time has taken it
    up too.
    """
    known = facts(reading, profile=host.profile, desired=host.desired, gateways=host.gateways)
    live = {role.role: role.live for role in known.roles}
    changed = [role for role in change.roles if role.old != role.new]
    stale = any(live[role.role] and role.new not in live[role.role] for role in changed)
    return not stale and any(role.new in live[role.role] for role in changed)
