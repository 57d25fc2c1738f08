"""The blocking half of a session: TLS, logon, shell, script, close. Runs in a thread, over a socket it was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType

from orchestrator.domain.outcome import Phase
from orchestrator.domain.text import clean
from orchestrator.remote.certificate import binding
from orchestrator.remote.classify import QUOTED, Seen, classify
from orchestrator.remote.logon import LogonScheme, scheme
from orchestrator.remote.quiet_pypsrp import WSMan
from orchestrator.remote.session import Endpoint, Logon, Parameter, Reply, Script
from orchestrator.remote.shell import Connections, Shell
from orchestrator.remote.speaker import Speaker
from orchestrator.remote.tls import Trust, secure
from orchestrator.remote.trouble import Garbled, SoapFault, TooOldShell, Trouble
from orchestrator.remote.wire import Wire

CLOSING = 5.0  # seconds at most that closing may take


@dataclass(slots=True, kw_only=True)
class Tools:
    """What the conversations of a run share."""

    trust: Trust = field(default_factory=Trust)
    connections: Connections = field(default_factory=Connections)
    clock: Callable[[], float]


class Conversation:
    """One try with one host. `converse` and `close` block; `phase` and `cut` may be used from other threads."""

    def __init__(self, endpoint: Endpoint, logon: Logon, tools: Tools, *, small: bool) -> None:
        """Nothing is sent yet. `small`: use the smallest envelope, since the host refused larger ones."""
        self.endpoint = endpoint
        self.phase = Phase.RESOLVE
        self.script = ""
        self._logon = logon
        self._tools = tools
        self._small = small
        self._wire: Wire | None = None
        self._shell: Shell | None = None
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
            self._wire.usable = False
            self._wire.cut()

    def converse(
        self, script: Script, parameters: Mapping[str, Parameter], accepted: Callable[[], None]
    ) -> Reply:
        """Go from a connected socket to a reply; the shell stays open. Raises Fault; anything else is our mistake."""
        wire = self._wire
        if wire is None:
            raise RuntimeError("there is no wire yet")
        try:
            return self._converse(wire, script, parameters, accepted)
        except Exception as error:
            if not isinstance(error, SoapFault | TooOldShell):
                wire.usable = False  # nobody knows what the host would make of another request
            raise classify(_trouble(error), self.seen()) from error

    def close(self) -> tuple[str, ...]:
        """End the shell on the host, where there is one and the connection still serves, and give the socket back.

        Takes CLOSING seconds at most and never raises: what went wrong is a remark.
        """
        wire, shell = self._wire, self._shell
        if wire is None:
            return ()
        try:
            if shell is None or not wire.usable:
                return ()
            wire.ends = self._tools.clock() + CLOSING
            shell.close()
        except Exception as error:  # noqa: BLE001  # whatever closing brings, it takes no result away
            if isinstance(error, Trouble):
                said = classify(error, self.seen()).detail
            else:
                said = clean(f"{type(error).__name__}: {error}", limit=QUOTED)
            return (f"the shell did not close, the host ends it when it idles: {said}",)
        finally:
            wire.close()
        return ()

    @property
    def has_shell(self) -> bool:
        """Whether closing means to talk with the host."""
        return self._shell is not None and self._wire is not None and self._wire.usable

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
        self._shell = shell
        shell.open()
        self.enter(Phase.RUN)
        text, errors = shell.run(script, parameters)
        self.enter(Phase.DECODE)
        return Reply(
            text=text,
            errors=errors,
            auth=logon.used,
            certificate=certificate,
            timings=dict(self._timings),
            received=wire.received,
        )

    def _wsman(self, wire: Wire, logon: LogonScheme, accepted: Callable[[], None]) -> WSMan:
        def taken() -> None:
            self.enter(Phase.OPEN)
            accepted()

        speaker = Speaker(wire, self.endpoint, logon, taken)
        left = wire.ends - self._tools.clock()
        return self._tools.connections.over(speaker, seconds=left, small=self._small)


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
