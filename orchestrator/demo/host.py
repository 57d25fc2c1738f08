"""One simulated host: its listener, its logon, its shells, and how it misbehaves."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from orchestrator.demo.behaviour import (
    Act,
    Behaviour,
    Body,
    Bounce,
    Close,
    Cut,
    Drip,
    Flood,
    Hang,
    Listen,
    Listener,
    Offer,
    Password,
    Status,
    Step,
    Troubles,
    Wait,
)
from orchestrator.demo.counters import Counters
from orchestrator.demo.engine import Clock, Engine, utc_now
from orchestrator.demo.machine.model import Machine
from orchestrator.demo.machine.plot import Event, Plot
from orchestrator.demo.wire import auth, httpd, soap
from orchestrator.demo.wire.auth import Account, ConnectionAuth
from orchestrator.demo.wire.certificates import Authority
from orchestrator.demo.wire.httpd import GOODBYE, HttpConnection, Request, Response
from orchestrator.demo.wire.ntlm import LogonRejected
from orchestrator.demo.wire.wsman import WsmanService

MAX_CONNECTIONS = 64
OPS = Account("CORP\\svc-fleetcheck", "Passw0rd!")
PATHS = ("/wsman", "/wsman-anon/identify")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedHost:
    """A host to serve: what it is, who may log on, how it is reached, how it misbehaves.

    `inventory` are further keys of its entry in the inventory, as written there; `group` names a group that
    it is in. `events` are what happens while the write script runs. `credential` is the inventory's name for
    the account; hosts with one account share it. `port` 0: any free one.
    """

    name: str
    machine: Machine
    account: Account = OPS
    credential: str = "ops"
    transport: Literal["https", "http"] = "https"
    auth: Literal["negotiate", "ntlm", "basic"] = "negotiate"
    behaviours: tuple[Behaviour, ...] = ()
    events: tuple[Event, ...] = ()
    group: str | None = None
    inventory: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    port: int = 0


class RunningHost:
    """A host that listens. `counters`: what it has seen; `machine`: its state, which may be changed."""

    def __init__(
        self, spec: SimulatedHost, address: str, authority: Authority, clock: Clock = utc_now
    ) -> None:
        self.spec = spec
        self.address = address
        self.port = spec.port
        self.counters = Counters()
        self._troubles = Troubles(spec.behaviours)
        self._authority = authority
        self._binding: bytes | None = None
        self._server: asyncio.Server | None = None
        self._sockets: list[socket.socket] = []
        self._connections: set[HttpConnection] = set()
        self._stopping = False
        self._down_until = 0.0
        self._doomed: float | None = None
        self._engine = Engine(spec.machine, Plot(spec.events), self.counters, clock, self)
        self._service = WsmanService(
            self._engine.run, self._troubles, self.counters, powershell=self.machine.powershell
        )
        offer = self._troubles.setting(Offer)
        self._offers = offer.schemes if isinstance(offer, Offer) else ("Negotiate", "Basic")
        changed = self._troubles.setting(Password) is not None
        self._accounts = (Account(spec.account.username, spec.account.password + "#changed" * changed),)

    @property
    def machine(self) -> Machine:
        """What answers at this address. It may be changed, and exchanged for another one, at any time."""
        return self._engine.machine

    @machine.setter
    def machine(self, machine: Machine) -> None:
        self._engine.machine = machine

    @property
    def open_shells(self) -> int:
        """How many shells clients have left open."""
        return len(self._service.shells)

    async def start(self) -> None:
        """Listen. The port is reserved even where nothing answers on it."""
        listen = self._troubles.setting(Listen)
        kind = listen.kind if isinstance(listen, Listen) else Listener.GOOD
        if kind in (Listener.CLOSED, Listener.DROPPED):
            self._reserve(answering=kind is Listener.DROPPED)
            return
        context: ssl.SSLContext | None = None
        speaks = {Listener.SILENT: httpd.Silent, Listener.OLD_TLS: httpd.OldTls}.get(kind, HttpConnection)
        if self.spec.transport == "https" and speaks is HttpConnection and kind is not Listener.PLAIN:
            context, self._binding = self._authority.context(kind)

        def connection() -> HttpConnection:
            return speaks(self._handle, self._opened, self._closed)

        loop = asyncio.get_running_loop()
        patience = None if context is None else GOODBYE
        self._server = await loop.create_server(
            connection, self.address, self.port, ssl=context, ssl_shutdown_timeout=patience, backlog=128
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def _reserve(self, *, answering: bool) -> None:
        """Bind a port that refuses, or one whose queue is full so that the kernel drops every further SYN."""
        bound = socket.socket()
        bound.bind((self.address, self.port))
        self.port = bound.getsockname()[1]
        self._sockets.append(bound)
        if answering:
            bound.listen(0)
            for _ in range(2):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex((self.address, self.port))
                self._sockets.append(filler)

    async def stop(self) -> None:
        """Close everything; what was being accepted just now, too."""
        self._stopping = True
        if self._server is not None:
            self._server.close()
        for bound in self._sockets:
            bound.close()
        self._service.close()
        await httpd.abort_all(self._connections)

    def _opened(self, connection: HttpConnection) -> bool:
        self.counters.connections += 1
        self.counters.open_connections += 1
        self._connections.add(connection)
        connection.state = ConnectionAuth(
            self._accounts, self._offers, self.machine.computer, self._binding, self._logon
        )
        down = asyncio.get_running_loop().time() < self._down_until
        refused = self._stopping or down or isinstance(self._troubles.take(Step.CONNECT), Cut)
        return not refused and len(self._connections) <= MAX_CONNECTIONS

    def _closed(self, connection: HttpConnection) -> None:
        self.counters.open_connections -= 1
        self._connections.discard(connection)

    def _logon(self, user: str, accepted: bool) -> None:
        (self.counters.accepted if accepted else self.counters.rejected)[user] += 1

    async def _handle(self, connection: HttpConnection, request: Request) -> Response:
        self.counters.requests += 1
        guard = connection.state
        assert isinstance(guard, ConnectionAuth)  # noqa: S101  # set in _opened
        authorization = request.headers.get("authorization", "")
        if not guard.user:
            response = await self._before_logon(guard, authorization)
            if response is not None:
                return response
        if request.target.split("?")[0] not in PATHS or request.method != "POST":
            return Response(404 if request.method == "POST" else 405)
        if b"Identify" in request.body and "wsmanidentify" in request.headers:
            return Response(body=soap.identify("0.0.0"))
        try:
            passes, headers = guard.admit(authorization)
        except LogonRejected:
            passes, headers = False, guard.challenge()
        if not passes:
            return Response(401, headers=headers)
        response = await self._soap(connection, request, guard)
        parting = self._troubles.setting(Close)
        if isinstance(parting, Close):
            response.close = bool(response.body) or parting.empty
        response.headers += headers
        return response

    async def _before_logon(self, guard: ConnectionAuth, authorization: str) -> Response | None:
        act = self._troubles.take(Step.LOGON)
        if isinstance(act, Bounce):
            headers = guard.bounce(authorization) if act.fresh else guard.challenge()
            ends = ("Connection", "close") in act.headers
            kept = [header for header in act.headers if header[0] != "Connection"]
            return Response(401, headers=[*headers, *kept], close=ends)
        if isinstance(act, Status):
            return Response(act.code, act.body, list(act.headers), content_type="text/html")
        return None if act is None else await _spoil(Response(), act)

    async def _soap(self, connection: HttpConnection, request: Request, guard: ConnectionAuth) -> Response:
        if not request.body:
            return Response()
        body, sealed = request.body, request.headers.get("content-type", "").startswith("multipart/encrypted")
        if sealed:
            try:
                body = auth.unseal(_context(guard), body)
            except LogonRejected:
                return Response(400, close=True)
        elif not connection.tls:
            return Response(500)  # AllowUnencrypted is false, as it should be
        response, act = await self._answer(body, guard.user)
        if act is not None:
            response = await _spoil(response, act)
        if sealed and response.body:
            response.body = auth.seal(_context(guard), response.body)
            response.content_type = auth.SEALED_TYPE
        return response

    async def _answer(self, body: bytes, user: str) -> tuple[Response, Act | None]:
        message_id = ""
        act: Act | None = None
        try:
            request = soap.parse(body)
            message_id = request.message_id
            if request.verb == "Identify":
                return Response(body=soap.identify(self.machine.os_version)), None
            if self._doomed is not None and request.verb in ("Signal", "Delete"):
                self.die(self._doomed)
            act = self._service.misbehave(request)
            response = Response(body=await self._service.answer(request, user))
        except soap.WsmanFault as exc:
            response = Response(exc.status, soap.fault(exc, message_id, self.machine.computer))
        return response, act

    def drop(self) -> None:
        """Cut every connection; scripts go on."""
        for connection in list(self._connections):
            connection.abort()

    def die(self, down: float) -> None:
        """Die as a whole: connections, shells, scripts. After `down` seconds it is back, its registry as it
        was.
        """
        self._down_until = asyncio.get_running_loop().time() + down
        self._doomed = None
        self._service.close()
        self.drop()

    def die_after_answer(self, down: float) -> None:
        """Die as soon as the client, which has the answer then, asks to tidy up."""
        self._doomed = down


def _context(guard: ConnectionAuth) -> auth.Sealer:
    if guard.sealing is None:
        raise LogonRejected("sealed, but nobody is logged on by tokens")
    return guard.sealing


async def _spoil(response: Response, act: Act) -> Response:
    """Let a reply go wrong in its delivery or its body."""
    match act:
        case Cut(half=half):
            response.deliver = httpd.half if half else httpd.cut
        case Hang():
            response.deliver = httpd.never
        case Drip(interval=interval):
            response.deliver = httpd.dripping(interval)
        case Flood(size=size):
            response.deliver = httpd.flooding(size)
        case Body(data=data, status=status):
            response.status, response.body = status, data
        case Status(code=code, headers=headers, body=body):
            return Response(code, body, list(headers), content_type="text/html")
        case Wait(seconds=seconds):
            await asyncio.sleep(seconds)
        case _:
            pass
    return response
