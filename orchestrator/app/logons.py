"""Credentials of an inventory turned into logons, as late as possible and each once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from orchestrator.app.errors import UsageError

if TYPE_CHECKING:
    from inventory.model import Fleet, Host
    from orchestrator.remote.session import Logon


def check_credential(fleet: Fleet, name: str, hosts: Iterable[Host] = ()) -> None:
    """Raise UsageError for a credential that the inventory lacks, or that cannot serve for these hosts."""
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


def logons(
    fleet: Fleet, names: Iterable[str | None], ask: Callable[[str], str]
) -> Mapping[str | None, Logon]:
    """Give the logon of each credential; None: the ticket cache.

    `ask` gives the answer to a question where the inventory says so: call it before a progress is on the
    screen, since a question has to be seen. Raises SecretError, which shows no secret.
    """
    return {name: _logon(fleet, name, ask) for name in dict.fromkeys(names)}


def _logon(fleet: Fleet, name: str | None, ask: Callable[[str], str]) -> Logon:
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
