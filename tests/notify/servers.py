"""Real servers that notices are sent to: HTTPS, and SMTP with STARTTLS, under an authority of the
tests' own.
"""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd import smtp
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from orchestrator.demo.behaviour import Listener
from orchestrator.demo.wire.certificates import Authority

HOST = "127.0.0.1"


@dataclass
class Posted:
    """One request as the server read it."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Webhook:
    """An HTTPS server on loopback. `status` is what it answers; `hold` has it wait before it does."""

    port: int
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    words: bytes = b"thanks"
    posted: list[Posted] = field(default_factory=list)
    hold: threading.Event | None = None
    drip: bool = False
    begins: bytes = b""  # of an answer; with `drip` it goes on byte by byte, else the connection ends

    def url(self, scheme: str = "https", path: str = "/hook?key=s3cret") -> str:
        """Write its address."""
        return f"{scheme}://{HOST}:{self.port}{path}"


@contextlib.contextmanager
def webhook(authority: Authority | None) -> Iterator[Webhook]:
    """Serve until the block ends: by HTTPS, or by HTTP where there is no authority."""
    state = Webhook(port=0)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                return  # who sent it was killed on the way: no server takes half a request
            state.posted.append(Posted(self.path, dict(self.headers.items()), body))
            if state.drip or state.begins:
                self._drip()
                return
            _wait(state.hold)
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(state.words)))
            self.end_headers()
            self.wfile.write(state.words)

        def _drip(self) -> None:
            """Answer one byte at a time, while it drips: each wait is short, the whole has no end."""
            with contextlib.suppress(OSError):
                self.wfile.write(state.begins)
                while state.drip:
                    self.wfile.write(b"H")
                    threading.Event().wait(0.05)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    server = http.server.ThreadingHTTPServer((HOST, 0), Handler)
    if authority is not None:
        context, _ = authority.context(Listener.GOOD)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.drip = False
        if state.hold is not None:
            state.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _wait(hold: threading.Event | None) -> None:
    if hold is not None:
        hold.wait(60)


@dataclass
class Mailbox:
    """What a mail server has taken, and how it behaves. `refuse` are recipients that it does not know."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    logons: list[tuple[str, str]] = field(default_factory=list)
    refuse: set[str] = field(default_factory=set)
    answer: str = "250 taken"
    password: str = "Passw0rd!"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name for it
        self, _server: smtp.SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        if address in self.refuse:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server: smtp.SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail."""
        if self.answer.startswith("2"):
            self.envelopes.append(envelope)
            parsed = BytesParser(policy=default).parsebytes(bytes(envelope.content or b""))
            assert isinstance(parsed, EmailMessage)
            self.mails.append(parsed)
        return self.answer

    def logon(
        self, _server: smtp.SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any
    ) -> AuthResult:
        """Check a user and password."""
        assert isinstance(data, LoginPassword)
        user, password = data.login.decode(), data.password.decode()
        self.logons.append((user, password))
        return AuthResult(success=password == self.password, handled=False)


class _AnyPort(Controller):
    """A controller that takes the port which the system gives it."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextlib.contextmanager
def mail_server(authority: Authority | None, *, logon: bool = False) -> Iterator[Mailbox]:
    """Serve SMTP until the block ends: with STARTTLS, or without where there is no authority."""
    box = Mailbox()
    options: dict[str, Any] = {}
    if authority is not None:
        context, _ = authority.context(Listener.GOOD)
        options = {"tls_context": context, "require_starttls": True}
    if logon:
        options |= {"authenticator": box.logon, "auth_required": True}
    controller = _AnyPort(box, hostname=HOST, port=0, **options)
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()


def write_ca(authority: Authority, folder: Path) -> str:
    """Write the authority's certificate to a file; return its path."""
    path = folder / "ca.pem"
    path.write_text(authority.pem, "ascii")
    return str(path)
