"""A plan that asks its hosts first: a scan of its own tries the ports that it names, then it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.words import plural
from orchestrator.app.errors import CommandError, UsageError
from orchestrator.app.events import HostEntered, Note, Remark, Warned
from orchestrator.app.repin.plan import PlanRequest, plan_of, selected
from orchestrator.app.scan.plan import ScanRequest
from orchestrator.app.scan.report import ScanListener
from orchestrator.app.scan.run import run_on
from orchestrator.app.watching import NOTHING, WatchRequest
from orchestrator.domain.primitives.exit_codes import EXIT_FAILED, EXIT_INTERRUPTED
from orchestrator.domain.record import PORTS
from orchestrator.domain.repin.policy import PORT
from orchestrator.fleet.control.events import Event, Stopping

if TYPE_CHECKING:
    from orchestrator.app.invocation import Invocation
    from orchestrator.domain.repin.plan import Plan
    from orchestrator.report.summary import ScanReport


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRequest:
    """How the hosts of a plan are asked."""

    transport: str = "native"
    jobs: int = 64
    ask_pass: bool = False
    watch: WatchRequest = NOTHING


class AskInterrupted(CommandError):  # noqa: N818  # what happened, in the words of who reads it
    """Somebody ended the scan before the plan was made."""

    exit_code = EXIT_INTERRUPTED


def plan_by_asking(
    invocation: Invocation, request: PlanRequest, ask: AskRequest, *, on_event: ScanListener
) -> Plan:
    """Ask the hosts for the ports of the plan, then make it.

    Raises UsageError where it names no port, AskInterrupted, CommandError where the scan failed, and as
    `make_plan` and `orchestrator.app.scan.run.run`.
    """
    _check(request)
    ask.watch.check()
    fleet, hosts = selected(invocation, request, on_event=on_event)
    asked = ScanRequest(
        inventory=request.inventory,
        limit=request.limit,
        mode=PORTS,
        jobs=ask.jobs,
        transport=ask.transport,
        ask_pass=ask.ask_pass,
        watch=ask.watch,
        policy=request.policy,
    )
    stops: list[Stopping] = []

    def listen(event: Event | Note | HostEntered) -> None:
        if isinstance(event, Stopping):
            stops.append(event)
        on_event(event)

    report = run_on(invocation, asked, fleet, hosts, on_event=listen)
    _refuse(report, stopped=bool(stops))
    for words in report.warnings:
        on_event(Warned(words=words))
    asked_hosts = plural(len(hosts), "host")
    on_event(Remark(words=f"scan {report.scan.id} asked {asked_hosts} for the plan's ports alone"))
    return plan_of(invocation, request, fleet, hosts)


def _check(request: PlanRequest) -> None:
    if request.policy.word != PORT:
        raise UsageError("--ask tries the ports that --port names, and there is no --port")
    if request.scan is not None or request.agree > 1:
        option = "--agree" if request.scan is None else "--scan"
        raise UsageError(f"--ask makes a scan of its own for the plan: leave {option} out")


def _refuse(report: ScanReport, *, stopped: bool) -> None:
    # Also where every host was in flight and has ended: who stops a script here wants no plan to be applied.
    if stopped or report.code == EXIT_INTERRUPTED:
        raise AskInterrupted("interrupted: no plan was made")
    if report.code == EXIT_FAILED:
        raise CommandError("; ".join([f"scan {report.scan.id}: no plan was made", *report.warnings]))
