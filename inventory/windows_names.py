"""Names as Windows compares them: users of a host's own, and names in its registry."""

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


def unlike_user(username: str) -> str | None:
    r"""Say why a user's name can be nobody's, such as `CORP\\svc` with two backslashes; None where it can."""
    if "\\\\" in username:
        return "has two backslashes in a row; outside of double quotes one is written once"
    if username.endswith("\\") or username.startswith("@"):
        return "names a domain alone"
    if username.startswith(".") and "\\" not in username:
        return "begins with a dot, and no backslash is behind it"
    return "begins or ends with a blank" if username != username.strip() else None


def fold(name: str) -> str:
    """Bring a registry name to one case, one character at a time.

    Letters that only look related stay apart: the registry does not take a dotless i or a Kelvin sign for i
    or k.
    """
    return name.upper() if name.isascii() else "".join(map(_fold_character, name))


def _fold_character(character: str) -> str:
    upper = character.upper()
    return upper if len(upper) == 1 and upper.isascii() == character.isascii() else character
