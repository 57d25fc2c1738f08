"""Credentials of an inventory turned into logons, as late as possible and each once."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from inventory.errors import SecretError

if TYPE_CHECKING:
    from inventory.model import Fleet
    from orchestrator.remote.session import Logon


def logons(fleet: Fleet, names: Iterable[str | None]) -> Mapping[str | None, Logon]:
    """Give the logon of each credential, asking for a password where the inventory says so; None: the ticket cache.

    Before the progress is on the screen: a question has to be seen. Raises SecretError, which shows no secret.
    """
    return {name: _logon(fleet, name) for name in dict.fromkeys(names)}


def _logon(fleet: Fleet, name: str | None) -> Logon:
    from inventory.secrets import resolve
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
