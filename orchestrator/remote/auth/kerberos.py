"""Kerberos on this side: whether it is there, and what its libraries say where something fails.

Verified against MIT's KDC and a Samba domain controller; not against Windows itself.
"""

from __future__ import annotations

import functools
import importlib.util
import re
from typing import TYPE_CHECKING

from inventory.schema.shapes import is_ip
from inventory.windows_names import is_local
from orchestrator.remote.faults.codes import AS_REFUSALS
from orchestrator.remote.faults.trouble import KerberosTrouble

if TYPE_CHECKING:
    from orchestrator.remote.session import Endpoint, Logon

_DEPTH = 8  # how far down the chain of causes to look


@functools.cache
def can_ask_kdc() -> bool:
    """Whether this side has what asks a domain controller for tickets:
    GSSAPI's and MIT Kerberos' Python modules.
    """
    return all(importlib.util.find_spec(name) is not None for name in ("gssapi", "krb5"))


def asks_domain(endpoint: Endpoint, logon: Logon) -> bool:
    """Whether a logon may ask a domain controller: the host has a name, and the user is a domain's,
    and not one host's.
    """
    if logon.of_host or is_ip(endpoint.address):
        return False
    return not is_local(logon.username, endpoint.host, endpoint.address)


def may_use(endpoint: Endpoint, logon: Logon) -> bool:
    """Whether a host's logon is to be tried by Kerberos: asked for,
    or Negotiate with a host's name and a domain's user.
    """
    if endpoint.auth == "kerberos":
        return True
    if endpoint.auth != "negotiate":
        return False
    return logon.password is None or (can_ask_kdc() and asks_domain(endpoint, logon))


_MINOR = re.compile(r"Minor \(\d+\): (.*?)(?:, Context: .*)?", re.DOTALL)


def _minor_s(text: str, code: int) -> str:
    """Return what an error says of its minor code alone: gssapi puts its major one before,
    krb5 its number behind.
    """
    before = _MINOR.search(text)
    said = _MINOR.fullmatch(text, before.start()) if before else None
    return (said[1] if said else text).removesuffix(f" {code}").strip()


def kerberos_trouble(error: BaseException, *, proved: bool = False) -> KerberosTrouble:
    """Return the trouble of an error of pyspnego, gssapi or krb5: the code of whoever in the chain has one.

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
            text = _minor_s(str(at), found) or text
            break
        at = getattr(at, "base_error", None) or at.__cause__ or at.__context__
    missing = isinstance(error, ImportError) or (isinstance(error, ValueError) and not proved)
    if missing or "not available" in text:
        text = f"{text}. Kerberos needs `pip install 'fleetcheck[kerberos]'` on this machine"
    return KerberosTrouble(minor, text, refused=proved and minor in AS_REFUSALS)
