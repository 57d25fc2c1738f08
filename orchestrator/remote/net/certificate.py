"""What a certificate says of itself, for people: subject, issuer, dates, names, fingerprint."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import TYPE_CHECKING

from orchestrator.domain.primitives.text import clean

_NAMES = 5  # alternative names shown
_QUOTED = 120  # characters of one name
_USES = {  # extended key usages that certificates of Windows hosts have (RFC 5280 4.2.1.12, Microsoft's OIDs)
    "1.3.6.1.5.5.7.3.2": "client authentication",
    "1.3.6.1.5.5.7.3.3": "code signing",
    "1.3.6.1.5.5.7.3.4": "e-mail",
    "1.3.6.1.5.5.7.3.8": "time stamps",
    "1.3.6.1.4.1.311.54.1.2": "remote desktop",
    "1.3.6.1.4.1.311.20.2.2": "smart card logon",
    "1.3.6.1.5.2.3.5": "domain controllers (Kerberos)",
    "2.5.29.37.0": "any use (which OpenSSL does not take for servers)",
}

_HOST = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*(?<!\.\d)(?<!\.\d\d)(?<!\.\d\d\d)"
)  # no IPv4 address

if TYPE_CHECKING:  # it takes 30 ms to import, and a run over http needs none of it
    from cryptography import x509


def fingerprint(der: bytes) -> str:
    """Return the certificate's SHA-256 as `tls_pin:` writes it: "sha256:" and 64 hex digits."""
    return f"sha256:{hashlib.sha256(der).hexdigest()}"


def binding(der: bytes) -> bytes:
    """Return the channel binding that an NTLM or Kerberos logon inside TLS carries (RFC 5929,
    tls-server-end-point).

    The hash is the signature's own, SHA-256 where that one is MD5, SHA-1 or unknown.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    name = "sha256"
    try:
        algorithm = x509.load_der_x509_certificate(der).signature_hash_algorithm
        if algorithm is not None and algorithm.name not in {"md5", "sha1"}:
            name = algorithm.name
    except (ValueError, UnsupportedAlgorithm):
        pass  # TLS accepted it, so a pinned odd one: the default is what servers use then
    return b"tls-server-end-point:" + hashlib.new(name, der).digest()


def describe(der: bytes) -> str:
    """Write a certificate in one line, cleaned; only its fingerprint where it cannot be read."""
    from cryptography import x509

    mark = f"SHA-256 {fingerprint(der).removeprefix('sha256:')}"
    try:
        seen = x509.load_der_x509_certificate(der)
        subject = clean(seen.subject.rfc4514_string(), limit=_QUOTED)
        issuer = clean(seen.issuer.rfc4514_string(), limit=_QUOTED)
        dates = f"{seen.not_valid_before_utc:%Y-%m-%d} to {seen.not_valid_after_utc:%Y-%m-%d}"
        names = _shown(server_names(seen))
    except Exception:  # noqa: BLE001  # whatever a hostile certificate makes of the parser
        return f"an unreadable certificate, {mark}"
    return f"subject {subject}, issuer {issuer}, valid {dates}, names {names or 'none'}, {mark}"


def days_left(der: bytes, now: datetime) -> int | None:
    """Say how many whole days a certificate is still good for, None where it cannot be read.

    `now` is aware.
    """
    from cryptography import x509

    try:
        return (x509.load_der_x509_certificate(der).not_valid_after_utc - now).days
    except Exception:  # noqa: BLE001  # whatever a hostile certificate makes of the parser
        return None


def quoted(name: x509.Name) -> str:
    """Write a subject or an issuer, cleaned."""
    return clean(name.rfc4514_string(), limit=_QUOTED) or "nobody"


def server_names(seen: x509.Certificate) -> list[str]:
    """Return its alternative names, cleaned; [] for none."""
    from cryptography import x509

    try:
        entries = seen.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [clean(str(entry.value), limit=_QUOTED) for entry in entries]


def common_names(seen: x509.Certificate) -> list[str]:
    """Return the names that an inventory's `address:` can have: DNS names,
    or the subject's where there is no other.
    """
    from cryptography.x509.oid import NameOID

    names = server_names(seen) or [
        clean(str(one.value), limit=_QUOTED)
        for one in seen.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    ]
    return [name for name in names if _HOST.fullmatch(name)]


def uses(seen: x509.Certificate) -> tuple[str, ...]:
    """Say what it may be used for where that is not for servers; () where it is, or where it says nothing."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID as Use

    try:
        found = seen.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return ()
    if Use.SERVER_AUTH in found:
        return ()
    return tuple(_USES.get(one.dotted_string, one.dotted_string) for one in found)[:_NAMES]


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more
