"""From a credential's entry to its value."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

from inventory.model import Credential, SecretRef
from inventory.schema.credentials import CertificateEntry, CredentialEntry, KeytabEntry, TicketEntry
from inventory.secrets.registry import SOURCES


def credential(
    name: str,
    entry: CredentialEntry | TicketEntry | KeytabEntry | CertificateEntry,
    base: Path,
    line: int,
) -> Credential:
    """Return the credential, which stands in this line; paths begin at `base`."""
    match entry:
        case TicketEntry():
            return Credential(name=name, line=line, kind="ccache")
        case KeytabEntry():
            return Credential(
                name=name,
                line=line,
                kind="keytab",
                username=entry.username,
                path=base / Path(entry.path).expanduser(),
            )
        case CertificateEntry():
            return Credential(
                name=name,
                line=line,
                kind="certificate",
                path=base / Path(entry.path).expanduser(),
                key_password=_reference(entry.key_password, name, ""),
            )
        case CredentialEntry():
            password = _reference(entry.password, name, entry.username)
            return Credential(
                name=name,
                line=line,
                kind="ccache" if password is None else "password",
                username=entry.username,
                password=password,
            )


def _reference(secret: Any, credential: str, username: str) -> SecretRef | None:
    if secret is None:
        return None
    fields = secret.model_dump(exclude={"from_"}, exclude_unset=True)
    completed = SOURCES[secret.from_].completed(fields, username=username, credential=credential)
    return SecretRef(source=secret.from_, fields=MappingProxyType(dict(completed)))
