"""Log on to a host over one connection: Basic inside TLS, or tokens by pyspnego. No I/O.

The first request carries a token at once; the host's 401 without one tells that it did not want it. A try is
one logon: nothing is tried a second time with another scheme behind the user's back, because an account can
lock.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol

from orchestrator.remote.auth.credentials import credentials
from orchestrator.remote.auth.kerberos import kerberos_trouble
from orchestrator.remote.auth.tickets import TicketCache, Tickets
from orchestrator.remote.faults.trouble import Garbled, Refused, Stage
from orchestrator.remote.net.http import Answer
from orchestrator.remote.session import Endpoint, Logon

Trying = Generator[tuple[str, bytes], Answer, tuple[Answer, bool]]
"""A logon under way: yields Authorization headers with the bodies to send under them, is sent the answers.

Ends with the last answer, and whether the body went with that request.
"""

MUTUAL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
UNBOUND = frozenset({"basic", "certificate"})  # logons that carry no channel binding
_QUOTED = re.compile(r'"[^"]*"')  # a realm, which may hold commas
_OK = 200
_UNAUTHORISED = 401
_ROUNDS = 6  # NTLM takes 2, Kerberos 1 or 2


@dataclass(frozen=True, slots=True)
class Started:
    """A context of pyspnego's, and the first token that it made; `again` makes another such context."""

    context: Any
    token: bytes
    again: Callable[[], Any]


class LogonScheme(Protocol):
    """A way to log on. `name` is HTTP's word for it, `used` what it really was, for the report; `context`
    seals messages, None where none can. `proved`: the host was sent the proof of a password (NTLM's third
    message, Basic), so that a refusal can lock.
    """

    name: str
    proved: bool
    used: str | None
    context: Any

    def begin(self, body: bytes) -> Trying:
        """Log on; `body` goes with the proof where it may go unsealed (inside TLS), b"" where not.

        Raises Refused, Garbled, KerberosTrouble.
        """

    def header(self) -> str:
        """Return the Authorization header of every later request, "" for none."""


def scheme(
    endpoint: Endpoint,
    logon: Logon,
    binding: bytes | None,
    *,
    nt_hash: str | None = None,
    tickets: Tickets | None = None,
    started: Started | None = None,
) -> LogonScheme:
    """Choose the way of `endpoint.auth`. `binding` ties the logon to the TLS connection, None without TLS.

    `nt_hash` (hex) serves in place of the password where it is known: then Negotiate is NTLM, never Kerberos.
    Else `tickets` are the run's. `started`: a context with its first token, which is Kerberos'.
    """
    if endpoint.auth == "basic":
        return Basic(logon)
    if endpoint.auth == "certificate":
        return Certificate()
    return Negotiate(endpoint, logon, binding, nt_hash=nt_hash, tickets=tickets, started=started)


class Basic:
    """User name and password with every request. Only ever inside TLS: the caller sees to it."""

    def __init__(self, logon: Logon) -> None:
        pair = f"{logon.username}:{logon.password or ''}".encode()
        self._header = f"Basic {base64.b64encode(pair).decode('ascii')}"
        self.name = "Basic"
        self.proved = False
        self.used: str | None = "basic"
        self.context: Any = None

    def begin(self, body: bytes) -> Trying:
        """Send the first real request; its answer says whether the logon was taken."""
        self.proved = True
        answer = yield self._header, body
        if answer.status == _UNAUTHORISED:
            offered = offers(answer)
            unwanted = bool(offered) and self.name not in map(
                str.capitalize, offered
            )  # then nobody looked at it
            raise Refused(Stage.PROVED, offered, answer.headers, proof=not unwanted)
        return answer, True

    def header(self) -> str:
        """Return the header that every request carries."""
        return self._header


class Certificate:
    """The client certificate of the TLS connection; a constant header says so (DSP0226, 5.6)."""

    def __init__(self) -> None:
        self.name = "Certificate"
        self.proved = False  # no password is at stake
        self.used: str | None = "certificate"
        self.context: Any = None

    def begin(self, body: bytes) -> Trying:
        """Send the first real request; its answer says whether the host knows a user for the certificate."""
        answer = yield MUTUAL, body
        if answer.status == _UNAUTHORISED:
            raise Refused(Stage.PROVED, offers(answer), answer.headers)
        return answer, True

    def header(self) -> str:
        """Return the header that every request carries."""
        return MUTUAL


class Negotiate:
    """Tokens to and fro until both sides are content; the connection is logged on from then on."""

    def __init__(
        self,
        endpoint: Endpoint,
        logon: Logon,
        binding: bytes | None,
        *,
        nt_hash: str | None = None,
        tickets: Tickets | None = None,
        started: Started | None = None,
    ) -> None:
        self._started = started
        self._endpoint = endpoint
        self._logon = logon
        self._binding = binding
        self._nt_hash = nt_hash
        self.name = "Kerberos" if endpoint.auth == "kerberos" else "Negotiate"
        self.proved = False
        self.used: str | None = None
        self.context: Any = None
        self._tickets = tickets or Tickets()
        self._ticket: TicketCache | None = None

    def header(self) -> str:
        """Return nothing: the connection is what is logged on."""
        return ""

    def begin(self, body: bytes) -> Trying:
        """Exchange tokens; the body goes with the second one, which is the proof."""
        try:
            return (yield from self._begin(body))
        finally:
            if self._ticket is not None:
                self._ticket.destroy()

    def _begin(self, body: bytes) -> Trying:
        context, token = self._first()
        answer: Answer | None = None
        for number in range(_ROUNDS):
            if token is None:
                break
            proof = number > 0
            self.proved = proof and not self._is_kerberos(context)  # a ticket refused locks nobody
            answer = yield f"{self.name} {base64.b64encode(token).decode('ascii')}", body if proof else b""
            reply = _token(answer)
            if answer.status != _UNAUTHORISED:
                if answer.status == _OK and not proof and context.negotiated_protocol == "ntlm":
                    raise Garbled("the host let us in before we proved who we are")
                carried = proof and bool(body)
                self._finish(context, reply, proves=answer.status == _OK or carried)
                return answer, carried
            if reply is None:
                ticket = self._is_kerberos(context)
                stage = Stage.PROVED if proof and not ticket else Stage.ASKED
                raise Refused(stage, offers(answer), answer.headers, proof=self.proved, ticket=ticket)
            if self.proved:
                raise Refused(_after_proof(reply), offers(answer), answer.headers, proof=True)
            token = self._next(context, reply, answer)
        headers = answer.headers if answer else {}
        raise Refused(Stage.RESTARTED, offers(answer) if answer else (), headers, proof=self.proved)

    def _first(self) -> tuple[Any, bytes | None]:
        """Return the context and its first token, which is used once: a new connection takes a new one."""
        started = self._started
        if started is not None and self.context is None:
            self.context = started.context
            return self.context, started.token
        self.context = self._open() if started is None else started.again()
        return self.context, _step(self.context, None)

    def _open(self) -> Any:
        """Make a context of pyspnego's. Raises KerberosTrouble where this side cannot begin."""
        import spnego
        from spnego.channel_bindings import GssChannelBindings

        endpoint = self._endpoint
        bindings = GssChannelBindings(application_data=self._binding) if self._binding else None
        seal = endpoint.transport == "http"
        found = credentials(self._logon, endpoint, nt_hash=self._nt_hash, tickets=self._tickets)
        self._ticket = found.ticket
        try:
            return spnego.client(
                found.user,
                hostname=endpoint.address.rstrip("."),
                service="host",
                channel_bindings=bindings,
                protocol=endpoint.auth,
                options=spnego.NegotiateOptions.wrapping_winrm if seal else spnego.NegotiateOptions.none,
            )
        except Exception as error:
            raise kerberos_trouble(error) from error

    def _next(self, context: Any, reply: bytes, answer: Answer) -> bytes | None:
        """Answer the host's challenge. A refusal in the token is a refusal, other nonsense is nonsense."""
        from spnego.exceptions import SpnegoError

        try:
            token: bytes | None = context.step(reply)
        except SpnegoError as error:
            if self._is_kerberos(context):
                raise kerberos_trouble(error) from error
            if "rejection" in str(error):  # pyspnego's own words, always English
                raise Refused(Stage.ASKED, offers(answer), answer.headers) from error
            raise Garbled(f"the logon's challenge: {error}") from error
        except (
            Exception
        ) as error:  # struct.error, ValueError, IndexError: whatever nonsense does to the parser
            raise Garbled(f"the logon's challenge: {type(error).__name__}: {error}") from error
        return token

    def _finish(self, context: Any, reply: bytes | None, *, proves: bool) -> None:
        """Check the host's last token, if any. `proves`: the logon's answer, which Kerberos has to prove."""
        if reply and not context.complete:
            try:
                context.step(reply)
            except Exception as error:
                raise Garbled(f"the logon's last token: {type(error).__name__}: {error}") from error
        if proves and self._is_kerberos(context) and not context.complete:
            raise Garbled("the host let us in, and did not prove by Kerberos which host it is")
        self.used = context.negotiated_protocol

    def _is_kerberos(self, context: Any) -> bool:
        return self._started is not None or context.negotiated_protocol == "kerberos"


def _step(context: Any, token: bytes | None) -> bytes | None:
    try:
        out: bytes | None = context.step(token)
    except Exception as error:
        raise kerberos_trouble(error) from error
    return out


def _after_proof(reply: bytes) -> Stage:
    """Tell a rejection that comes with a token from a new challenge (another server behind one address)."""
    return Stage.RESTARTED if b"NTLMSSP\0\2\0\0\0" in reply else Stage.PROVED


def offers(answer: Answer) -> tuple[str, ...]:
    """Return the schemes that WWW-Authenticate offers, in the host's order and spelling."""
    found: dict[str, str] = {}
    for value in answer.challenges:
        for part in _QUOTED.sub("", value).split(","):
            name = part.strip().partition(" ")[0]
            if name and "=" not in name:
                found.setdefault(name.lower(), name)
    return tuple(found.values())


def _token(answer: Answer) -> bytes | None:
    """Return the token that the host sent with its answer, None for none. Raises Garbled."""
    for value in answer.challenges:
        name, _, data = value.strip().partition(" ")
        data = data.split(",", 1)[0].strip()
        if name.lower() in {"negotiate", "kerberos", "ntlm"} and data:
            try:
                return base64.b64decode(data, validate=True)
            except binascii.Error as error:
                raise Garbled(f"a logon token that is not Base64: {data[:40]!r}") from error
    return None
