"""Read what Kerberos says on this side. Written by its documentation; not verified against a domain yet."""

from __future__ import annotations

from orchestrator.remote.trouble import KerberosTrouble

_DEPTH = 8  # how far down the chain of causes to look


def kerberos_trouble(error: BaseException) -> KerberosTrouble:
    """Give the trouble of an error of pyspnego or gssapi: the GSS minor code of whoever in the chain has one."""
    minor = None
    at: BaseException | None = error
    for _ in range(_DEPTH):
        if at is None:
            break
        found = getattr(at, "min_code", None) or getattr(at, "err_code", None)
        if isinstance(found, int) and found:
            minor = found & 0xFFFFFFFF
            break
        at = getattr(at, "base_error", None) or at.__cause__ or at.__context__
    text = str(error) or type(error).__name__
    if isinstance(error, ImportError | ValueError) or "not available" in text:
        text = f"{text}. Kerberos needs `pip install 'fleetcheck[kerberos]'` on this machine"
    return KerberosTrouble(minor, text)
