"""A certificate of ours: shown to hosts that ask for one, and what is said where a host does not take it."""

from __future__ import annotations

import contextlib
import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from orchestrator.domain.cause import Cause
from orchestrator.domain.primitives.text import clean
from orchestrator.remote.faults.trouble import Untrusted
from orchestrator.remote.net.certificate import describe
from orchestrator.remote.session import ClientCertificate

_FIRST = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_MOST = 1024 * 1024  # bytes of a PEM file that are looked at

_ISSUER = (
    "The host has to trust the authority that issued it: put that into the host's machine store, Trusted "
    "Root Certification Authorities (and Intermediate ones), or take a certificate of an authority that it "
    "knows."
)
_RENEW = "Renew the certificate, and compare the clocks of this machine and of the host."
_WHOLE = "Name a certificate for client authentication with an RSA or EC key that the host's TLS takes."
_REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "TLSV1_ALERT_UNKNOWN_CA": ("the host does not know who issued it", _ISSUER),
        "SSLV3_ALERT_CERTIFICATE_EXPIRED": ("the host says that it has expired", _RENEW),
        "SSLV3_ALERT_CERTIFICATE_REVOKED": ("the host says that it was revoked", _RENEW),
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN": ("the host cannot use it", _ISSUER),
        "SSLV3_ALERT_BAD_CERTIFICATE": ("the host cannot use it", _WHOLE),
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": ("the host takes no certificate of its kind", _WHOLE),
        "TLSV1_ALERT_ACCESS_DENIED": ("the host denies access with it", _ISSUER),
        "TLSV13_ALERT_CERTIFICATE_REQUIRED": ("the host takes certificates of other issuers alone", _ISSUER),
    }
)
"""By the name of OpenSSL's reason: the alert that the host ended TLS with."""


def show(context: ssl.SSLContext, ours: ClientCertificate) -> None:
    """Give a context the certificate to show to who asks for one, then or later. Raises Untrusted."""
    secret = ours.key_password
    try:
        # A callable: without one OpenSSL would ask on the terminal, in the middle of a run.
        context.load_cert_chain(ours.path, password=lambda: secret or "")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        said = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
        raise Untrusted(
            Cause.CLIENT_CERTIFICATE_REFUSED,
            f"{ours.path} cannot be used: {clean(str(said), limit=80)}",
            advice="`fleetcheck inventory check` says what is wrong with it.",
        ) from error
    context.post_handshake_auth = True  # TLS 1.3 of HTTP.sys asks once it has seen the request


def not_taken(error: OSError, ours: ClientCertificate) -> Untrusted | None:
    """Tell what a host's alert says of our certificate, None where it says nothing of it."""
    reason = (error.reason or "") if isinstance(error, ssl.SSLError) else ""
    if isinstance(error, ssl.SSLCertVerificationError) or reason not in _REASONS:
        return None
    why, advice = _REASONS[reason]
    return _untrusted(ours, f"{why} ({reason})", advice)


def unheard(ours: ClientCertificate) -> Untrusted:
    """Tell of a host that ended the connection without a word once it had seen our certificate."""
    return _untrusted(ours, "the host ended the connection without a word when it had seen it", _ISSUER)


def _untrusted(ours: ClientCertificate, why: str, advice: str) -> Untrusted:
    der = _leaf(ours)
    if der is None:
        return Untrusted(Cause.CLIENT_CERTIFICATE_REFUSED, why, advice=advice)
    if dates := _out_of_date(der):
        why, advice = f"{dates}, and {why}", _RENEW
    return Untrusted(Cause.CLIENT_CERTIFICATE_REFUSED, f"{why}; shown: {describe(der)}", advice=advice)


def _leaf(ours: ClientCertificate) -> bytes | None:
    """Return the first certificate of a PEM file as DER."""
    with contextlib.suppress(OSError, ValueError), ours.path.open("rb") as stream:
        if found := _FIRST.search(stream.read(_MOST)):
            return ssl.PEM_cert_to_DER_cert(found[0].decode("ascii"))
    return None


def _out_of_date(der: bytes) -> str:
    """Say that a certificate is not valid now, "" where it is or cannot be read."""
    from cryptography import x509

    with contextlib.suppress(ValueError):
        seen, now = x509.load_der_x509_certificate(der), datetime.now(UTC)
        if now > seen.not_valid_after_utc:
            return f"it has expired on {seen.not_valid_after_utc:%Y-%m-%d}"
        if now < seen.not_valid_before_utc:
            return f"it is not valid before {seen.not_valid_before_utc:%Y-%m-%d}"
    return ""
