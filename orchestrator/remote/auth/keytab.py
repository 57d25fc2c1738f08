"""Whose keys a keytab holds. Needs the `krb5` package."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from orchestrator.domain.primitives.text import clean
from orchestrator.remote.faults.trouble import KerberosTrouble

_NOT_IN_KEYTAB = 2529639093  # KRB5_KT_NOTFOUND, unsigned
_SHOWN = 3  # principals named in a message


def principal_in(context: Any, path: Path, username: str) -> Any:
    r"""Return the principal of a user in a keytab; case does not count, `DOMAIN\name` and `name` are found by
    the name.

    Raises KerberosTrouble where there is none, krb5.Krb5Error where the file cannot be read.
    """
    import krb5

    entries = krb5.kt_resolve(context, b"FILE:" + os.fsencode(path))
    names = [_text(context, entry.principal) for entry in entries]
    wanted = _asked(username)
    for name in names:
        if wanted in (name.casefold(), name.casefold().partition("@")[0]):
            # By its text: the entry's own principal is gone with the entry (krb5 0.10).
            return krb5.parse_name_flags(context, name.encode("utf-8", "surrogateescape"))
    names = [clean(name, limit=80) for name in dict.fromkeys(names)]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    held = f"{', '.join(names[:_SHOWN])}{more}" if names else "nobody"
    raise KerberosTrouble(
        _NOT_IN_KEYTAB, f"the keytab {path} has no key of {username}: it holds keys of {held}"
    )


def _asked(username: str) -> str:
    return username.rpartition("\\")[2].casefold()


def _text(context: Any, principal: Any) -> str:
    import krb5

    name: bytes = krb5.unparse_name_flags(context, principal)
    return name.decode("utf-8", "surrogateescape")
