"""What pyspnego is given to log on with: a ticket, an NT hash, or the user's own ticket cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orchestrator.remote.auth.kerberos import can_ask_kdc, may_use
from orchestrator.remote.auth.nt_hash import NtHashes
from orchestrator.remote.auth.tickets import TicketCache, Tickets
from orchestrator.remote.faults.codes import PASSWORD_REFUSED
from orchestrator.remote.faults.trouble import KerberosTrouble
from orchestrator.remote.session import Endpoint, Logon


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """`user` as `spnego.client` takes it, its password being in it.

    `ticket` has to outlive the logon's first token.
    """

    user: Any
    ticket: TicketCache | None = None


def credentials(logon: Logon, endpoint: Endpoint, *, nt_hash: str | None, tickets: Tickets) -> Credentials:
    """Choose what to log on to a host with. Asks a domain controller, and blocks, where Kerberos may be it.

    Raises KerberosTrouble.

    pyspnego's own Negotiate asks a domain controller too, for an IP address as well, and goes on to NTLM
    whatever it says: a wrong password would be tried twice on each host. So the ticket is asked for here, and
    what is not Kerberos then is a hash, which pyspnego takes for NTLM alone. (It would also take a password
    of 32 hex digits, a colon and 32 more for two hashes.)
    """
    import spnego

    if logon.keytab is not None:
        ticket = tickets.ask(logon)
        return Credentials(user=spnego.KerberosCCache(ticket.name()), ticket=ticket)
    if logon.password is None or not logon.username:
        return Credentials(user=logon.username or None)
    password = spnego.Password(logon.username, logon.password)
    if nt_hash is None and can_ask_kdc() and may_use(endpoint, logon):
        try:
            ticket = tickets.ask(logon)
        except KerberosTrouble as trouble:
            if endpoint.auth == "kerberos" or trouble.minor in PASSWORD_REFUSED:
                raise
        else:
            return Credentials(user=[spnego.KerberosCCache(ticket.name()), password], ticket=ticket)
    if endpoint.auth == "kerberos":
        return Credentials(user=password)  # pyspnego says what is missing
    return Credentials(user=spnego.NTLMHash(logon.username, nt_hash=nt_hash or NtHashes().of(logon)))
