"""`doctor` without a host: this machine, check by check.

At most three hosts are looked at, without a logon, for their clocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.sources.source import Sources, named
from inventory.words import plural
from orchestrator.app.doctor import checks
from orchestrator.domain.execution.examination import Check, Health
from orchestrator.domain.primitives.exit_codes import EXIT_ATTENTION, EXIT_OK
from orchestrator.report.doctor.screen import DoctorReport

if TYPE_CHECKING:
    from inventory.model import Fleet
    from orchestrator.app.approval.rules import Place
    from orchestrator.app.invocation import Invocation


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerRequest:
    """What to look at: the inventory (`named`: by an option or the configuration), and what the database is
    named by; `rules`: where this machine says who has to sign a plan.
    """

    inventory: Sources
    named: bool
    asked: Invocation
    environ: Mapping[str, str]
    rules: Place
    jobs: int = 64
    timeout: float | None = None


def controller(request: ControllerRequest) -> DoctorReport:
    """Look at this machine. Never raises: whatever is wrong is a check."""
    found = tuple(_checks(request))
    bad = any(one.health is Health.WARNING for one in found)
    return DoctorReport(checks=found, code=EXIT_ATTENTION if bad else EXIT_OK)


def _checks(request: ControllerRequest) -> Iterator[Check]:
    yield checks.configuration(request.asked.settings)
    check, fleet = _inventory(request)
    yield check
    yield checks.open_files(request.jobs)
    yield checks.clock(fleet, request.timeout)
    yield checks.kerberos(fleet)
    yield from checks.database(request.asked)
    yield checks.approvals(request.rules)
    yield checks.proxies(request.environ)


def _inventory(request: ControllerRequest) -> tuple[Check, Fleet | None]:
    from inventory.errors import InventoryError
    from inventory.sources.load import load_all

    name, path = "inventory", named(request.inventory)
    if not request.named and not request.inventory[0].path.exists():
        said = "there is no fleet.yaml here, and neither -i, FLEETCHECK_INVENTORY nor a file names one"
        advice = "`fleetcheck inventory init` writes a starter file."
        return Check(name=name, health=Health.UNKNOWN, seen=said, advice=advice), None
    try:
        fleet = load_all(request.inventory)
    except InventoryError as error:
        count, first = len(error.problems), error.problems[0]
        said = f"{path} has {plural(count, 'mistake')}; the first: {first}"
        advice = "`fleetcheck inventory check` names all of them."
        return Check(name=name, health=Health.WARNING, seen=said, advice=advice), None
    said = f"{path}: no mistakes, {plural(len(fleet.hosts), 'host')}"
    remarks = f"; {len(fleet.remarks)} remarks" if fleet.remarks else ""
    return Check(name=name, health=Health.OK, seen=said + remarks), fleet
