"""Waivers that a plan does not know, looked for once more before it is used."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inventory.model import Fleet
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.repin.plan import Plan


def waived_since_planned(invocation: Invocation, plan: Plan, fleet: Fleet) -> Mapping[str, str]:
    """Return the planned hosts that a waiver covers which the plan does not know, each with its words.

    A host's verdict is the one that it was planned with, and that of its latest reading, by today's
    inventory.
    """
    from orchestrator.domain.repin.waived import waived_since
    from orchestrator.domain.waiver import in_force

    waivers = in_force(fleet.waivers, datetime.now(UTC).date())
    named = {host for host, _ in waivers}
    hosts = [planned.host for planned in plan.hosts if planned.host in named]
    return waived_since(plan, waivers, _verdicts(invocation, hosts, fleet)) if hosts else {}


def _verdicts(invocation: Invocation, names: list[str], fleet: Fleet) -> dict[str, str]:
    """Judge the latest reading of each host; none where the database does not say."""
    from orchestrator.domain.verdict import judge_outcome
    from orchestrator.store.errors import StoreError

    found: dict[str, str] = {}
    with contextlib.suppress(StoreError), invocation.reader() as reader:
        for name, ((_, record), *_) in reader.latest_records(names, limit=1).items():
            host = fleet.hosts[name]
            judged = judge_outcome(
                record.outcome, profile=host.profile, desired=host.desired, gateways=host.gateways
            )
            found[name] = str(judged.verdict)
    return found
