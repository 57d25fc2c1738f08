"""`doctor HOST`: load the inventory, choose the hosts, examine them. Stores, locks and prints nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.sources.source import Sources
from orchestrator.app.logons import asking_passwords, logons, names_of
from orchestrator.domain.execution.examination import Examination, all_passed
from orchestrator.domain.primitives.exit_codes import EXIT_INTERRUPTED, EXIT_OK, EXIT_UNPROBED
from orchestrator.report.doctor.screen import DoctorReport

if TYPE_CHECKING:
    from inventory.model import Host
    from orchestrator.app.invocation import Invocation
    from orchestrator.remote.session import Logon


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorRequest:
    """Which hosts to examine, as `--limit` names them, and how.

    `timeout` is in seconds for one host, None: its own.
    """

    inventory: Sources
    hosts: tuple[str, ...]
    account: bool = False
    transport: str = "native"
    jobs: int = 64
    timeout: float | None = None
    ask_pass: bool = False


def doctor(invocation: Invocation, request: DoctorRequest) -> DoctorReport:
    """Examine the hosts.

    Raises InventoryError, SelectionError (unknown names say which was meant) and SecretError.
    """
    from inventory.selection.select import select
    from inventory.sources.load import load_all

    fleet = load_all(request.inventory)
    hosts = select(fleet, request.hosts, stdin=invocation.stdin)
    if request.ask_pass:
        fleet = asking_passwords(fleet, hosts)
    known = logons(fleet, names_of(hosts), invocation.ask)
    found, interrupted = asyncio.run(_examined(request, hosts, known))
    begun = {one.host for one in found}
    code = EXIT_OK if all_passed(found) else EXIT_UNPROBED
    return DoctorReport(
        hosts=found,
        not_started=tuple(host.name for host in hosts if host.name not in begun),
        code=EXIT_INTERRUPTED if interrupted else code,
    )


async def _examined(
    request: DoctorRequest, hosts: tuple[Host, ...], known: Mapping[str | None, Logon]
) -> tuple[tuple[Examination, ...], bool]:
    from orchestrator.fleet.control.clock import SystemClock
    from orchestrator.fleet.control.signals import listening
    from orchestrator.fleet.control.stop import StopRequest
    from orchestrator.fleet.examine.run import ExamineServices, examine
    from orchestrator.fleet.options import ScanOptions
    from orchestrator.remote.look import Looker
    from orchestrator.remote.transport_name import TransportName
    from orchestrator.remote.transports import transport

    stop = StopRequest()
    looker = Looker(via_logons=known.__getitem__)
    made = transport(TransportName(request.transport), jobs=request.jobs, via_logons=known.__getitem__)
    services = ExamineServices(transport=made, looker=looker, logons=known.__getitem__, clock=SystemClock())
    with listening(stop, asyncio.get_running_loop()):
        try:
            options = ScanOptions(jobs=request.jobs, timeout=request.timeout)
            found = await examine(
                hosts, options=options, services=services, stop=stop, account=request.account
            )
        finally:
            await looker.aclose()
            await made.aclose()
    return found, stop.requested
