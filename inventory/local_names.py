"""Which user names are a Windows host's own, and no domain's."""

from __future__ import annotations


def is_local(username: str, host: str, address: str) -> bool:
    r"""Whether a user is the host's own: `.\name`, or `HOST\name` where HOST is the host's name or address.

    Up to the first dot, case does not count. A bare `name` is none: a server that does not know it asks its
    domain.
    """
    domain, separator, _ = username.casefold().rpartition("\\")
    return bool(separator) and domain in {
        *(".", "localhost"),
        *(host.casefold(), host.casefold().partition(".")[0]),
        *(address.casefold(), address.casefold().partition(".")[0]),
    }
