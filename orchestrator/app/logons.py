"""Credentials of an inventory turned into logons, as late as possible and each once; what Kerberos needs of this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from orchestrator.app.errors import CommandError, UsageError

if TYPE_CHECKING:
    from inventory.model import Fleet, Host
    from orchestrator.remote.session import Logon


INSTALL = (
    "  Debian, Ubuntu   apt-get install libkrb5-dev gcc python3-dev",
    "  RHEL, Fedora     dnf install krb5-devel gcc python3-devel",
    "  macOS            brew install krb5, and its bin folder on the PATH",
    "  then             pip install 'fleetcheck[kerberos]'",
)


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


def names_of(hosts: Iterable[Host], one: str | None = None) -> Iterator[str | None]:
    """Yield the credentials that these hosts need, `one` in the place of their own, and those of what stands before them.

    None: the ticket cache.
    """
    for host in hosts:
        yield one or host.credential
        if host.via is not None and host.via_credential is not None:
            yield host.via_credential


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


def kerberos_missing(hosts: Iterable[Host]) -> str | None:
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


def demand_kerberos(hosts: Iterable[Host]) -> None:
    """Raise CommandError where hosts that are to be asked need what is missing."""
    if (said := kerberos_missing(hosts)) is not None:
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
