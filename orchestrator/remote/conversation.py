"""The blocking half of a session: TLS, logon, shell, script, close. Runs in a thread, over a socket it was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType

from orchestrator.domain.outcome import Phase
from orchestrator.domain.text import clean
from orchestrator.remote.certificate import binding
from orchestrator.remote.classify import QUOTED, Seen, classify
from orchestrator.remote.faults import Fault
from orchestrator.remote.logon import LogonScheme, scheme
from orchestrator.remote.quiet_pypsrp import WSMan
from orchestrator.remote.session import Endpoint, Logon, Parameter, Reply, Script
from orchestrator.remote.shell import Connections, Shell
from orchestrator.remote.speaker import Speaker
from orchestrator.remote.tls import Trust, secure
from orchestrator.remote.trouble import Garbled, Trouble
from orchestrator.remote.wire import Wire

CLOSING = 5.0  # seconds at most that closing may take after the answer has come


@dataclass(slots=True, kw_only=True)
class Tools:
    """What the conversations of a run share."""

    trust: Trust = field(default_factory=Trust)
    connections: Connections = field(default_factory=Connections)
    clock: Callable[[], float]


class Conversation:
    """One try with one host. `converse` blocks; `phase`, `reply` and `cut` may be used from other threads."""

    def __init__(self, endpoint: Endpoint, logon: Logon, tools: Tools, *, small: bool) -> None:
        """Nothing is sent yet. `small`: use the smallest envelope, since the host refused larger ones."""
        self.endpoint = endpoint
        self.phase = Phase.RESOLVE
        self.reply: Reply | None = None  # there as soon as the answer is, before the shell is closed
        self.script = ""
        self._logon = logon
        self._tools = tools
        self._small = small
        self._wire: Wire | None = None
        self._timings: dict[str, int] = {}
        self._since = self.began = tools.clock()

    def seen(self) -> Seen:
        """Say how far it is."""
        return Seen(
            endpoint=self.endpoint,
            phase=self.phase,
            seconds=self._tools.clock() - self.began,
            script=self.script,
        )

    def take(self, wire: Wire) -> None:
        """Take over a connected wire."""
        self._wire = wire

    def enter(self, phase: Phase) -> None:
        """Go on to the next phase; the time since the last one is the last one's."""
        now = self._tools.clock()
        self._timings[self.phase.value] = round((now - self._since) * 1000)
        self._since, self.phase = now, phase

    def cut(self) -> None:
        """End it from outside: the thread wakes up and comes back."""
        if self._wire is not None:
            self._wire.cut()

    def drop(self) -> None:
        """Close the wire of a conversation that never began."""
        if self._wire is not None:
            self._wire.close()

    def converse(
        self, script: Script, parameters: Mapping[str, Parameter], accepted: Callable[[], None]
    ) -> Reply:
        """Go from a connected socket to a reply. Raises Fault; anything else is a mistake of ours."""
        wire = self._wire
        if wire is None:
            raise RuntimeError("there is no wire yet")
        try:
            return self._converse(wire, script, parameters, accepted)
        except Fault:
            raise
        except Exception as error:
            raise classify(_trouble(error), self.seen()) from error
        finally:
            wire.close()

    def _converse(
        self, wire: Wire, script: Script, parameters: Mapping[str, Parameter], accepted: Callable[[], None]
    ) -> Reply:
        certificate, bound = None, None
        if self.endpoint.transport == "https":
            self.enter(Phase.TLS)
            secured = secure(wire, self.endpoint, self._tools.trust)
            certificate = secured.fingerprint
            bound = None if self.endpoint.auth == "basic" else binding(secured.der)
        self.enter(Phase.AUTH)
        logon = scheme(self.endpoint, self._logon, bound)
        shell = Shell(self._wsman(wire, logon, accepted), self.endpoint.configuration)
        try:
            shell.open()
            self.enter(Phase.RUN)
            text, errors = shell.run(script, parameters)
        except Exception:
            if wire.usable and self.phase in (Phase.OPEN, Phase.RUN):
                self._close(shell, wire)
            raise
        self.enter(Phase.RUN)
        self.reply = Reply(
            text=text,
            errors=errors,
            auth=logon.used,
            certificate=certificate,
            timings=dict(self._timings),
            received=wire.received,
        )
        return replace(self.reply, remarks=self._close(shell, wire))

    def _wsman(self, wire: Wire, logon: LogonScheme, accepted: Callable[[], None]) -> WSMan:
        def taken() -> None:
            self.enter(Phase.OPEN)
            accepted()

        speaker = Speaker(wire, self.endpoint, logon, taken)
        left = wire.ends - self._tools.clock()
        return self._tools.connections.over(speaker, seconds=left, small=self._small)

    def _close(self, shell: Shell, wire: Wire) -> tuple[str, ...]:
        """End the shell, in bounded time; what goes wrong is a remark, the result is kept."""
        wire.ends = min(wire.ends, self._tools.clock() + CLOSING)
        try:
            shell.close()
        except Exception as error:  # noqa: BLE001  # whatever closing brings, the answer is here already
            if isinstance(error, Trouble):
                said = classify(error, self.seen()).detail
            else:
                said = clean(f"{type(error).__name__}: {error}", limit=QUOTED)
            return (f"the shell did not close, the host ends it when it idles: {said}",)
        return ()


def _trouble(error: Exception) -> Trouble:
    """Sort what came up: trouble as it is, what a library threw over a host's words as Garbled, the rest is ours."""
    if isinstance(error, Trouble):
        return error
    if _is_ours(error.__traceback__):
        raise error
    return Garbled(f"{type(error).__name__}: {error}")


def _is_ours(traceback: TracebackType | None) -> bool:
    """Whether the error came up in a line of this program; in a library it was chewing on what the host said."""
    if traceback is None:
        return True
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return str(traceback.tb_frame.f_globals.get("__name__", "")).startswith(__name__.partition(".")[0])
