"""The shells of one simulated host: WSMan operations in, envelopes out,
misbehaviour at the step where it belongs.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from orchestrator.demo.behaviour import Act, Age, Fail, Noise, Say, SoapFault, Step, Troubles, Wait
from orchestrator.demo.counters import Counters
from orchestrator.demo.machine.plot import Killed
from orchestrator.demo.wire import bodies, inquiries, psrp, soap
from orchestrator.demo.wire.soap import RSP, WsmanFault, WsmanRequest

MAX_SHELLS = 30

RunScript = Callable[[psrp.Call], Awaitable[tuple[psrp.Message, ...]]]
"""Runs a script on the host's model and gives the pipeline's messages."""


@dataclass(slots=True)
class _Shell:
    id: str
    owner: str
    pool: uuid.UUID
    idle: float  # seconds after which Windows drops a shell that nobody asks for
    used: float
    fragments: psrp.Defragmenter = field(default_factory=psrp.Defragmenter)
    output: list[bytes] = field(default_factory=list)
    messages_sent: int = 1
    command: str = ""
    pipeline: uuid.UUID = field(default_factory=lambda: uuid.UUID(int=0))
    result: asyncio.Future[list[bytes]] | None = None


class WsmanService:
    """The operations of one host. Not for several event loops."""

    def __init__(self, run: RunScript, troubles: Troubles, counters: Counters, *, powershell: str) -> None:
        self.shells: dict[str, _Shell] = {}
        self._run = run
        self._troubles = troubles
        self._counters = counters
        self._powershell = powershell
        self._tasks: set[asyncio.Task[None]] = set()

    def misbehave(self, request: WsmanRequest) -> Act | None:
        """Return what is to go wrong with this request's reply, and count it;
        raises WsmanFault where it is that.
        """
        act = self._troubles.take(_step(request))
        if isinstance(act, SoapFault):
            raise WsmanFault(act.code, text=act.text, subcode=act.subcode, status=act.status)
        return act

    async def answer(self, request: WsmanRequest, user: str) -> bytes:
        """Do what is asked for a logged-on user; return the reply's envelope. Raises WsmanFault."""
        handler = {
            "Create": self._create,
            "Receive": self._receive,
            "Command": self._command,
            "Send": self._send,
            "Signal": self._signal,
            "Delete": self._delete,
            "Get": self._get,
            "Enumerate": self._enumerate,
        }.get(request.verb)
        if handler is None:
            raise WsmanFault(soap.UNKNOWN_ACTION)
        return soap.reply(f"{request.action}Response", request.message_id, await handler(request, user))

    def close(self) -> None:
        """Forget every shell and stop every script."""
        for task in self._tasks:
            task.cancel()
        self.shells.clear()

    def _shell(self, request: WsmanRequest, user: str) -> _Shell:
        shell = self.shells.get(request.shell)
        if shell is None or shell.owner != user:
            raise WsmanFault(soap.UNKNOWN_SHELL, text="The shell was not found on the server.")
        shell.used = time.monotonic()
        return shell

    def _drop_idle(self) -> None:
        """Forget the shells that their clients left behind."""
        now = time.monotonic()
        for shell in [shell for shell in self.shells.values() if now - shell.used > shell.idle]:
            del self.shells[shell.id]
            self._counters.shells_expired += 1

    async def _get(self, request: WsmanRequest, _user: str) -> str:
        if request.resource != inquiries.CONFIG_URI:
            raise WsmanFault(soap.UNKNOWN_RESOURCE)
        return inquiries.config(MAX_SHELLS)

    async def _enumerate(self, request: WsmanRequest, user: str) -> str:
        """List the user's own shells, as a host does to who is no administrator."""
        if request.resource != soap.SHELL_URI:
            raise WsmanFault(soap.UNKNOWN_RESOURCE)
        self._drop_idle()
        now = time.monotonic()
        own = [shell for shell in self.shells.values() if shell.owner == user]
        return inquiries.shells((shell.id, shell.owner, now - shell.used) for shell in own)

    async def _create(self, request: WsmanRequest, user: str) -> str:
        opening = bodies.read_opening(request)
        self._drop_idle()
        if sum(shell.owner == user for shell in self.shells.values()) >= MAX_SHELLS:
            raise WsmanFault(soap.TOO_MANY_SHELLS)
        shell = _Shell(
            opening.id, user, opening.pool, opening.idle, time.monotonic(), fragments=opening.fragments
        )
        age = self._troubles.setting(Age)
        known = age if isinstance(age, Age) else Age(self._powershell, "2.3")
        shell.output = psrp.frame(psrp.opening(known.powershell, known.protocol), shell.pool)
        shell.messages_sent += len(shell.output)
        self.shells[shell.id] = shell
        self._counters.shells_opened += 1
        return bodies.created(shell, request.to)

    async def _receive(self, request: WsmanRequest, user: str) -> str:
        shell = self._shell(request, user)
        if bodies.command_asked_for(request) is None:
            if not shell.output:
                await asyncio.sleep(request.timeout)
                raise WsmanFault(soap.TIMED_OUT)
            blobs, shell.output = shell.output, []
            return bodies.pool_output(blobs)
        return await self._result(shell, request)

    async def _result(self, shell: _Shell, request: WsmanRequest) -> str:
        if shell.result is None:
            raise WsmanFault(soap.UNKNOWN_SHELL, text="The command was not found on the server.")
        done, _ = await asyncio.wait([shell.result], timeout=request.timeout)
        if not done:
            raise WsmanFault(soap.TIMED_OUT)
        body, rest = bodies.command_output(shell.result.result(), shell.command, request.max_envelope)
        shell.result = asyncio.get_running_loop().create_future()
        shell.result.set_result(rest)
        return body

    async def _command(self, request: WsmanRequest, user: str) -> str:
        shell = self._shell(request, user)
        if request.body is None:
            raise WsmanFault(soap.BAD_XML)
        shell.command = (request.body.get("CommandId") or str(uuid.uuid4())).upper()
        shell.result = asyncio.get_running_loop().create_future()
        self._messages(shell, bodies.feed(shell.fragments, request.body.findtext(f"{RSP}Arguments")))
        return bodies.command_begun(shell.command)

    async def _send(self, request: WsmanRequest, user: str) -> str:
        shell = self._shell(request, user)
        for stream in request.body if request.body is not None else ():
            self._messages(shell, bodies.feed(shell.fragments, stream.text))
        return "<rsp:SendResponse/>"

    def _messages(self, shell: _Shell, messages: list[psrp.Message]) -> None:
        for message in messages:
            if message.kind == psrp.CREATE_PIPELINE:
                shell.pipeline = message.pipeline
                task = asyncio.get_running_loop().create_task(self._work(shell, message))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _work(self, shell: _Shell, message: psrp.Message) -> None:
        act = self._troubles.take(Step.RUN)
        if isinstance(act, Wait):
            await asyncio.sleep(act.seconds)
        try:
            if isinstance(act, Say):
                messages = psrp.finished(act.text)
            elif isinstance(act, Fail):
                messages = psrp.failed(act.error_id, act.exception, act.message)
            else:
                messages = await self._run(psrp.read_pipeline(message.data))
            if isinstance(act, Noise):
                messages = psrp.amid(messages, act.before, act.after)
        except Killed:
            return  # nobody is left to hear of it
        except psrp.BadMessage as exc:
            messages = psrp.failed(
                "InvalidMessage", "System.Management.Automation.RuntimeException", str(exc)
            )
        if shell.result is not None and not shell.result.done():
            shell.result.set_result(
                psrp.frame(messages, shell.pool, shell.pipeline, first=shell.messages_sent)
            )

    async def _signal(self, request: WsmanRequest, user: str) -> str:
        self._shell(request, user).result = None
        return "<rsp:SignalResponse/>"

    async def _delete(self, request: WsmanRequest, user: str) -> str:
        self._shell(request, user)
        del self.shells[request.shell]
        self._counters.shells_closed += 1
        return ""


def _step(request: WsmanRequest) -> Step:
    if request.verb == "Receive":
        stream = request.body.find(f"{RSP}DesiredStream") if request.body is not None else None
        return Step.OPEN if stream is None or stream.get("CommandId") is None else Step.RECEIVE
    if request.verb in ("Get", "Enumerate", "Pull"):
        return Step.INQUIRE
    steps = {"Create": Step.CREATE, "Command": Step.COMMAND, "Signal": Step.SIGNAL, "Delete": Step.DELETE}
    return steps.get(request.verb, Step.COMMAND)
