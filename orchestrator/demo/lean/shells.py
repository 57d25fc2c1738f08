"""The shells of one lean host: WSMan operations in, bodies out, at once or later. No task, no future."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from orchestrator.demo.counters import Counters
from orchestrator.demo.engine import Clock
from orchestrator.demo.lean.call import read_call
from orchestrator.demo.lean.later import Envelope, Later
from orchestrator.demo.lean.recorded import Recorder, Recording
from orchestrator.demo.lean.table import OpenShell, ShellTable
from orchestrator.demo.machine.model import Machine
from orchestrator.demo.wire import bodies, psrp, soap
from orchestrator.demo.wire.soap import RSP, WsmanFault, WsmanRequest

_GRAIN = 0.001  # seconds that a timer may be early


@dataclass(slots=True)
class _Shell(OpenShell):
    pool: uuid.UUID
    fragments: psrp.Defragmenter
    output: list[bytes] = field(default_factory=list)
    sent: int = 1
    command: str = ""
    script: tuple[Recording, uuid.UUID] | None = None  # its answer and its pipeline; None: not heard yet
    due: float = 0.0
    answer: list[bytes] | None = None  # what is left to send of it; None: it has not been asked for
    waiting: Later | None = None


class LeanShells:
    """The operations of one host. `delay` (seconds) is how long its script takes, `clock` our time."""

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
        self._table = table
        self._recorder = recorder
        self._computer = machine.computer
        self._skew = timedelta(seconds=machine.clock_skew)
        self._opening = psrp.opening(machine.powershell, "2.3")
        self._counters = counters
        self._clock = clock
        self._delay = delay
        self._handlers = {
            "Create": self._create,
            "Receive": self._receive,
            "Command": self._command,
            "Send": self._send,
            "Signal": self._signal,
            "Delete": self._delete,
        }

    def answer(self, request: WsmanRequest, user: str) -> Envelope | Later:
        """Do what is asked for a logged-on user. Raises WsmanFault."""
        handler = self._handlers.get(request.verb)
        if handler is None:
            raise WsmanFault(soap.UNKNOWN_ACTION)
        body = handler(request, user)
        return body if isinstance(body, Later) else soap.answered(request, body)

    def _create(self, request: WsmanRequest, user: str) -> str:
        opening = bodies.read_opening(request)
        shell = _Shell(opening.id, user, opening.idle, time.monotonic(), opening.pool, opening.fragments)
        self._table.add(shell)
        shell.output = psrp.frame(self._opening, shell.pool)
        shell.sent += len(shell.output)
        return bodies.created(shell, request.to)

    def _command(self, request: WsmanRequest, user: str) -> str:
        shell = self._table.find(request, user, _Shell)
        if request.body is None:
            raise WsmanFault(soap.BAD_XML)
        shell.command = (request.body.get("CommandId") or str(uuid.uuid4())).upper()
        shell.script = shell.answer = None
        self._hear(shell, request.body.findtext(f"{RSP}Arguments"))
        return bodies.command_begun(shell.command)

    def _send(self, request: WsmanRequest, user: str) -> str:
        shell = self._table.find(request, user, _Shell)
        for stream in request.body if request.body is not None else ():
            self._hear(shell, stream.text)
        return "<rsp:SendResponse/>"

    def _hear(self, shell: _Shell, text: str | None) -> None:
        """Take a part of what the client says; when the script is whole,
        its answer is due after the delay.
        """
        for message in bodies.feed(shell.fragments, text):
            if message.kind == psrp.CREATE_PIPELINE:
                try:
                    recording = self._recorder.find(read_call(message.data))
                except psrp.BadMessage as exc:
                    raise WsmanFault(soap.BAD_XML, text=str(exc)) from exc
                self._counters.scripts["probe"] += 1
                shell.script = (recording, message.pipeline)
                shell.due = time.monotonic() + self._delay
                if shell.waiting is not None:
                    shell.waiting.hurry(self._delay)

    def _receive(self, request: WsmanRequest, user: str) -> str | Later:
        shell = self._table.find(request, user, _Shell)
        asked = bodies.command_asked_for(request)
        if asked is None and shell.output:
            blobs, shell.output = shell.output, []
            return bodies.pool_output(blobs)
        if asked is not None and asked.upper() != shell.command:
            raise WsmanFault(soap.UNKNOWN_SHELL, text="The command was not found on the server.")
        if asked is not None and self._left(shell) <= 0:
            return self._output(shell, request)
        wait = request.timeout if asked is None else min(request.timeout, self._left(shell))
        later = Later(wait, lambda: self._after(request, user))
        if asked is not None:
            shell.waiting = later
        return later

    def _left(self, shell: _Shell) -> float:
        """Return the seconds until the script's answer is due."""
        return float("inf") if shell.script is None else shell.due - time.monotonic()

    def _after(self, request: WsmanRequest, user: str) -> Envelope:
        """Answer a Receive that has waited: with the output,
        or with "timed out" where that is not there yet.
        """
        try:
            return soap.answered(request, self._waited(request, user))
        except WsmanFault as exc:
            return exc.status, soap.fault(exc, request.message_id, self._computer)

    def _waited(self, request: WsmanRequest, user: str) -> str:
        shell = self._table.find(request, user, _Shell)
        shell.waiting = None
        if bodies.command_asked_for(request) is None or self._left(shell) > _GRAIN:
            raise WsmanFault(soap.TIMED_OUT)
        return self._output(shell, request)

    def _output(self, shell: _Shell, request: WsmanRequest) -> str:
        if shell.answer is None and shell.script is not None:
            recording, pipeline = shell.script
            messages = recording.at(self._clock() + self._skew)
            shell.answer = psrp.frame(messages, shell.pool, pipeline, first=shell.sent)
        body, shell.answer = bodies.command_output(shell.answer or [], shell.command, request.max_envelope)
        return body

    def _signal(self, request: WsmanRequest, user: str) -> str:
        shell = self._table.find(request, user, _Shell)
        shell.script, shell.answer, shell.command = None, None, ""
        return "<rsp:SignalResponse/>"

    def _delete(self, request: WsmanRequest, user: str) -> str:
        shell = self._table.find(request, user, _Shell)
        self._table.close(shell)
        if shell.waiting is not None:
            shell.waiting.hurry(0)
        return ""
