"""The shells of one lean host: WSMan operations in, bodies out, at once or later. No task, no future."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from xml.sax.saxutils import escape

from orchestrator.demo import bodies, psrp, soap
from orchestrator.demo.counters import Counters
from orchestrator.demo.engine import Clock
from orchestrator.demo.lean.call import read_call
from orchestrator.demo.lean.later import Envelope, Later
from orchestrator.demo.lean.recorded import Recorder, Recording
from orchestrator.demo.model import Machine
from orchestrator.demo.soap import RSP, WsmanFault, WsmanRequest
from orchestrator.demo.wsman import MAX_SHELLS

_GRAIN = 0.001  # seconds that a timer may be early


@dataclass(slots=True)
class _Shell:
    id: str
    owner: str
    pool: uuid.UUID
    idle: float  # seconds after which Windows drops a shell that nobody asks for
    used: float
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

    def __init__(self, machine: Machine, counters: Counters, clock: Clock, *, delay: float) -> None:
        self._recorder = Recorder(machine)
        self._computer = machine.computer
        self._skew = timedelta(seconds=machine.clock_skew)
        self._opening = psrp.opening(machine.powershell, "2.3")
        self._counters = counters
        self._clock = clock
        self._delay = delay
        self._shells: dict[str, _Shell] = {}
        self._handlers = {
            "Create": self._create,
            "Receive": self._receive,
            "Command": self._command,
            "Send": self._send,
            "Signal": self._signal,
            "Delete": self._delete,
        }

    @property
    def open(self) -> int:
        """How many shells there are."""
        return len(self._shells)

    def answer(self, request: WsmanRequest, user: str) -> Envelope | Later:
        """Do what is asked for a logged-on user. Raises WsmanFault."""
        handler = self._handlers.get(request.verb)
        if handler is None:
            raise WsmanFault(soap.UNKNOWN_ACTION)
        body = handler(request, user)
        return body if isinstance(body, Later) else _reply(request, body)

    def _shell(self, request: WsmanRequest, user: str) -> _Shell:
        shell = self._shells.get(request.shell)
        if shell is None or shell.owner != user:
            raise WsmanFault(soap.UNKNOWN_SHELL, text="The shell was not found on the server.")
        shell.used = time.monotonic()
        return shell

    def _create(self, request: WsmanRequest, user: str) -> str:
        opening = bodies.read_opening(request)
        now = time.monotonic()
        for old in [one for one in self._shells.values() if now - one.used > one.idle]:
            del self._shells[old.id]
            self._counters.shells_expired += 1
        if len(self._shells) >= MAX_SHELLS:
            raise WsmanFault(soap.TOO_MANY_SHELLS)
        shell = _Shell(opening.id, user, opening.pool, opening.idle, now, opening.fragments)
        shell.output = psrp.frame(self._opening, shell.pool)
        shell.sent += len(shell.output)
        self._shells[shell.id] = shell
        self._counters.shells_opened += 1
        return bodies.created(shell, request.to)

    def _command(self, request: WsmanRequest, user: str) -> str:
        shell = self._shell(request, user)
        if request.body is None:
            raise WsmanFault(soap.BAD_XML)
        shell.command = (request.body.get("CommandId") or str(uuid.uuid4())).upper()
        shell.script = shell.answer = None
        self._hear(shell, request.body.findtext(f"{RSP}Arguments"))
        return f"<rsp:CommandResponse><rsp:CommandId>{escape(shell.command)}</rsp:CommandId></rsp:CommandResponse>"

    def _send(self, request: WsmanRequest, user: str) -> str:
        shell = self._shell(request, user)
        for stream in request.body if request.body is not None else ():
            self._hear(shell, stream.text)
        return "<rsp:SendResponse/>"

    def _hear(self, shell: _Shell, text: str | None) -> None:
        """Take a part of what the client says; when the script is whole, its answer is due after the delay."""
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
        shell = self._shell(request, user)
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
        """Answer a Receive that has waited: with the output, or with "timed out" where that is not there yet."""
        try:
            return _reply(request, self._waited(request, user))
        except WsmanFault as exc:
            return exc.status, soap.fault(exc, request.message_id, self._computer)

    def _waited(self, request: WsmanRequest, user: str) -> str:
        shell = self._shell(request, user)
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
        shell = self._shell(request, user)
        shell.script, shell.answer, shell.command = None, None, ""
        return "<rsp:SignalResponse/>"

    def _delete(self, request: WsmanRequest, user: str) -> str:
        shell = self._shell(request, user)
        del self._shells[shell.id]
        if shell.waiting is not None:
            shell.waiting.hurry(0)
        self._counters.shells_closed += 1
        return ""


def _reply(request: WsmanRequest, body: str) -> Envelope:
    return 200, soap.reply(f"{request.action}Response", request.message_id, body)
