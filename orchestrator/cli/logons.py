"""Credentials of an inventory turned into logons, as late as possible and each once; what Kerberos lacks here."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from inventory.errors import SecretError
from orchestrator.cli.errors import CommandError, UsageError

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


def names_of(hosts: Iterable[Host], one: str | None = None) -> Iterator[str | None]:
    """Yield the credentials that these hosts need, `one` in the place of their own, and those of what stands before them.

    None: the ticket cache.
    """
    for host in hosts:
        yield one or host.credential
        if host.via is not None and host.via_credential is not None:
            yield host.via_credential


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


INSTALL = (
    "  Debian, Ubuntu   apt-get install libkrb5-dev gcc python3-dev",
    "  RHEL, Fedora     dnf install krb5-devel gcc python3-devel",
    "  macOS            brew install krb5, and its bin folder on the PATH",
    "  then             pip install 'fleetcheck[kerberos]'",
)


def missing(hosts: Iterable[Host]) -> str | None:
    """Say what these hosts need and this machine does not have; None where they can be logged on to."""
    from orchestrator.remote.auth.kerberos import can_ask_kdc

    needing = [host.name for host in hosts if host.auth == "kerberos"]
    if not needing or can_ask_kdc():
        return None
    more = f" and {len(needing) - 1:,} more" if len(needing) > 1 else ""
    who = f"`auth: kerberos` of {needing[0]}{more}"
    return "\n".join(
        [f"{who} needs Kerberos' packages, and this machine does not have them. Install them:", *INSTALL]
    )


def demand(hosts: Iterable[Host]) -> None:
    """Raise CommandError where hosts that are to be asked need what is missing."""
    if (said := missing(hosts)) is not None:
        raise CommandError(said)


def ntlm_alone(fleet: Fleet, hosts: Iterable[Host]) -> tuple[str, ...]:
    """Give the remark that `auth: negotiate` is NTLM on this machine, where a host would be tried by Kerberos else."""
    from inventory.schema.shapes import is_ip
    from orchestrator.domain.execution.breaker import account
    from orchestrator.remote.auth.kerberos import can_ask_kdc

    def domain_s(host: Host) -> bool:
        found = fleet.credentials.get(host.credential or "")
        name = found.username if found is not None else ""
        return account("", name, host=host.name, address=host.address).host is None

    if can_ask_kdc() or not any(
        host.auth == "negotiate" and not is_ip(host.address) and domain_s(host) for host in hosts
    ):
        return ()
    return (
        "NTLM: no Kerberos on this machine, so `auth: negotiate` takes that (pip install 'fleetcheck[kerberos]')",
    )
