"""How far a try with a host has come: its phase, and how long each phase took. Both transports keep it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from inventory.schema.shapes import is_ip
from inventory.windows_names import is_local
from orchestrator.domain.cause import Cause
from orchestrator.domain.execution.examination import AccountFacts
from orchestrator.domain.outcome import Phase
from orchestrator.domain.primitives.text import clean
from orchestrator.remote.faults.classify import classify
from orchestrator.remote.faults.make import QUOTED, Seen, fault
from orchestrator.remote.faults.trouble import Garbled, Trouble
from orchestrator.remote.session import Endpoint, Logon, TryFacts
from orchestrator.remote.watch import Watcher

_LOCAL = "Set `auth: ntlm` for it, or name a credential of the domain; nothing was sent."
CLOSING = 5.0  # seconds at most that closing a shell may take


class TryProgress:
    """One try with one host. `phase` may be read from other threads."""

    __slots__ = (
        "_clock",
        "_since",
        "began",
        "certificate",
        "dialled",
        "endpoint",
        "phase",
        "rights",
        "script",
        "timings",
        "watcher",
    )

    def __init__(
        self, endpoint: Endpoint, clock: Callable[[], float], watcher: Watcher | None = None
    ) -> None:
        """`clock` gives seconds; the first phase begins now. `watcher` is told of each later one."""
        self.endpoint = endpoint
        self.watcher = watcher
        self.phase = Phase.RESOLVE
        self.script = ""  # SHA-256 of the script that is to run
        self.timings: dict[str, int] = {}  # phase -> milliseconds
        self.dialled: str | None = None  # the IP address that the connection stands with
        self.certificate: str | None = None  # the fingerprint, once it was trusted
        self.rights: int | None = None  # milliseconds of OPEN until the host had given a shell
        self._clock = clock
        self._since = self.began = clock()

    def enter(self, phase: Phase) -> None:
        """Go on to the next phase; the time since the last one is the last one's."""
        self.timings[self.phase.value] = self._spent()
        self._since, self.phase = self._clock(), phase
        if self.watcher is not None:
            self.watcher.entered(self.facts())

    def given_shell(self) -> None:
        """Note that the host gave a shell: the user may have one there."""
        self.rights = self._spent()

    def facts(self) -> TryFacts:
        """Say what is known so far."""
        timings = {**self.timings, self.phase.value: self._spent()}
        return TryFacts(
            phase=self.phase,
            timings=timings,
            dialled=self.dialled,
            certificate=self.certificate,
            rights=self.rights,
        )

    def _spent(self) -> int:
        return round((self._clock() - self._since) * 1000)

    def seen(self) -> Seen:
        """Say how far it is."""
        return Seen(
            endpoint=self.endpoint,
            phase=self.phase,
            seconds=self._clock() - self.began,
            script=self.script,
        )

    def refuse(self, logon: Logon) -> None:
        """Refuse what must never be sent, and what cannot work, before anything is sent. Raises Fault."""
        endpoint = self.endpoint
        if endpoint.auth == "basic" and endpoint.transport != "https":
            said = "Basic over plain http would show the password to the network; nothing was sent"
            raise fault(self.seen(), Cause.LOGON_NOT_OFFERED, said)
        if endpoint.auth == "certificate" and endpoint.transport != "https":
            said = "a certificate is shown inside TLS alone; nothing was sent"
            raise fault(self.seen(), Cause.LOGON_NOT_OFFERED, said)
        if endpoint.auth == "kerberos" and is_ip(endpoint.address):
            raise fault(self.seen(), Cause.KERBEROS_NEEDS_NAME, f"address: {endpoint.address}")
        if endpoint.auth == "kerberos" and is_local(logon.username, endpoint.host, endpoint.address):
            said = f"{logon.username} is an account of the host's own, which no domain controller knows"
            raise fault(self.seen(), Cause.LOGON_NOT_OFFERED, said, advice=_LOCAL)


def trouble_of(error: Exception) -> Trouble:
    """Sort what came up: trouble as it is, what a library threw over a host's words as Garbled,
    the rest is ours.
    """
    if isinstance(error, Trouble):
        return error
    if _is_ours(error.__traceback__):
        raise error
    return Garbled(f"{type(error).__name__}: {error}")


def unclosed(error: Exception, course: TryProgress) -> str:
    """Say why a shell did not close, for the report: whatever it was, it takes no result away."""
    return f"the shell did not close, the host ends it when it idles: {_said(error, course)}"


def unasked(error: Exception | None, course: TryProgress) -> AccountFacts:
    """Say why an account's quotas and shells could not be asked for; None: the session has ended."""
    why = "the session has ended" if error is None else _said(error, course)
    return AccountFacts(remarks=(f"quotas and shells could not be asked for: {why}",))


def _said(error: Exception, course: TryProgress) -> str:
    if isinstance(error, Trouble):
        return classify(error, course.seen()).detail
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return clean(f"{type(error).__name__}: {error}", limit=QUOTED)


def _is_ours(traceback: TracebackType | None) -> bool:
    """Whether the error came up in a line of this program;
    in a library it was chewing on what the host said.
    """
    if traceback is None:
        return True
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return str(traceback.tb_frame.f_globals.get("__name__", "")).startswith(__name__.partition(".")[0])
