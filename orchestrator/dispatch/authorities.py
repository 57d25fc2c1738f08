"""The CA certificates that travel with batches: read once for a scan, and nothing else of their files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from inventory.errors import InventoryError, Problem
from inventory.files.textfile import read_bytes, refuse_unlike_file
from inventory.model import Host
from inventory.words import plural

WHAT = "file with a certificate authority"
MOST = 1024 * 1024  # characters: a batch has room for them beside fifty hosts
_LIMIT = 4 * 1024 * 1024  # bytes of a file
_CERTIFICATE = re.compile(
    rb"-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[A-Za-z0-9+/=\s]+-----END \1-----", re.ASCII
)


def read_authorities(hosts: Iterable[Host]) -> Mapping[Path, str]:
    """Return the PEM text of each file that a host's `ca` names.

    Comments, whatever their encoding, and keys that stand beside them stay here. Raises InventoryError, with
    every file that is no use.
    """
    named = Counter(host.ca for host in hosts if host.ca is not None)
    found: dict[Path, str] = {}
    problems: list[Problem] = []
    for path, count in named.items():
        advice = f"; `ca:` of {plural(count, 'host')} at sites names it"
        try:
            refuse_unlike_file(path, what=WHAT)
            found[path] = _certificates(read_bytes(path, what=WHAT, advice=advice, limit=_LIMIT))
        except InventoryError as error:
            problems += error.problems
            continue
        if not found[path]:
            words = f"no certificate as PEM text in it (`-----BEGIN CERTIFICATE-----`){advice}"
            problems.append(Problem(str(path), 0, words))
        elif len(found[path]) > MOST:
            words = f"{len(found[path]):,} characters of certificates; {MOST:,} can travel to a site{advice}"
            problems.append(Problem(str(path), 0, words))
    if problems:
        raise InventoryError(problems)
    return found


def _certificates(data: bytes) -> str:
    return "".join(f"{match[0].decode('ascii')}\n" for match in _CERTIFICATE.finditer(data))
