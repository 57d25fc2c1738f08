"""From a credential's entry to its value."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inventory.model import Credential, SecretRef
from inventory.schema.credentials import CertificateEntry, CredentialEntry, KeytabEntry, TicketEntry
from inventory.secrets.placeholders import held, per_host
from inventory.secrets.registry import SOURCES, reference
from inventory.yamlfile.tree import Map


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
                per_host=password is not None and per_host(SOURCES[password.source].texts(password.fields)),
                scope=entry.scope or "host",
            )


def placeholder_mistakes(value: Credential, tree: Map) -> Iterator[tuple[int, str]]:
    """Yield the line and the words for each placeholder of a credential (`tree`) that may not stand where it
    does.
    """
    for key, secret in (("password", value.password), ("key_password", value.key_password)):
        if secret is None:
            continue
        source, lines = SOURCES[secret.source], tree[key]
        if (found := source.misplaced(secret.fields)) is not None:
            part, at = found
            where = "the program" if at == 0 else "what is run as a command's text"
            yield (
                lines[part].lines[at],
                (
                    f"`credentials.{value.name}.{key}.{part}.{at + 1}`: `{{host}}`, `{{address}}` and "
                    "`{username}` may not"
                    f" stand in {where}; give it as an argument of its own behind that"
                ),
            )
        if key == "key_password" and any(held(text) for text in source.texts(secret.fields)):
            yield (
                tree.lines[key],
                f"`credentials.{value.name}.{key}`: expected no `{{host}}`, `{{address}}` or `{{username}}`",
            )
    domain, backslash, _ = value.username.rpartition("\\")
    if value.per_host and value.scope == "host" and not (backslash and domain):
        yield (
            value.line,
            (
                f"credential `{value.name}` has one secret a host: expected a local user, `.\\NAME`, or "
                "`scope: domain`"
            ),
        )


def _reference(secret: Any, credential: str, username: str) -> SecretRef | None:
    return None if secret is None else reference(secret, username=username, credential=credential)
