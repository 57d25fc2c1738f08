"""Kerberos on this side: whether it is there, and what its libraries say where something fails.

Verified against MIT's KDC and a Samba domain controller; not against Windows itself.
"""

from __future__ import annotations

import functools
import importlib.util

from orchestrator.remote.faults.codes import AS_REFUSALS
from orchestrator.remote.faults.trouble import KerberosTrouble

_DEPTH = 8  # how far down the chain of causes to look


@functools.cache
def can_ask_kdc() -> bool:
    """Whether this side has what asks a domain controller for tickets: GSSAPI's and MIT Kerberos' Python modules."""
    return all(importlib.util.find_spec(name) is not None for name in ("gssapi", "krb5"))


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
    missing = isinstance(error, ImportError) or (isinstance(error, ValueError) and not proved)
    if missing or "not available" in text:
        text = f"{text}. Kerberos needs `pip install 'fleetcheck[kerberos]'` on this machine"
    return KerberosTrouble(minor, text, refused=proved and minor in AS_REFUSALS)
