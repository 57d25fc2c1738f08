"""Kerberos' ticket-granting ticket of one credential, in a cache in memory. Blocking: `off_loop` runs it in a
thread.

One AS exchange for a credential and run: a wrong password then costs one badPwdCount, whatever the number of
hosts. Nothing is written into the user's own cache, and `KRB5CCNAME` is read, never set: it is the whole
process's.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.remote.auth.kerberos import kerberos_trouble
from orchestrator.remote.faults.trouble import KerberosTrouble

if TYPE_CHECKING:
    from orchestrator.remote.session import Logon

HOSTS_PER_CACHE = (
    250  # a cache is read from its beginning: 1.2 ms a token with 1,000 tickets in it, 0.37 with none
)
_UNKNOWN_CLIENT = 2529638918  # KDC_ERR_C_PRINCIPAL_UNKNOWN, unsigned
_TICKET_EXPIRED = 2529638944  # AP_ERR_TKT_EXPIRED
_CLOCKS = 2529638949  # AP_ERR_SKEW
_NOT_THE_KEY = {2529638936, 2529638943}  # KDC_ERR_PREAUTH_FAILED, AP_ERR_BAD_INTEGRITY
_TICKET_GRANTING = b"krbtgt"


class TicketCache:
    """The tickets of one credential: the ticket-granting one, and a cache in memory for every HOSTS_PER_CACHE
    hosts.

    `ends` is the time (seconds since 1970) at which the ticket-granting ticket ends.
    """

    def __init__(self, context: Any, tickets: list[Any], client: Any) -> None:
        self._context = context
        self._tickets = tickets
        self._client = client
        self._caches: list[Any] = []
        self._hosts = 0
        self.ends = max((int(ticket.times.endtime) for ticket in tickets), default=0)

    def name(self) -> str:
        """Return the name of the cache that one more host is to use, such as `MEMORY:abc`."""
        if self._hosts % HOSTS_PER_CACHE == 0:
            self._caches.append(self._new())
        self._hosts += 1
        name: bytes = self._caches[-1].name
        return f"MEMORY:{name.decode()}"

    def destroy(self) -> None:
        """Forget every ticket; never raises.

        A cache in memory outlives its handle, so this has to be called.
        """
        import krb5

        for cache in self._caches:
            with contextlib.suppress(krb5.Krb5Error):
                krb5.cc_destroy(self._context, cache)
        self._caches.clear()

    def _new(self) -> Any:
        import krb5

        cache = krb5.cc_new_unique(self._context, b"MEMORY")
        krb5.cc_initialize(self._context, cache, self._client)
        for ticket in self._tickets:
            krb5.cc_store_cred(self._context, cache, ticket)
        return cache


def obtain(logon: Logon) -> TicketCache:
    """Return the tickets of a logon: by its keytab or password, else of the user's own ticket cache.

    Raises KerberosTrouble: refused by the KDC, no KDC, no ticket, no Kerberos packages.
    """
    try:
        if logon.keytab is not None:
            return _by_keytab(logon.username, logon.keytab)
        return _by_password(logon) if logon.password is not None else user_tickets()
    except KerberosTrouble:
        raise
    except Exception as error:
        proved = logon.password is not None or logon.keytab is not None
        trouble = kerberos_trouble(error, proved=proved)
        if logon.keytab is not None and trouble.minor in _NOT_THE_KEY:
            trouble.advice = (
                f"The keytab {logon.keytab} does not hold the account's key of today: its password was "
                "changed since. Write the keytab anew. It counted once toward the account's lock-out."
            )
        raise trouble from error


def _by_password(logon: Logon) -> TicketCache:
    import krb5

    context = krb5.init_context()
    names = _names(logon.username)
    for enterprise, name in names:
        flags = krb5.PrincipalParseFlags.enterprise if enterprise else krb5.PrincipalParseFlags(0)
        principal = krb5.parse_name_flags(context, name.encode("utf-8", "replace"), flags=flags)
        options = krb5.get_init_creds_opt_alloc(context)
        krb5.get_init_creds_opt_set_canonicalize(options, True)
        try:
            ticket = krb5.get_init_creds_password(
                context, principal, options, password=(logon.password or "").encode("utf-8", "replace")
            )
        except krb5.Krb5Error as error:
            if error.err_code & 0xFFFFFFFF == _UNKNOWN_CLIENT and (enterprise, name) != names[-1]:
                continue
            raise
        return _given(context, ticket)
    raise AssertionError(names)


def _given(context: Any, ticket: Any) -> TicketCache:
    """Return the cache of a ticket that a domain controller gave just now.

    Raises KerberosTrouble where it has ended by this machine's clock. libkrb5 takes the domain controller's
    time for the exchange alone: GSSAPI would say later that the ticket has expired, as if it were an old one.
    """
    if int(ticket.times.endtime) <= time.time():
        said = "by this machine's clock the ticket that a domain controller gave just now has ended already"
        raise KerberosTrouble(_CLOCKS, said)
    return TicketCache(context, [ticket], ticket.client)


def _names(username: str) -> tuple[tuple[bool, str], ...]:
    r"""Return how to ask for a user, each with whether it is an enterprise name (RFC 6806).

    An Active Directory knows `name@DOMAIN` and `name@corp.example` as enterprise names, and answers with the
    real one; `DOMAIN\name` is written so, since libkrb5 reads a backslash as an escape. MIT's KDC knows no
    enterprise names: where the first is not known, the name is asked for as it stands. An unknown name costs
    no account anything.
    """
    domain, backslash, user = username.rpartition("\\")
    name = f"{user}@{domain}" if backslash else username
    return (True, name), (False, name)


def _by_keytab(username: str, path: Path) -> TicketCache:
    import krb5

    from orchestrator.remote.auth.keytab import principal_in

    context = krb5.init_context()
    principal = principal_in(context, path, username)
    options = krb5.get_init_creds_opt_alloc(context)
    keytab = krb5.kt_resolve(context, b"FILE:" + os.fsencode(path))
    ticket = krb5.get_init_creds_keytab(context, principal, options, keytab)
    return _given(context, ticket)


def user_tickets() -> TicketCache:
    """Return the tickets of the user's own cache.

    Raises KerberosTrouble where they have ended, krb5.Krb5Error.
    """
    import krb5

    context = krb5.init_context()
    source = krb5.cc_default(context)
    client = krb5.cc_get_principal(context, source)
    tickets = [ticket for ticket in source if ticket.server.components[:1] == [_TICKET_GRANTING]]
    cache = TicketCache(context, tickets, client)
    if cache.ends <= krb5.timeofday(context):
        raise KerberosTrouble(_TICKET_EXPIRED, f"the ticket of {client} in {source} has ended")
    return cache


class Tickets:
    """Asks for the tickets of a run's threads (the transport over pypsrp). What it remembers is as secret as
    a password.

    A password that was refused is not sent again. Until one was taken the same password is asked with once at
    a time: a host whose deadline passes leaves its exchange behind, and that one's answer may still be a
    refusal.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._turns: dict[Logon, threading.Lock] = {}
        self._taken: set[Logon] = set()
        self._refused: dict[Logon, KerberosTrouble] = {}

    def ask(self, logon: Logon) -> TicketCache:
        """Return the tickets of a logon, which the caller destroys.

        Raises KerberosTrouble, without asking anybody where this password was refused.
        """
        with self._guard:
            turn = self._turns.setdefault(logon, threading.Lock())
        with contextlib.nullcontext() if logon in self._taken else turn:
            if before := self._refused.get(logon):
                raise KerberosTrouble(before.minor, before.text, refused=True, advice=before.advice)
            try:
                tickets = obtain(logon)
            except KerberosTrouble as trouble:
                if trouble.refused:
                    self._refused[logon] = trouble
                raise
            self._taken.add(logon)
            return tickets
