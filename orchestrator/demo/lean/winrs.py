"""Command shells (WinRS, MS-WSMV 3.1.4.5): what pywinrm and Ansible open. Whatever the command, its output is
replayed.

No command is run or even read: each prints the document that the host last answered to the probe, so that
every client is measured over the same answer, and ends with exit code 0.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import timedelta

from orchestrator.demo.counters import Counters
from orchestrator.demo.engine import Clock
from orchestrator.demo.lean.later import Envelope, Later
from orchestrator.demo.lean.recorded import Recorder
from orchestrator.demo.lean.table import OpenShell, ShellTable
from orchestrator.demo.machine.model import Machine
from orchestrator.demo.wire import bodies, soap
from orchestrator.demo.wire.soap import RSP, WsmanFault, WsmanRequest

RESOURCE = f"{soap.SHELL_URI}/cmd"
_GRAIN = 0.001  # seconds that a timer may be early
_IDLE = "PT7200S"  # what Windows gives a shell whose client does not say


@dataclass(slots=True)
class _Shell(OpenShell):
    command: str = ""
    due: float = 0.0
    output: list[bytes] | None = None  # what is left to send of it; None: it has not been asked for


class WinrsShells:
    """The operations on one host's command shells.

    `delay` (seconds) is how long a command takes, `clock` our time.
    """

    def __init__(
        self,
        machine: Machine,
        table: ShellTable,
        recorder: Recorder,
        counters: Counters,
        clock: Clock,
        *,
        delay: float,
    ) -> None:
        self._machine = machine
        self._table = table
        self._recorder = recorder
        self._counters = counters
        self._clock = clock
        self._delay = delay

    def answer(self, request: WsmanRequest, user: str) -> Envelope | Later:
        """Do what is asked for a logged-on user. Raises WsmanFault."""
        if request.verb == "Create":
            return soap.answered(request, self._create(request, user))
        shell = self._table.find(request, user, _Shell)
        match request.verb:
            case "Command":
                body = self._command(shell, request)
            case "Send":
                body = "<rsp:SendResponse/>"  # nobody reads standard input
            case "Receive":
                return self._receive(shell, request, user)
            case "Signal":
                shell.command, shell.output = "", None
                body = "<rsp:SignalResponse/>"
            case "Delete":
                self._table.close(shell)
                body = ""
            case _:
                raise WsmanFault(soap.UNKNOWN_ACTION)
        return soap.answered(request, body)

    def _create(self, request: WsmanRequest, user: str) -> str:
        if request.body is None or request.body.tag != f"{RSP}Shell":
            raise WsmanFault(soap.BAD_XML)
        idle = soap.seconds(request.body.findtext(f"{RSP}IdleTimeOut") or _IDLE)
        shell = _Shell(str(uuid.uuid4()).upper(), user, idle, time.monotonic())
        self._table.add(shell)
        return bodies.created(shell, request.to, resource=RESOURCE, streams=("stdin", "stdout stderr"))

    def _command(self, shell: _Shell, request: WsmanRequest) -> str:
        if request.body is None or request.body.tag != f"{RSP}CommandLine":
            raise WsmanFault(soap.BAD_XML)
        shell.command = (request.body.get("CommandId") or str(uuid.uuid4())).upper()
        shell.due = time.monotonic() + self._delay
        shell.output = None
        self._counters.scripts["winrs"] += 1
        return bodies.command_begun(shell.command)

    def _receive(self, shell: _Shell, request: WsmanRequest, user: str) -> Envelope | Later:
        left = _left(shell, request)
        if left <= _GRAIN:
            return soap.answered(request, self._output(shell, request))
        return Later(min(left, request.timeout), lambda: self._after(request, user))

    def _after(self, request: WsmanRequest, user: str) -> Envelope:
        """Answer a Receive that has waited: with the output,
        or with "timed out" where that is not there yet.
        """
        try:
            return soap.answered(request, self._waited(request, user))
        except WsmanFault as exc:
            return exc.status, soap.fault(exc, request.message_id, self._machine.computer)

    def _waited(self, request: WsmanRequest, user: str) -> str:
        shell = self._table.find(request, user, _Shell)
        if _left(shell, request) > _GRAIN:
            raise WsmanFault(soap.TIMED_OUT)
        return self._output(shell, request)

    def _output(self, shell: _Shell, request: WsmanRequest) -> str:
        if shell.output is None:
            now = self._clock() + timedelta(seconds=self._machine.clock_skew)
            text = self._recorder.last_text(now) or self._machine.computer
            shell.output = [f"{text}\r\n".encode()]
        body, shell.output = bodies.command_output(
            shell.output, shell.command, request.max_envelope, exit_code=0
        )
        return body


def _left(shell: _Shell, request: WsmanRequest) -> float:
    """Return the seconds until the command that a Receive names has run;
    raises WsmanFault where there is none.
    """
    asked = bodies.command_asked_for(request)
    if not shell.command or asked is None or asked.upper() != shell.command:
        raise WsmanFault(soap.UNKNOWN_SHELL, text="The command was not found on the server.")
    return shell.due - time.monotonic()
