"""What a re-pin run takes: one value for the whole run, and from it each host's part."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from inventory.model import Host
from orchestrator.domain.approval.signatures import Approval
from orchestrator.domain.repin.operation import RunRecord
from orchestrator.domain.repin.plan import Plan, PlannedHost
from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.repin.events import RepinListener
from orchestrator.fleet.repin.options import RepinOptions
from orchestrator.fleet.repin.run_journal import RunJournal
from orchestrator.remote.session import Logon, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class RepinServices:
    """What a re-pin works with, and does not close.

    `logons` returns a credential's logon by its name; it may raise what the user has to read (SecretError).
    """

    transport: Transport
    logons: Callable[[str | None], Logon]
    clock: Clock
    chance: random.Random


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRequest:
    """One host's part of a run: what to change, how, and whether the plan lets a closed port be written."""

    change: PlannedHost
    options: RepinOptions
    force_closed: bool

    def unwatched(self) -> WriteRequest:
        """Return the same request, for a write whose agent nobody watches afterwards."""
        return replace(self, options=replace(self.options, wait_live=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInput:
    """What `apply` and `resume` take.

    `hosts`: the inventory's, by name. `record`: the run's; it has no id for a new run, and has one for a run
    to resume. `journal`: None for a dry run only, which reads it at most. `stop`: the user's. `on_event`:
    called with each event, in the event loop's thread; it must not wait. `approvals`: who signed the plan of
    a new run. `unapproved`: why the plan of a resumed run may not be written with any more, else "".
    """

    plan: Plan
    hosts: Mapping[str, Host]
    record: RunRecord
    options: RepinOptions
    services: RepinServices
    journal: RunJournal | None
    stop: StopRequest = field(default_factory=StopRequest)
    on_event: RepinListener | None = None
    approvals: tuple[Approval, ...] = ()
    unapproved: str = ""

    def __post_init__(self) -> None:
        """Refuse to be made without a journal for a run that writes."""
        if self.journal is None and not self.options.dry_run:
            raise ValueError("a run without a journal is a dry run")

    @property
    def names(self) -> tuple[str, ...]:
        """The planned hosts' names, in the plan's order."""
        return tuple(planned.host for planned in self.plan.hosts)

    def requests(self) -> Mapping[str, WriteRequest]:
        """Return each planned host's part of the run, by name."""
        force_closed = self.plan.force_closed is not None
        return {
            planned.host: WriteRequest(change=planned, options=self.options, force_closed=force_closed)
            for planned in self.plan.hosts
        }

    def hosts_to_probe(self) -> Mapping[str, Host]:
        """Return the planned hosts that the inventory has, by name, as this run probes them.

        Each desires what is planned for it, so that a probe tries just that, and is logged on to with the
        credential that the options name, where they name one.
        """
        return {
            planned.host: _as_planned(self.hosts[planned.host], planned, self.options.credential)
            for planned in self.plan.hosts
            if planned.host in self.hosts
        }


def _as_planned(host: Host, change: PlannedHost, credential: str | None) -> Host:
    desired = {role.role: role.new for role in change.roles}
    return replace(host, desired=desired, credential=credential or host.credential)
