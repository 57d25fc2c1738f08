"""What a certificate says of itself, for people: subject, issuer, dates, names, fingerprint."""

from __future__ import annotations

import hashlib

from orchestrator.domain.text import clean

_NAMES = 5  # alternative names shown
_QUOTED = 120  # characters of one name


def fingerprint(der: bytes) -> str:
    """Give the certificate's SHA-256 as `tls_pin:` writes it: "sha256:" and 64 hex digits."""
    return f"sha256:{hashlib.sha256(der).hexdigest()}"


def binding(der: bytes) -> bytes:
    """Give the channel binding that an NTLM or Kerberos logon inside TLS carries (RFC 5929, tls-server-end-point).

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
        names = _alternative_names(seen)
    except Exception:  # noqa: BLE001  # whatever a hostile certificate makes of the parser
        return f"an unreadable certificate, {mark}"
    return f"subject {subject}, issuer {issuer}, valid {dates}, names {names or 'none'}, {mark}"


def _alternative_names(seen: object) -> str:
    from cryptography import x509

    if not isinstance(seen, x509.Certificate):
        return ""
    try:
        entries = seen.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ""
    names = [clean(str(entry.value), limit=_QUOTED) for entry in entries]
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more
