"""The NT hash of a password, computed once a run: MD4 in Python takes 1.3 ms of CPU,
a quarter of a whole host's.
"""

from __future__ import annotations

from orchestrator.remote.session import Logon


class NtHashes:
    """The hashes of a run, by password. As secret as these: in memory only, in no repr."""

    def __init__(self) -> None:
        self._hashes: dict[str, str] = {}

    def of(self, logon: Logon) -> str | None:
        """Return the hash of a logon's password in hex, None where it has none."""
        password = logon.password
        if password is None:
            return None
        found = self._hashes.get(password)
        if found is None:
            from spnego._ntlm_raw.crypto import ntowfv1  # pyspnego offers no other way in

            found = self._hashes[password] = ntowfv1(password).hex()
        return found
