"""How far a try with a host has come: its phase, and how long each phase took. Both transports keep it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from types import TracebackType

from inventory.schema.shapes import is_ip
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.domain.primitives.text import clean
from orchestrator.remote.faults.classify import QUOTED, Seen, classify, fault
from orchestrator.remote.faults.trouble import Garbled, Trouble
from orchestrator.remote.session import Endpoint

CLOSING = 5.0  # seconds at most that closing a shell may take


class TryProgress:
    """One try with one host. `phase` may be read from other threads."""

    __slots__ = ("_clock", "_since", "began", "dialled", "endpoint", "phase", "script", "timings")

    def __init__(self, endpoint: Endpoint, clock: Callable[[], float]) -> None:
        """`clock` gives seconds; the first phase begins now."""
        self.endpoint = endpoint
        self.phase = Phase.RESOLVE
        self.script = ""  # SHA-256 of the script that is to run
        self.timings: dict[str, int] = {}  # phase -> milliseconds
        self.dialled: str | None = None  # the IP address that the connection stands with
        self._clock = clock
        self._since = self.began = clock()

    def enter(self, phase: Phase) -> None:
        """Go on to the next phase; the time since the last one is the last one's."""
        now = self._clock()
        self.timings[self.phase.value] = round((now - self._since) * 1000)
        self._since, self.phase = now, phase

    def connected(self, sock: socket.socket) -> None:
        """Note which address answered: of a name's several, the one that let us connect."""
        with contextlib.suppress(OSError):  # it is closed already, which the next step says better
            self.dialled = str(sock.getpeername()[0])

    def seen(self) -> Seen:
        """Say how far it is."""
        return Seen(
            endpoint=self.endpoint,
            phase=self.phase,
            seconds=self._clock() - self.began,
            script=self.script,
        )

    def refuse(self) -> None:
        """Refuse what must never be sent, before anything is. Raises Fault."""
        endpoint = self.endpoint
        if endpoint.auth == "basic" and endpoint.transport != "https":
            said = "Basic over plain http would show the password to the network; nothing was sent"
            raise fault(self.seen(), Cause.LOGON_NOT_OFFERED, said)
        if endpoint.auth == "certificate" and endpoint.transport != "https":
            said = "a certificate is shown inside TLS alone; nothing was sent"
            raise fault(self.seen(), Cause.LOGON_NOT_OFFERED, said)
        if endpoint.auth == "kerberos" and is_ip(endpoint.address):
            raise fault(self.seen(), Cause.KERBEROS_NEEDS_NAME, f"address: {endpoint.address}")


def trouble_of(error: Exception) -> Trouble:
    """Sort what came up: trouble as it is, what a library threw over a host's words as Garbled, the rest is ours."""
    if isinstance(error, Trouble):
        return error
    if _is_ours(error.__traceback__):
        raise error
    return Garbled(f"{type(error).__name__}: {error}")


def unclosed(error: Exception, course: TryProgress) -> str:
    """Say why a shell did not close, for the report: whatever it was, it takes no result away."""
    if isinstance(error, Trouble):
        said = classify(error, course.seen()).detail
    else:
        said = clean(f"{type(error).__name__}: {error}", limit=QUOTED)
    return f"the shell did not close, the host ends it when it idles: {said}"


def _is_ours(traceback: TracebackType | None) -> bool:
    """Whether the error came up in a line of this program; in a library it was chewing on what the host said."""
    if traceback is None:
        return True
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return str(traceback.tb_frame.f_globals.get("__name__", "")).startswith(__name__.partition(".")[0])
