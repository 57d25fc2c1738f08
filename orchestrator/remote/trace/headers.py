"""Which HTTP headers a transcript shows: an allow-list; of what proves who we are, scheme and length."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from inventory.words import plural
from orchestrator.domain.primitives.text import clean

SHOWN = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "host",
        "keep-alive",
        "retry-after",
        "server",
        "transfer-encoding",
        "user-agent",
        "via",
    }
)
"""Headers whose values are shown, in lower case; of others it is only said how many there were."""

_PROOFS = frozenset({"authorization", "www-authenticate"})
_SCHEMES = ("Basic", "Bearer", "CredSSP", "Digest", "Kerberos", "Negotiate", "NTLM")
_LONGEST = 200  # characters of a value that are shown
_MUTUAL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"


def pairs(head: str) -> Iterator[tuple[str, str]]:
    """Yield the headers of a request's head, names as they are written."""
    for line in head.split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip(), value.strip()


def is_proof(name: str) -> bool:
    """Tell whether a header's value may let somebody in: then it is never shown."""
    return name.lower() in _PROOFS or name.lower().startswith("proxy-")


def shown(headers: Iterable[tuple[str, str]], withhold: Callable[[str], str] = str) -> Iterator[str]:
    """Yield what a transcript shows of headers, one a line; `withhold` sees a value before it is cut."""
    others = 0
    for name, value in headers:
        if is_proof(name):
            title = name.title().replace("Www", "WWW")
            length = plural(len(value), "character")
            yield f"{clean(withhold(title), limit=_LONGEST)}: {schemes(value)}, {length}"
        elif name.lower() in SHOWN:
            yield f"{name.title()}: {clean(withhold(value), limit=_LONGEST)}"
        else:
            others += 1
    if others:
        yield f"and {plural(others, 'other header')}"


def schemes(value: str) -> str:
    """Name the schemes of a header that proves something, known ones alone: another word may be a token."""
    if value == _MUTUAL:
        return "client certificate"
    found = [scheme for scheme in _SCHEMES if re.search(rf"(?i)(?:^|,)\s*{scheme}(?![^\s,])", value)]
    return ", ".join(found) or "another scheme"
