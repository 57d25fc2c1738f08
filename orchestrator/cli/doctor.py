"""`fleetcheck doctor`: why a host does not answer, stage by stage; without a host,
what is wrong on this machine.
"""

from __future__ import annotations

import os
from typing import Annotated

import typer

from orchestrator.app.errors import UsageError
from orchestrator.cli import scan_options as options
from orchestrator.cli.command import inventory_at_hand, inventory_sources, invocation
from orchestrator.cli.completing import inventory_names, offers
from orchestrator.cli.console import document, draw, draws, lines
from orchestrator.cli.errors import handled
from orchestrator.cli.options import (
    AskPassOption,
    DatabaseOption,
    HeaderOption,
    InventoryOption,
    JsonOption,
    TableOption,
    TransportOption,
)
from orchestrator.remote.transport_name import TransportName

Hosts = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="HOST",
        autocompletion=offers(inventory_names),
        help="Hosts to examine, as --limit of a scan names them; none: this machine is examined.",
    ),
]
Account = Annotated[
    bool,
    typer.Option(
        "--account",
        help="Read as well what WinRM allows the account there, and which shells of its own stand open.",
    ),
]


@handled
def doctor(  # noqa: PLR0913  # a command line has as many parameters as it has options
    host: Hosts = None,
    *,
    inventory: InventoryOption = None,
    account: Account = False,
    jobs: options.Jobs = 64,
    timeout: options.Timeout = None,
    transport: TransportOption = TransportName.NATIVE,
    ask_pass: AskPassOption = False,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
    table: TableOption = False,
    _header: HeaderOption = False,
) -> None:
    """Say at which stage a host fails, and what to do.

    Without HOST this machine is looked at. Each stage on the way to an answer is gone through once: resolve,
    TCP, TLS, what the host offers, logon, rights, shell, script. Nothing is stored and nothing on the host is
    changed.
    """
    from orchestrator.report.doctor.document import doctor_document
    from orchestrator.report.doctor.screen import DOCTOR_COLUMNS, DoctorReport, doctor_rows, doctor_screen

    report: DoctorReport
    asked = invocation(db, inventory)
    if host:
        from orchestrator.app.doctor.hosts import DoctorRequest
        from orchestrator.app.doctor.hosts import doctor as examine

        request = DoctorRequest(
            inventory=inventory_sources(inventory),
            hosts=tuple(host),
            account=account,
            transport=transport.value,
            jobs=jobs,
            timeout=timeout,
            ask_pass=ask_pass,
        )
        report = examine(asked, request)
    else:
        for option, given in (("--account", account), ("--ask-pass", ask_pass)):
            if given:
                raise UsageError(f"{option} needs a host: name one, as in `fleetcheck doctor web1 {option}`")
        from orchestrator.app.approval.rules import SYSTEM
        from orchestrator.app.doctor.controller import ControllerRequest, controller

        report = controller(
            ControllerRequest(
                inventory=inventory_at_hand(inventory),
                named=bool(inventory) or "inventory" in asked.settings.values,
                asked=asked,
                environ=os.environ,
                rules=SYSTEM,
                jobs=jobs,
                timeout=timeout,
            )
        )
    if as_json:
        document(doctor_document(report))
    elif draws(table=table):
        draw(doctor_screen(report))
    else:
        lines(doctor_rows(report), DOCTOR_COLUMNS)
    raise typer.Exit(report.code)
