"""Whom to trust, and what to say of a host that is not: a CA file, the system's CAs or a pinned fingerprint. No I/O.

One SSLContext for each trust setting and run: loading a big CA bundle costs 36 ms of CPU.
"""

from __future__ import annotations

import contextlib
import hmac
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.cause import Cause
from orchestrator.remote.certificate import describe, fingerprint
from orchestrator.remote.session import Endpoint
from orchestrator.remote.trouble import Lost, Untrusted

# OpenSSL's X509_V_ERR_* numbers (x509_vfy.h).
_EXPIRED = {9, 10}  # not yet valid, has expired
_WRONG_NAME = {62, 64}  # host name, IP address
_WEAK = {66, 67, 68}  # key too small, CA's key too small, digest too weak

HANDSHAKE = "the TLS handshake was under way"
LOOK = 3.0  # seconds that a second handshake may take, which is there for the words alone
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
    "SSLV3_ALERTHANDSHAKE_FAILURE",
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
class Shown:
    """What a host shows to who trusts everybody: its certificate as DER and the TLS version, empty where it does not."""

    der: bytes = b""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Secured:
    """A finished handshake: the leaf certificate as DER, and its fingerprint."""

    der: bytes
    fingerprint: str


def secured(der: bytes, endpoint: Endpoint) -> Secured:
    """Judge the certificate of a finished handshake. Raises Untrusted where it is not the pinned one."""
    mark = fingerprint(der)
    if endpoint.tls_pin and not hmac.compare_digest(mark, endpoint.tls_pin.lower()):
        said = f"pinned {endpoint.tls_pin}, seen: {describe(der)}"
        raise Untrusted(Cause.TLS_PIN_MISMATCH, said, mark)
    return Secured(der, mark)


def not_tls(error: ssl.SSLError, endpoint: Endpoint) -> Untrusted | None:
    """Give the trouble where what answers speaks no TLS at all: there is no certificate to look at then."""
    if error.reason not in _NOT_TLS:
        return None
    said = f"{endpoint.address}:{endpoint.port} answers something else ({error.reason})"
    return Untrusted(Cause.NOT_TLS, said)


def untrusted(error: ssl.SSLError, shown: Shown) -> Untrusted:
    """Tell why OpenSSL said no, and to which certificate: it keeps none that it refused."""
    reason = error.reason or ""
    cause = _cause(error, reason)
    seen = describe(shown.der) if shown.der else "no certificate was shown"
    offers = f"offers {shown.version} at most, " if cause is Cause.TLS_TOO_OLD and shown.version else ""
    why = getattr(error, "verify_message", "") or reason or str(error)
    return Untrusted(cause, f"{why}; {offers}seen: {seen}", fingerprint(shown.der) if shown.der else None)


def hung_up(error: OSError, shown: Shown) -> Untrusted | Lost:
    """Tell why a host ended the handshake without a word: old Windows does so where no TLS version is common."""
    if shown.version in _OLD:
        said = f"offers {shown.version} at most, seen: {describe(shown.der)}"
        return Untrusted(Cause.TLS_TOO_OLD, said, fingerprint(shown.der))
    return Lost(HANDSHAKE, None if isinstance(error, ssl.SSLError) else error)


def _cause(error: ssl.SSLError, reason: str) -> Cause:
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _EXPIRED:
            return Cause.TLS_EXPIRED
        if error.verify_code in _WRONG_NAME:
            return Cause.TLS_WRONG_NAME
        return Cause.TLS_TOO_OLD if error.verify_code in _WEAK else Cause.TLS_UNKNOWN_CA
    return Cause.TLS_TOO_OLD if reason in _TOO_OLD else Cause.UNCLASSIFIED
