"""One lean host: who may talk, what is sealed, and what its shells answer."""

from __future__ import annotations

from orchestrator.demo.counters import Counters
from orchestrator.demo.engine import Clock
from orchestrator.demo.host import MAX_CONNECTIONS, PATHS, SimulatedHost
from orchestrator.demo.lean import winrs
from orchestrator.demo.lean.connection import Pending
from orchestrator.demo.lean.later import Envelope, Later
from orchestrator.demo.lean.recorded import Recorder
from orchestrator.demo.lean.shells import LeanShells
from orchestrator.demo.lean.table import ShellTable
from orchestrator.demo.lean.winrs import WinrsShells
from orchestrator.demo.wire import auth, soap
from orchestrator.demo.wire.auth import ConnectionAuth
from orchestrator.demo.wire.httpd import Request, Response
from orchestrator.demo.wire.ntlm import LogonRejected

_OFFERS = ("Negotiate", "Basic")


class LeanHost:
    """A host to replay, at `address` and `port`. `binding` is its certificate's hash where it speaks TLS."""

    def __init__(
        self,
        spec: SimulatedHost,
        address: str,
        *,
        port: int,
        binding: bytes | None,
        clock: Clock,
        delay: float,
    ) -> None:
        self.spec = spec
        self.address = address
        self.port = port
        self.counters = Counters()
        self._binding = binding
        self._table = ShellTable(self.counters)
        shared = spec.machine, self._table, Recorder(spec.machine), self.counters, clock
        takes = delay + spec.machine.latency
        self._shells = LeanShells(*shared, delay=takes)
        self._winrs = WinrsShells(*shared, delay=takes)

    @property
    def open_shells(self) -> int:
        """How many shells clients have left open."""
        return len(self._table)

    def opened(self) -> ConnectionAuth | None:
        """Begin a connection; None where there are too many."""
        if self.counters.open_connections >= MAX_CONNECTIONS:
            return None
        self.counters.connections += 1
        self.counters.open_connections += 1
        return ConnectionAuth(
            (self.spec.account,), _OFFERS, self.spec.machine.computer, self._binding, self._logon
        )

    def closed(self) -> None:
        """End a connection."""
        self.counters.open_connections -= 1

    def _logon(self, user: str, accepted: bool) -> None:
        (self.counters.accepted if accepted else self.counters.rejected)[user] += 1

    def answer(self, guard: ConnectionAuth, request: Request, *, tls: bool) -> Response | Pending:
        """Answer a request, at once or later; never raises."""
        self.counters.requests += 1
        if request.method != "POST" or request.target.split("?")[0] not in PATHS:
            return Response(404 if request.method == "POST" else 405)
        if b"Identify" in request.body and "wsmanidentify" in request.headers:
            return Response(body=soap.identify("0.0.0"))
        try:
            passes, headers = guard.admit(request.headers.get("authorization", ""))
        except LogonRejected:
            passes, headers = False, guard.challenge()
        if not passes:
            return Response(401, headers=headers)
        return self._logged_on(guard, request, headers, tls=tls)

    def _logged_on(
        self, guard: ConnectionAuth, request: Request, headers: auth.Headers, *, tls: bool
    ) -> Response | Pending:
        body, sealing = request.body, None
        if request.headers.get("content-type", "").lower().startswith("multipart/encrypted"):
            sealing = guard.sealing
            try:
                body = _unsealed(sealing, body)
            except LogonRejected:
                return Response(400, close=True)
        elif body and not tls:
            return Response(500, headers=headers)  # AllowUnencrypted is false, as it should be
        if not body:
            return Response(headers=headers)
        answered = self._soap(body, guard.user)
        if isinstance(answered, Later):
            return Pending(answered, lambda made: _response(made, sealing, headers))
        return _response(answered, sealing, headers)

    def _soap(self, body: bytes, user: str) -> Envelope | Later:
        message_id = ""
        try:
            request = soap.parse(body)
            message_id = request.message_id
            if request.verb == "Identify":
                return 200, soap.identify(self.spec.machine.os_version)
            if request.resource == winrs.RESOURCE:
                return self._winrs.answer(request, user)
            return self._shells.answer(request, user)
        except soap.WsmanFault as exc:
            return exc.status, soap.fault(exc, message_id, self.spec.machine.computer)


def _unsealed(sealing: auth.Sealer | None, body: bytes) -> bytes:
    """Open a sealed body; raises LogonRejected."""
    if sealing is None:
        raise LogonRejected("sealed, but nobody is logged on by tokens")
    return auth.unseal(sealing, body)


def _response(made: Envelope, sealing: auth.Sealer | None, headers: auth.Headers) -> Response:
    """Put an envelope into a reply; sealed only now,
    because sealed messages are numbered as they are sent.
    """
    status, body = made
    if sealing is None:
        return Response(status, body, headers)
    return Response(status, auth.seal(sealing, body), headers, auth.SEALED_TYPE)
