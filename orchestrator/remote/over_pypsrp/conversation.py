"""The blocking half of a session: TLS, logon, shell, script, close.

Runs in a thread, over a socket it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from orchestrator.domain.execution.examination import AccountFacts
from orchestrator.domain.outcome import Phase
from orchestrator.remote.auth.logon import UNBOUND, LogonScheme, scheme
from orchestrator.remote.auth.tickets import Tickets
from orchestrator.remote.contract.output import document_among
from orchestrator.remote.faults.classify import classify
from orchestrator.remote.faults.trouble import SoapFault, TooOldShell
from orchestrator.remote.net.certificate import binding
from orchestrator.remote.net.trust import Trust
from orchestrator.remote.over_pypsrp.blocking import Blocking, drive
from orchestrator.remote.over_pypsrp.imports import WSMan
from orchestrator.remote.over_pypsrp.shell import Connections, Shell
from orchestrator.remote.over_pypsrp.tls import secure
from orchestrator.remote.over_pypsrp.wire import BlockingConnection
from orchestrator.remote.psrp.account import account
from orchestrator.remote.psrp.speaker import Speaker
from orchestrator.remote.session import Logon, Parameter, Reply, Script
from orchestrator.remote.try_progress import CLOSING, TryProgress, trouble_of, unasked, unclosed


@dataclass(slots=True, kw_only=True)
class Tools:
    """What the conversations of a run share."""

    trust: Trust = field(default_factory=Trust)
    connections: Connections = field(default_factory=Connections)
    tickets: Tickets = field(default_factory=Tickets)
    clock: Callable[[], float]


class Conversation:
    """One try with one host. `converse` and `close` block; `cut` may be used from other threads."""

    def __init__(self, course: TryProgress, logon: Logon, tools: Tools, *, small: bool) -> None:
        """Nothing is sent yet. `small`: use the smallest envelope, since the host refused larger ones."""
        self._course = course
        self._logon = logon
        self._tools = tools
        self._small = small
        self._wire: BlockingConnection | None = None
        self._shell: Shell | None = None
        self._speaker: Speaker | None = None

    def take(self, wire: BlockingConnection) -> None:
        """Take over a connected wire."""
        self._wire = wire

    def cut(self) -> None:
        """End it from outside: the thread wakes up and comes back."""
        if self._wire is not None:
            self._wire.inbox.usable = False
            self._wire.cut()

    def converse(
        self, script: Script, parameters: Mapping[str, Parameter], accepted: Callable[[], None]
    ) -> Reply:
        """Go from a connected socket to a reply; the shell stays open.

        Raises Fault; anything else is our mistake.
        """
        wire = self._wire
        if wire is None:
            raise RuntimeError("there is no wire yet")
        try:
            return self._converse(wire, script, parameters, accepted)
        except Exception as error:
            if not isinstance(error, SoapFault | TooOldShell):
                wire.inbox.usable = False  # nobody knows what the host would make of another request
            raise classify(
                trouble_of(error), replace(self._course.seen(), heard=self._heard(wire))
            ) from error

    def _heard(self, wire: BlockingConnection) -> bool:
        """Whether the host has said anything, as far as is known:
        TLS that did not come about tells nothing.
        """
        return bool(wire.inbox.received) or (
            self._course.endpoint.transport == "https" and wire.look is not None
        )

    def account(self, seconds: float) -> AccountFacts:
        """Ask for the account's quotas and shells over the connection that `converse` has left open.

        Never raises.
        """
        wire, shell, speaker = self._wire, self._shell, self._speaker
        if wire is None or shell is None or speaker is None or not wire.inbox.usable:
            return unasked(None, self._course)
        wire.ends = self._tools.clock() + seconds
        endpoint, username = self._course.endpoint, self._logon.username
        asking = account(speaker, endpoint, username=username, own=shell.id, seconds=seconds)
        try:
            return drive(asking, wire)
        except Exception as error:  # noqa: BLE001  # whatever this brings, it takes no result away
            wire.inbox.usable = False
            return unasked(error, self._course)

    def close(self) -> tuple[str, ...]:
        """End the shell on the host, where there is one and the connection still serves, and give the socket
        back.

        Takes CLOSING seconds at most and never raises: what went wrong is a remark.
        """
        wire, shell = self._wire, self._shell
        if wire is None:
            return ()
        try:
            if shell is None or not wire.inbox.usable:
                return ()
            wire.ends = self._tools.clock() + CLOSING
            shell.close()
        except Exception as error:  # noqa: BLE001  # whatever closing brings, it takes no result away
            return (unclosed(error, self._course),)
        finally:
            wire.close()
        return ()

    @property
    def has_shell(self) -> bool:
        """Whether closing means to talk with the host."""
        return self._shell is not None and self._wire is not None and self._wire.inbox.usable

    def _converse(
        self,
        wire: BlockingConnection,
        script: Script,
        parameters: Mapping[str, Parameter],
        accepted: Callable[[], None],
    ) -> Reply:
        course = self._course
        endpoint = course.endpoint
        bound = None
        if endpoint.transport == "https":
            course.enter(Phase.TLS)
            secured = secure(wire, endpoint, self._tools.trust, self._logon.certificate)
            course.certificate = secured.fingerprint
            bound = None if endpoint.auth in UNBOUND else binding(secured.der)
        course.enter(Phase.AUTH)
        logon = scheme(endpoint, self._logon, bound, tickets=self._tools.tickets)
        shell = Shell(self._wsman(wire, logon, accepted), endpoint.configuration)
        self._shell = shell
        shell.open()
        course.enter(Phase.RUN)
        objects, errors = shell.run(script, parameters)
        course.enter(Phase.DECODE)
        text, beside = document_among(objects, script.name)
        return Reply(
            text=text,
            beside=beside,
            errors=errors,
            auth=logon.used,
            certificate=course.certificate,
            timings=dict(course.timings),
            received=wire.inbox.received,
            dialled=course.dialled,
        )

    def _wsman(self, wire: BlockingConnection, logon: LogonScheme, accepted: Callable[[], None]) -> WSMan:
        def taken() -> None:
            self._course.enter(Phase.OPEN)
            accepted()

        endpoint = self._course.endpoint
        speaker = self._speaker = Speaker(endpoint, logon, taken, self._course.watcher)
        blocking = Blocking(speaker, wire, endpoint)
        left = wire.ends - self._tools.clock()
        return self._tools.connections.over(blocking, seconds=left, small=self._small)
