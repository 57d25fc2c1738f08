"""Kerberos on this side: the ticket that a password buys, and what the libraries say where none comes.

Verified against MIT's KDC and a Samba domain controller; not against Windows itself.
"""

from __future__ import annotations

import contextlib
import importlib.util
import threading
from typing import Any

from orchestrator.remote.fault_codes import AS_REFUSALS
from orchestrator.remote.session import Logon
from orchestrator.remote.trouble import KerberosTrouble

_DEPTH = 8  # how far down the chain of causes to look


def can_ask_kdc() -> bool:
    """Whether this side has what asks a domain controller for a ticket: MIT's library and its Python module."""
    return importlib.util.find_spec("krb5") is not None


class Ticket:
    """A ticket-granting ticket in a cache of its own, in memory. `name` is the cache's, as GSSAPI takes it."""

    def __init__(self, logon: Logon) -> None:
        """Ask a domain controller for it: one AS exchange, which blocks. Raises KerberosTrouble.

        An exchange that is refused costs the account one of the wrong passwords that lock it.
        """
        import krb5

        password = (logon.password or "").encode("utf-8", "replace")
        try:
            self._context: Any = krb5.init_context()
            principal = krb5.parse_name_flags(self._context, logon.username.encode("utf-8", "replace"))
            options = krb5.get_init_creds_opt_alloc(self._context)
            krb5.get_init_creds_opt_set_canonicalize(options, True)
            found = krb5.get_init_creds_password(self._context, principal, options, password=password)
            self._cache: Any = krb5.cc_new_unique(self._context, b"MEMORY")
            krb5.cc_initialize(self._context, self._cache, found.client)
            krb5.cc_store_cred(self._context, self._cache, found)
        except (krb5.Krb5Error, ValueError) as error:  # ValueError: a user name that is empty
            raise kerberos_trouble(error, proved=True) from error
        self.name = f"MEMORY:{(self._cache.name or b'').decode()}"

    def destroy(self) -> None:
        """Forget it. Never raises."""
        import krb5

        with contextlib.suppress(krb5.Krb5Error):
            krb5.cc_destroy(self._context, self._cache)


class Tickets:
    """The tickets of a run, asked for from its threads. What it remembers is as secret as a password.

    A password that was refused is not sent again. Until one was taken the same password is asked with once at a time:
    a host whose deadline passes leaves its exchange behind, and that one's answer may still be a refusal.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._turns: dict[Logon, threading.Lock] = {}
        self._taken: set[Logon] = set()
        self._refused: dict[Logon, KerberosTrouble] = {}

    def ask(self, logon: Logon) -> Ticket:
        """Get a ticket, see `Ticket`. Raises KerberosTrouble, without asking anybody where this password was refused."""
        with self._guard:
            turn = self._turns.setdefault(logon, threading.Lock())
        with contextlib.nullcontext() if logon in self._taken else turn:
            if before := self._refused.get(logon):
                raise KerberosTrouble(before.minor, before.text, refused=True)
            try:
                ticket = Ticket(logon)
            except KerberosTrouble as trouble:
                if trouble.refused:
                    self._refused[logon] = trouble
                raise
            self._taken.add(logon)
            return ticket


def kerberos_trouble(error: BaseException, *, proved: bool = False) -> KerberosTrouble:
    """Give the trouble of an error of pyspnego, gssapi or krb5: the code of whoever in the chain has one.

    gssapi has it as `min_code`, krb5 as `err_code`. `proved`: it came of an AS exchange with a password.
    """
    minor, text = None, str(error) or type(error).__name__
    at: BaseException | None = error
    for _ in range(_DEPTH):
        if at is None:
            break
        found = getattr(at, "err_code", None) or getattr(at, "min_code", None)
        if isinstance(found, int) and found:
            minor = found & 0xFFFFFFFF
            text = text.removesuffix(f" {found}")  # krb5 writes its number behind its words
            break
        at = getattr(at, "base_error", None) or at.__cause__ or at.__context__
    if (isinstance(error, ImportError | ValueError) and not proved) or "not available" in text:
        text = f"{text}. Kerberos needs `pip install 'fleetcheck[kerberos]'` on this machine"
    return KerberosTrouble(minor, text, refused=proved and minor in AS_REFUSALS)
