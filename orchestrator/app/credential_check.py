"""What `inventory check` tells of credentials: what is wrong with them on this machine.

Reads no secret, asks nobody.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.errors import Problem
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
    if credential.kind == "keytab":
        return keytab_trouble(credential.path, credential.username)
    return certificate_trouble(credential.path, None, asked=credential.key_password is None)


def _passing(credential: Credential) -> Iterator[str]:
    """Yield what hinders today, and may not hinder tomorrow."""
    if credential.kind == "ccache":
        from orchestrator.remote.auth.checks import no_packages, ticket_trouble

        if no_packages() is None and (trouble := ticket_trouble()):
            yield trouble
    at = Lookup(environ=os.environ, prompt=lambda _question: "", base=credential.file.parent)
    for secret in credential.secrets:
        if trouble := SOURCES[secret.source].hindrance(secret.fields, at):
            yield trouble
