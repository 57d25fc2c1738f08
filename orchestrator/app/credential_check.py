"""What `inventory check` tells of credentials: what is wrong with them on this machine.

Reads no secret, asks nobody.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.errors import Problem
from inventory.importers.draft import UNKNOWN_USER
from inventory.secrets.registry import SOURCES
from inventory.secrets.source import Lookup
from inventory.words import shown

if TYPE_CHECKING:
    from inventory.model import Credential, Fleet


@dataclass(frozen=True, slots=True)
class CredentialCheck:
    """`problems` are mistakes, `warnings` what may be different when the command runs,
    each with file and line.
    """

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def check_credentials(fleet: Fleet) -> CredentialCheck:
    """Look at every credential of an inventory."""
    problems, warnings = [], []
    for credential in fleet.credentials.values():
        said = f"credential {shown(credential.name)}: "
        if trouble := _mistake(credential):
            problems.append(Problem(str(credential.file), credential.line, said + trouble))
        warnings += [
            Problem(str(credential.file), credential.line, said + each) for each in _passing(credential)
        ]
    return CredentialCheck(tuple(problems), tuple(warnings))


def _mistake(credential: Credential) -> str | None:
    if credential.kind == "password":
        return None
    from orchestrator.remote.auth.checks import certificate_trouble, keytab_trouble, no_packages

    if credential.kind == "ccache" or credential.path is None:
        return no_packages()
    if _absent(credential) is not None:
        return None
    if credential.kind == "keytab":
        return keytab_trouble(credential.path, credential.username)
    return certificate_trouble(credential.path, None, asked=credential.key_password is None)


def _absent(credential: Credential) -> Path | None:
    """Return the path of a keytab or certificate that is not on this machine, which may be another's."""
    path = credential.path
    return path if path is not None and not os.path.lexists(path) else None


def _passing(credential: Credential) -> Iterator[str]:
    """Yield what hinders today, and may not hinder tomorrow."""
    if credential.username == UNKNOWN_USER:
        yield f"its user is {UNKNOWN_USER} yet: write who logs on"
    if (path := _absent(credential)) is not None:
        yield f"the {credential.kind} {path} is not there"
    if credential.kind == "ccache":
        from orchestrator.remote.auth.checks import no_packages, ticket_trouble

        if no_packages() is None and (trouble := ticket_trouble()):
            yield trouble
    at = Lookup(environ=os.environ, prompt=lambda _question: "", base=credential.file.parent)
    for secret in credential.secrets:
        if trouble := SOURCES[secret.source].hindrance(secret.fields, at):
            yield trouble
