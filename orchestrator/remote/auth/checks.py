"""What is wrong with a credential on this machine, told before the first host is asked.

Asks no domain controller.
"""

from __future__ import annotations

import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path

from inventory.errors import SecretError
from inventory.files.private import private_bytes
from inventory.files.regular import NotRegularError, open_regular
from orchestrator.domain.primitives.text import clean
from orchestrator.remote.auth.kerberos import can_ask_kdc, kerberos_trouble
from orchestrator.remote.auth.tickets import user_tickets
from orchestrator.remote.faults.reasons import REASONS
from orchestrator.remote.faults.trouble import KerberosTrouble
from orchestrator.remote.net.certificate import quoted, uses

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_KEY = re.compile(
    rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----.+?-----END (?:[A-Z]+ )?PRIVATE KEY-----", re.DOTALL
)
_MOST = 1024 * 1024  # bytes of a PEM file
_ENCRYPTED = (b"BEGIN ENCRYPTED PRIVATE KEY", b"Proc-Type: 4,ENCRYPTED")

NO_PACKAGES = (
    "Kerberos needs packages that are not installed here. Debian: apt install libkrb5-dev gcc python3-dev "
    "krb5-user; RHEL: dnf install krb5-devel gcc python3-devel krb5-workstation; macOS: brew install krb5. "
    "Then: pip install 'fleetcheck[kerberos]'"
)


def no_packages() -> str | None:
    """Say that the packages for Kerberos are missing, and how to install them; None where they are there."""
    return None if can_ask_kdc() else NO_PACKAGES


def library_trouble() -> str | None:
    """Say why Kerberos' library cannot be used at all, with what helps; None where it can."""
    try:
        import krb5

        krb5.init_context()
    except Exception as error:  # noqa: BLE001  # a library that is not there, krb5.conf that cannot be read
        trouble = kerberos_trouble(error)
        said = clean(trouble.text, limit=200)
        reason = REASONS.get(trouble.minor or 0)
        return said if reason is None else f"{reason.said}: {said}. {reason.advice}"
    return None


def keytab_trouble(path: Path, username: str) -> str | None:
    """Say why a keytab cannot serve for a user, or return None."""
    try:
        with os.fdopen(open_regular(path, follow=True), "rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            head = stream.read(1)
    except NotRegularError as exc:
        return f"the keytab {path} is not a regular file but {exc.kind}"
    except (OSError, ValueError) as exc:
        return f"the keytab {path} cannot be read: {getattr(exc, 'strerror', None) or exc}"
    if os.name == "posix" and mode & (stat.S_IRWXO | stat.S_IWGRP):
        return (
            f"others can read or change the keytab {path} (mode {stat.S_IMODE(mode):04o}); run: chmod 600 "
            f"{path}"
        )
    if head != b"\x05":  # MIT's file format, both versions
        return f"{path} is no keytab; `ktutil`, `ktpass` or `samba-tool domain exportkeytab` makes one"
    if missing := no_packages():
        return missing
    return _unfit_keytab(path, username)


def _unfit_keytab(path: Path, username: str) -> str | None:
    import krb5

    from orchestrator.remote.auth.keytab import principal_in

    try:
        principal_in(krb5.init_context(), path, username)
    except KerberosTrouble as trouble:
        return trouble.text
    except Exception as error:  # noqa: BLE001  # whatever the library makes of a broken file
        return f"the keytab {path} cannot be used: {clean(kerberos_trouble(error).text, limit=200)}"
    return None


def ticket_trouble() -> str | None:
    """Say why the user's ticket cache cannot serve, or return None."""
    if missing := no_packages():
        return missing
    try:
        user_tickets().destroy()
    except KerberosTrouble as trouble:
        said = clean(trouble.text, limit=200)
    except Exception as error:  # noqa: BLE001  # as above
        said = clean(kerberos_trouble(error).text, limit=200)
    else:
        return None
    return f"{said}; `kinit` gets one"


def certificate_trouble(path: Path, key_password: str | None, *, asked: bool = True) -> str | None:
    """Say why a client certificate cannot serve, or return None.

    `asked`: `key_password` is what its reference gave; else whether it opens an encrypted key is not looked
    at.
    """
    try:
        data = private_bytes(path, "file of the client certificate", most=_MOST)
    except SecretError as error:
        return str(error)
    found, key = _CERTIFICATE.search(data), _KEY.search(data)
    if found is None:
        return f"{path} holds no certificate as PEM text (`-----BEGIN CERTIFICATE-----`)"
    if key is None:
        return (
            f"{path} holds a certificate and no key; the key (`-----BEGIN PRIVATE KEY-----`) belongs into "
            "the same file"
        )
    encrypted = any(mark in key[0] for mark in _ENCRYPTED)
    if encrypted and key_password is None and asked:
        return (
            f"the key in {path} is encrypted; name its password: key_password: {{from: env, name: VARIABLE}}"
        )
    secret = key_password.encode() if encrypted and key_password is not None else None
    return _unfit_pair(path, found[0], None if encrypted and secret is None else key[0], secret)


def _unfit_pair(path: Path, leaf: bytes, key: bytes | None, secret: bytes | None) -> str | None:
    """Look at a certificate's dates and use, and at its key (None: not to be had)."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        seen = x509.load_pem_x509_certificate(leaf)
    except ValueError:
        return f"the first certificate in {path} cannot be read"
    now, whose = datetime.now(UTC), f"the client certificate of {quoted(seen.subject)} in {path}"
    if now > seen.not_valid_after_utc:
        return f"{whose} has expired on {seen.not_valid_after_utc:%Y-%m-%d}; renew it"
    if now < seen.not_valid_before_utc:
        return (
            f"{whose} is not valid before {seen.not_valid_before_utc:%Y-%m-%d}; compare this machine's clock"
        )
    if key is not None:
        try:
            private = load_pem_private_key(key, secret)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            wrong = ": `key_password` does not open it" if secret is not None else ""
            return f"the key in {path} cannot be read{wrong}"
        if private.public_key() != seen.public_key():
            return f"the key in {path} does not belong to the first certificate there"
    used = uses(seen)
    return (
        f"{whose} is for {', '.join(used)} and not for clients"
        if used and "client authentication" not in used
        else None
    )
