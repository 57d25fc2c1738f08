"""Whether this machine has what Kerberos needs, asked before the first host: what is missing, and the commands for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from orchestrator.cli.errors import CommandError

if TYPE_CHECKING:
    from inventory.model import Fleet, Host

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
