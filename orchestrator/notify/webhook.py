"""Post a notice as a CloudEvent: TLS verified, no redirect followed, no proxy asked."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from orchestrator.notify.letter import SECONDS, Letter, NotSentError, said
from orchestrator.notify.watchdog import deadline
from orchestrator.version import VERSION

_TAKEN = range(200, 300)
_MOVED = range(300, 400)
_MOST = 4096  # bytes of an answer that are read


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A webhook's address, taken apart; no part of it is for people to see, since the path may be
    its secret.
    """

    secure: bool
    host: str
    port: int
    path: str = field(repr=False)


def address_of(url: str) -> Address:
    """Take a URL apart. Raises NotSentError for what is no https address, or http on loopback; never shows
    it.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        (parts.hostname or "").encode("idna")  # as the resolver does it
    except ValueError:
        raise NotSentError("the URL cannot be read (it is not shown)") from None
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise NotSentError(
            "the URL is not one of the form https://HOST/PATH, with no user in it (it is not shown)"
        )
    if parts.scheme == "http" and not _loopback(host):
        words = f"the URL at {host} begins with http: https is needed, but for this machine itself"
        raise NotSentError(words)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not (path.isascii() and path.isprintable()) or " " in path:
        raise NotSentError("the URL has characters that belong escaped (it is not shown)")
    secure = parts.scheme == "https"
    return Address(secure=secure, host=host, port=port or (443 if secure else 80), path=path)


def post(letter: Letter, *, url: str, token: str | None, ca: str | None, seconds: float = SECONDS) -> None:
    """Post the event. Raises NotSentError where it is not taken: any answer but 2xx, no whole one, no trust.

    A 2xx whose headers came to their end is taken; what its body says is not waited for.
    """
    address, headers = address_of(url), _headers(token)
    client = _client(address, ca, seconds)
    where = f"{address.host}:{address.port}"
    held = _Held(client)
    with closing(client), deadline(held, seconds) as over:
        try:
            client.request("POST", address.path, body=letter.event(), headers=headers)
            held.keep()
            with client.getresponse() as answer:
                words = "" if answer.status in _TAKEN else said(answer.read(_MOST))
        except (OSError, http.client.HTTPException) as error:
            if over():
                raise NotSentError(f"{where} did not answer within {round(seconds, 1):g} s") from None
            raise NotSentError(f"{where}: {_trouble(error, seconds)}") from None
    if answer.status in _TAKEN:
        return
    if answer.status in _MOVED:
        words = f"{where} answered {answer.status}, a redirect: none is followed, name the address itself"
        raise NotSentError(words, away=False)
    raise NotSentError(f"{where} answered {answer.status}{f': {words}' if words else ''}", away=False)


class _Held:
    """A client's socket, also where the client has let go of it to read an answer to the connection's end."""

    def __init__(self, client: http.client.HTTPConnection) -> None:
        self._client = client
        self._kept: socket.socket | None = None

    @property
    def sock(self) -> socket.socket | None:
        """The client's socket, or the last one that was kept."""
        return self._client.sock or self._kept

    def keep(self) -> None:
        """Remember the socket that the client has now."""
        self._kept = self._client.sock


class _Lines:
    """What an answer is read from; the standard library takes a connection's end for that of the headers."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readline(self, most: int) -> bytes:
        """Return the next line. Raises RemoteDisconnected where the connection has ended."""
        line: bytes = self._file.readline(most)
        if not line:
            raise http.client.RemoteDisconnected("in the middle of an answer")
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class _Answer(http.client.HTTPResponse):
    """An answer whose headers are whole, or there is none."""

    def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        self.fp = _Lines(self.fp)  # type: ignore[assignment]  # reads as the file does, but for its end


def _client(address: Address, ca: str | None, seconds: float) -> http.client.HTTPConnection:
    client = http.client.HTTPConnection(address.host, address.port, timeout=seconds)
    if address.secure:
        client = http.client.HTTPSConnection(address.host, address.port, timeout=seconds, context=trust(ca))
    client.response_class = _Answer
    return client


def trust(ca: str | None) -> ssl.SSLContext:
    """Make what verifies a server: this machine's authorities, or those of a PEM file alone. Raises
    NotSentError.
    """
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        words = f"the CA file {ca} cannot be used: {getattr(error, 'strerror', None) or error}"
        raise NotSentError(words) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # Python's default, but Debian's sets none
    return context


def untrusted(error: ssl.SSLError) -> str:
    """Say why there is no TLS with a server, in words for people: OpenSSL's name a line of its own source."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    why = (error.reason or "the connection ended").lower().replace("_", " ")
    return f"no TLS with it ({why}): does it speak TLS there?"


def _headers(token: str | None) -> dict[str, str]:
    """Return what goes with the event. Raises NotSentError for a token that is no single line of ASCII."""
    if token is not None and not (token.isascii() and token.isprintable()):
        raise NotSentError("the token cannot stand in a header (it is not shown): expected one line of ASCII")
    headers = {
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        "User-Agent": f"fleetcheck/{VERSION}",
        "Connection": "close",
    }
    return headers if token is None else headers | {"Authorization": f"Bearer {token}"}


def _trouble(error: Exception, seconds: float) -> str:
    """Say what went wrong on the way, without the request's own words."""
    match error:
        case ssl.SSLError():
            return untrusted(error)
        case TimeoutError():
            return f"no answer within {round(seconds, 1):g} s"
        case http.client.RemoteDisconnected():
            return "it closed the connection without a whole answer"
        case OSError():
            return error.strerror or type(error).__name__
        case _:
            return f"what it answered is no HTTP ({type(error).__name__})"


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
