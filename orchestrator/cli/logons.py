"""Credentials of an inventory turned into logons, as late as possible and each once."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from inventory.errors import SecretError
from orchestrator.cli.errors import UsageError

if TYPE_CHECKING:
    from inventory.model import Fleet, Host
    from orchestrator.remote.session import Logon


def check_credential(fleet: Fleet, name: str, hosts: Iterable[Host] = ()) -> None:
    """Raise UsageError where the inventory has no such credential, or these hosts cannot be logged on to with it."""
    from inventory.words import did_you_mean

    if name not in fleet.credentials:
        near = did_you_mean(name, fleet.credentials)
        raise UsageError(f"--credential {name}: {fleet.path} describes none of that name{near}")
    if fleet.credentials[name].password is None:
        needing = next((host for host in hosts if host.auth != "kerberos"), None)
        if needing is not None:
            raise UsageError(
                f"--credential {name}: it has no password, and {needing.name} (auth: {needing.auth}) needs one"
            )


def logons(fleet: Fleet, names: Iterable[str | None]) -> Mapping[str | None, Logon]:
    """Give the logon of each credential, asking for a password where the inventory says so; None: the ticket cache.

    Before the progress is on the screen: a question has to be seen. Raises SecretError, which shows no secret.
    """
    return {name: _logon(fleet, name) for name in dict.fromkeys(names)}


def _logon(fleet: Fleet, name: str | None) -> Logon:
    from inventory.secrets.resolve import resolve
    from orchestrator.remote.session import Logon

    if name is None:
        return Logon(username="", password=None)
    credential = fleet.credentials[name]
    if credential.password is None:
        return Logon(username=credential.username, password=None)
    secret = resolve(
        credential.password,
        environ=os.environ,
        prompt=lambda text: ask(text or f"password of {credential.username} (credential {name}): "),
        base=fleet.path.parent,
    )
    return Logon(username=credential.username, password=secret)


def ask(question: str) -> str:
    """Ask for a secret on the terminal, unseen. Raises SecretError where there is nobody to ask."""
    if not sys.stdin.isatty():
        raise SecretError(
            "a password is to be asked for, and there is no terminal: use `from: env` or `from: file`"
        )
    return getpass.getpass(question)
