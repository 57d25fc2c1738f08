"""TLS with a host: verified by a CA file, the system's CAs or a pinned fingerprint, before anything else is sent.

One SSLContext for each trust setting and run: loading a big CA bundle costs 36 ms of CPU.
"""

from __future__ import annotations

import contextlib
import hmac
import socket
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.cause import Cause
from orchestrator.remote.certificate import describe, fingerprint
from orchestrator.remote.session import Endpoint
from orchestrator.remote.trouble import Lost, Overdue, Untrusted
from orchestrator.remote.wire import Wire

# OpenSSL's X509_V_ERR_* numbers (x509_vfy.h).
_EXPIRED = {9, 10}  # not yet valid, has expired
_WRONG_NAME = {62, 64}  # host name, IP address
_WEAK = {66, 67, 68}  # key too small, CA's key too small, digest too weak

_HANDSHAKE = "the TLS handshake was under way"
_OLD = {"SSLv3", "TLSv1", "TLSv1.1"}
_NOT_TLS = {
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "HTTPS_PROXY_REQUEST",
    "PACKET_LENGTH_TOO_LONG",
    "UNKNOWN_PROTOCOL",
}
_TOO_OLD = {
    "UNSUPPORTED_PROTOCOL",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "TLSV1_ALERT_INSUFFICIENT_SECURITY",
    "SSLV3_ALERT_HANDSHAKE_FAILURE",
    "NO_PROTOCOLS_AVAILABLE",
    "WRONG_SSL_VERSION",
    "VERSION_TOO_LOW",
    "EE_KEY_TOO_SMALL",
    "CA_KEY_TOO_SMALL",
    "CA_MD_TOO_WEAK",
    "DH_KEY_TOO_SMALL",
    "BAD_ECC_CERT",
    "WRONG_SIGNATURE_TYPE",
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED",
}


class Trust:
    """The SSL contexts of a run, made when they are first needed. Shared by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contexts: dict[tuple[str, Path | None], ssl.SSLContext] = {}

    def context(self, endpoint: Endpoint) -> ssl.SSLContext:
        """Give the context for a host's trust setting. Raises Untrusted where its CA file is no use."""
        key = ("pin", None) if endpoint.tls_pin else ("ca", endpoint.ca)
        return self._once(key, str(endpoint.ca or ""))

    def curious(self) -> ssl.SSLContext:
        """Give the context that trusts everybody and sends nothing: it looks at what a refused host shows."""
        return self._once(("any", None), "")

    def _once(self, key: tuple[str, Path | None], ca: str) -> ssl.SSLContext:
        with self._lock:
            found = self._contexts.get(key)
            if found is None:
                found = self._contexts[key] = _build(key[0], ca)
            return found


def _build(kind: str, ca: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # TLS 1.2 at least, certificate and name checked
    if kind == "ca":
        try:
            if ca:
                context.load_verify_locations(cafile=ca)
            else:
                context.load_default_certs()
        except (OSError, ssl.SSLError) as error:
            said = f"the CA file {ca} cannot be used: {error}"
            raise Untrusted(Cause.TLS_UNKNOWN_CA, said) from error
        return context
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # a pin is compared by `secure` itself; a curious look trusts nothing
    if kind == "any":
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with contextlib.suppress(ssl.SSLError):
            context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@dataclass(frozen=True, slots=True)
class Secured:
    """A finished handshake: the leaf certificate as DER, and its fingerprint."""

    der: bytes
    fingerprint: str


def secure(wire: Wire, endpoint: Endpoint, trust: Trust) -> Secured:
    """Speak TLS from here on. Raises Untrusted, Lost, Overdue; no secret and no user name has been sent then."""
    context = trust.context(endpoint)
    wire.allow()
    peer = wire.sock.getpeername()
    name = endpoint.address.rstrip(".")
    try:
        tls = context.wrap_socket(wire.sock, server_hostname=name, do_handshake_on_connect=False)
    except (OSError, ValueError) as error:  # it is closed already, or no certificate can have such a name
        raise Lost("beginning TLS", error if isinstance(error, OSError) else None) from error
    try:
        wire.hold(tls)
        wire.allow()
        tls.do_handshake()
    except TimeoutError:
        raise Overdue from None
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError) as error:
        tls.close()
        raise _hung_up(error, wire, trust, peer) from error
    except ssl.SSLError as error:
        tls.close()
        raise _untrusted(error, wire, endpoint, trust, peer) from error
    except (OSError, ValueError) as error:  # ValueError: a socket that was closed meanwhile
        raise Lost(_HANDSHAKE, error if isinstance(error, OSError) else None) from error
    der = tls.getpeercert(binary_form=True) or b""
    mark = fingerprint(der)
    if endpoint.tls_pin and not hmac.compare_digest(mark, endpoint.tls_pin.lower()):
        said = f"pinned {endpoint.tls_pin}, seen: {describe(der)}"
        raise Untrusted(Cause.TLS_PIN_MISMATCH, said, mark)
    return Secured(der, mark)


def _untrusted(
    error: ssl.SSLError, wire: Wire, endpoint: Endpoint, trust: Trust, peer: tuple[str, int]
) -> Untrusted:
    """Tell why OpenSSL said no, and look once more, trusting nothing, at the certificate that it said no to."""
    reason = error.reason or ""
    if reason in _NOT_TLS:
        return Untrusted(
            Cause.NOT_TLS, f"{endpoint.address}:{endpoint.port} answers something else ({reason})"
        )
    cause = _cause(error, reason)
    der, version = _look(wire, trust, peer)
    shown = describe(der) if der else "no certificate was shown"
    offers = f"offers {version} at most, " if cause is Cause.TLS_TOO_OLD and version else ""
    why = getattr(error, "verify_message", "") or reason or str(error)
    return Untrusted(cause, f"{why}; {offers}seen: {shown}", fingerprint(der) if der else None)


def _hung_up(error: OSError, wire: Wire, trust: Trust, peer: tuple[str, int]) -> Untrusted | Lost:
    """Tell why a host ended the handshake without a word: old Windows does so where no TLS version is common."""
    der, version = _look(wire, trust, peer)
    if version in _OLD:
        shown = describe(der)
        return Untrusted(Cause.TLS_TOO_OLD, f"offers {version} at most, seen: {shown}", fingerprint(der))
    return Lost(_HANDSHAKE, None if isinstance(error, ssl.SSLError) else error)


def _cause(error: ssl.SSLError, reason: str) -> Cause:
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _EXPIRED:
            return Cause.TLS_EXPIRED
        if error.verify_code in _WRONG_NAME:
            return Cause.TLS_WRONG_NAME
        return Cause.TLS_TOO_OLD if error.verify_code in _WEAK else Cause.TLS_UNKNOWN_CA
    return Cause.TLS_TOO_OLD if reason in _TOO_OLD else Cause.UNCLASSIFIED


def _look(wire: Wire, trust: Trust, peer: tuple[str, int]) -> tuple[bytes, str]:
    """Give the certificate and the TLS version that a host shows to who trusts everybody; empty where it does not.

    A connection of its own: OpenSSL keeps no certificate that it refused. Nothing is sent over it.
    """
    family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        wire.hold(sock)
        wire.allow()
        sock.connect(peer)
        with trust.curious().wrap_socket(sock, do_handshake_on_connect=False) as tls:
            wire.hold(tls)
            wire.allow()
            tls.do_handshake()
            return tls.getpeercert(binary_form=True) or b"", tls.version() or ""
    except (OSError, ValueError, Lost, Overdue):
        return b"", ""
    finally:
        sock.close()
