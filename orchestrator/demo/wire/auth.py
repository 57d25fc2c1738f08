"""Who may talk: HTTP authentication as a WinRM listener does it, and the sealing of messages over plain HTTP.

Basic is checked with every request; Negotiate and NTLM belong to the TCP connection, and seal its messages.
Kerberos is spoken where `kerberos` finds a key of a domain controller's, else offered in headers only.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.demo.wire.kerberos import KerberosAcceptor, has_key
from orchestrator.demo.wire.negotiate import NegotiateAcceptor
from orchestrator.demo.wire.ntlm import Acceptor, LogonRejected

Headers = list[tuple[str, str]]
Sealer = Acceptor | KerberosAcceptor

_PROTOCOL = "application/HTTP-SPNEGO-session-encrypted"
_BOUNDARY = b"--Encrypted Boundary"
_OCTETS = b"Content-Type: application/octet-stream\r\n"
SEALED_TYPE = f'multipart/encrypted;protocol="{_PROTOCOL}";boundary="Encrypted Boundary"'


@dataclass(frozen=True, slots=True)
class Account:
    """A logon that a host accepts.

    A name without a domain is a local one and fits any domain that is tried.
    """

    username: str
    password: str

    def fits(self, domain: str, user: str) -> bool:
        """Whether this is who (domain, user) names, in any case of the letters."""
        own_domain, _, own_user = self.username.rpartition("\\")
        if "@" in user and own_domain:
            user, _, suffix = user.partition("@")
            domain = suffix.partition(".")[0]
        return own_user.casefold() == user.casefold() and own_domain.casefold() in ("", domain.casefold())


class ConnectionAuth:
    """The logon of one TCP connection.

    `offers` are scheme names as the header writes them. `on_logon(user, accepted)` hears of every judged
    logon.
    """

    def __init__(
        self,
        accounts: Sequence[Account],
        offers: Sequence[str],
        computer: str,
        binding: bytes | None,
        on_logon: Callable[[str, bool], None],
    ) -> None:
        self.user = ""
        self.sealing: Sealer | None = None
        self._accounts = accounts
        spoken = ("Kerberos",) if has_key() and "Kerberos" not in offers else ()
        self._offers = (*offers, *spoken)
        self._computer = computer
        self._binding = binding
        self._on_logon = on_logon
        self._pending: NegotiateAcceptor | None = None
        self._first_token = b""

    def challenge(self) -> Headers:
        """Return the headers of a 401 that starts a logon."""
        return [("WWW-Authenticate", 'Basic realm="WSMAN"' if o == "Basic" else o) for o in self._offers]

    def admit(self, authorization: str) -> tuple[bool, Headers]:
        """Judge a request's Authorization header ("": none); return whether it may pass, and headers for the
        reply.

        Raises LogonRejected where it is wrong; the next request starts afresh.
        """
        if not authorization:
            return bool(self.user), [] if self.user else self.challenge()
        scheme, _, value = authorization.partition(" ")
        offered = {offer.lower() for offer in self._offers}
        if scheme.lower() not in offered:
            raise LogonRejected(f"{scheme} is not offered")
        try:
            data = base64.b64decode(value, validate=True)
        except ValueError as exc:  # binascii.Error is one, and so is what is not even ASCII
            raise LogonRejected("not Base64") from exc
        if scheme.lower() == "basic":
            self._basic(data)
            return True, []
        return self._negotiate(scheme, data)

    def bounce(self, authorization: str) -> Headers:
        """Return a challenge that no answer will satisfy: whatever is sent, a new logon is begun."""
        scheme, _, value = authorization.partition(" ")
        if not value:
            return self.challenge()
        token = base64.b64decode(value)
        fresh = NegotiateAcceptor(Acceptor(lambda *_: None, self._computer, None))
        try:
            reply = fresh.step(token)
            self._first_token = token
        except LogonRejected:
            reply = fresh.step(self._first_token) if self._first_token else b""
        return [("WWW-Authenticate", f"{scheme} {base64.b64encode(reply).decode()}")]

    def _password(self, domain: str, user: str) -> str | None:
        return next((account.password for account in self._accounts if account.fits(domain, user)), None)

    def _basic(self, data: bytes) -> None:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = data.decode("latin-1")  # what clients sent before RFC 7617, and requests still does
        name, _, password = text.partition(":")
        domain, _, user = name.rpartition("\\")
        good = self._password(domain, user) == password
        if not good or not self.user:  # Basic comes with every request; the first good one is the logon
            self._on_logon(name, good)
        if not good:
            raise LogonRejected("wrong user or password", name)
        self.user = name

    def _negotiate(self, scheme: str, token: bytes) -> tuple[bool, Headers]:
        if self._pending is None:
            self.user = ""
            self.sealing = None
            ntlm = Acceptor(self._password, self._computer, self._binding)
            self._pending = NegotiateAcceptor(ntlm, self._binding)
        pending = self._pending
        try:
            reply = pending.step(token)
        except LogonRejected as exc:
            self._pending = None
            if exc.user:
                self._on_logon(exc.user, False)
            raise
        headers = [("WWW-Authenticate", f"{scheme} {base64.b64encode(reply).decode()}")] if reply else []
        if not pending.complete:
            return False, headers
        self._pending = None
        self.user = pending.user
        self.sealing = pending.sealing
        self._on_logon(self.user, True)
        return True, headers


def unseal(context: Sealer, body: bytes) -> bytes:
    """Open a multipart/encrypted body of one or more parts;
    raises LogonRejected where it is not one or not intact.
    """
    plain = b""
    rest = body
    while (at := rest.find(_OCTETS)) >= 0:
        head, rest = rest[:at], rest[at + len(_OCTETS) :]
        try:
            size = int(head.rsplit(b"Length=", 1)[1].split(b"\r\n", 1)[0])
            (width,) = struct.unpack_from("<I", rest)
        except (IndexError, ValueError, struct.error) as exc:
            raise LogonRejected("a sealed body that cannot be read") from exc
        start = 4 + width
        plain += context.unseal(rest[4:start], rest[start : start + size])
        rest = rest[start + size :]
    return plain


def seal(context: Sealer, body: bytes) -> bytes:
    """Make a multipart/encrypted body of one part; its content type is SEALED_TYPE."""
    signature, sealed = context.seal(body)
    head = (
        f"--Encrypted Boundary\r\n\tContent-Type: {_PROTOCOL}\r\n"
        f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={len(body)}\r\n"
        "--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"
    ).encode()
    return head + struct.pack("<I", len(signature)) + signature + sealed + _BOUNDARY + b"--\r\n"
