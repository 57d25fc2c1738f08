"""Whom to trust: a CA file, the system's CAs or a pinned fingerprint. What else goes wrong: `handshake`.

No I/O with hosts; a CA file is read once.

One SSLContext for each trust setting and run: loading a big CA bundle costs 36 ms of CPU.
"""

from __future__ import annotations

import hmac
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.cause import Cause
from orchestrator.remote.faults.trouble import NotKept, Untrusted
from orchestrator.remote.net.certificate import describe, fingerprint
from orchestrator.remote.net.client_certificate import show
from orchestrator.remote.session import ClientCertificate, Endpoint


class Trust:
    """The SSL contexts of a run, made when they are first needed. Shared by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contexts: dict[tuple[str, Path | None, ClientCertificate | None], ssl.SSLContext] = {}

    def context(self, endpoint: Endpoint, ours: ClientCertificate | None = None) -> ssl.SSLContext:
        """Return the context for a host's trust setting, which shows `ours` to who asks for a certificate.

        Raises Untrusted where a file is no use.
        """
        kind, ca = ("pin", None) if endpoint.tls_pin else ("ca", endpoint.ca)
        return self._once((kind, ca, ours))

    def held(self, endpoint: Endpoint) -> Sequence[bytes]:
        """Return the authorities of a host's CA file as DER; none of the system's. Raises Untrusted."""
        return () if endpoint.ca is None else self.context(endpoint).get_ca_certs(binary_form=True)

    def _once(self, key: tuple[str, Path | None, ClientCertificate | None]) -> ssl.SSLContext:
        kind, ca, ours = key
        with self._lock:
            found = self._contexts.get(key)
            if found is None:
                found = _build(kind, str(ca or ""))
                if ours is not None:
                    show(found, ours)
                self._contexts[key] = found
            return found


_NO_PEM = (
    "{0} has to hold the CA's certificate as PEM text, with `-----BEGIN CERTIFICATE-----` in it. "
    "`openssl x509 -inform der -in FILE` makes it of a .cer file of Windows, `openssl pkcs7 -print_certs "
    "-in FILE` of a .p7b file."
)


def _build(kind: str, ca: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # certificate and name are checked
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # Python's default, but Debian's sets none
    if kind == "ca":
        try:
            if ca:
                context.load_verify_locations(cafile=ca)
                # Whom somebody names may be the issuing CA of several tiers, or the host's own certificate.
                # Never so with the system's store, which holds other people's.
                context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            else:
                context.load_default_certs()
        except (OSError, ssl.SSLError) as error:
            said = f"the CA file {ca} cannot be used: {error}"
            raise Untrusted(
                Cause.TLS_UNKNOWN_CA, said, advice=f"On this side: {_NO_PEM.format(ca)}"
            ) from error
        return context
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # a pin is compared by `secure` itself
    return context


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


def same_again(before: Secured, now: Secured) -> None:
    """Check that a second connection came to the same certificate:
    no other machine is to get what was meant for one.
    """
    if not hmac.compare_digest(before.der, now.der):
        raise NotKept(f"and the next one came to another certificate, {describe(now.der)}")
