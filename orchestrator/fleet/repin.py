"""The re-pin: a plan in, every planned host written by the protocol or left alone with a reason, a summary out."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from inventory.model import Host
from orchestrator.domain.operation import RunRecord
from orchestrator.domain.plan import Plan
from orchestrator.fleet.clock import Clock
from orchestrator.fleet.repin_events import RepinListener
from orchestrator.fleet.repin_journal import Journal
from orchestrator.fleet.repin_options import RepinOptions
from orchestrator.fleet.repin_summary import RepinSummary
from orchestrator.fleet.stop import Stop
from orchestrator.remote.session import Logon, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class RepinMeans:
    """What a re-pin works with; none of it is closed by it.

    `logons` gives a credential's logon by its name; it may raise what the user has to read (SecretError).
    """

    transport: Transport
    logons: Callable[[str | None], Logon]
    clock: Clock
    chance: random.Random


async def apply(
    plan: Plan,
    hosts: Mapping[str, Host],
    *,
    record: RunRecord,
    options: RepinOptions,
    means: RepinMeans,
    journal: Journal | None,
    stop: Stop | None = None,
    on_event: RepinListener | None = None,
) -> RepinSummary:
    """Apply a plan that `plan_checks.check` has passed, wave after wave; never raises for a host.

    `hosts` are the inventory's, by name. `record` is the run's, without an id. `journal` is None for a dry run only.
    Every logon is asked for once, before anything starts: what `means.logons` raises comes out, and so does
    StoreError where the run cannot begin. Later trouble with the database ends the run and is in the summary.
    """
    raise NotImplementedError


async def resume(
    plan: Plan,
    hosts: Mapping[str, Host],
    *,
    record: RunRecord,
    options: RepinOptions,
    means: RepinMeans,
    journal: Journal,
    stop: Stop | None = None,
    on_event: RepinListener | None = None,
) -> RepinSummary:
    """Go on with a run: read every host that it left unresolved, then write those that it never began.

    `record` is the run's, with its id. What was not begun is left alone where the plan does not hold any more, and a
    remark says why. Raises as `apply`.
    """
    raise NotImplementedError
