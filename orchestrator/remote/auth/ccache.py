"""The ticket that this machine holds for who runs the command: whose it is, and how long it lasts."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.remote.auth.kerberos import kerberos_trouble


@dataclass(frozen=True, slots=True)
class Cached:
    """What the credential cache holds.

    `seconds` are left of the ticket, 0 where it has expired; `why` is "" where there is one.
    """

    name: str = ""
    seconds: int = 0
    why: str = ""


def cached_ticket() -> Cached:
    """Look into the default credential cache (KRB5CCNAME). Asks no domain controller, and never raises."""
    try:
        import gssapi
    except (ImportError, OSError) as error:  # OSError: the system's Kerberos library is not there
        return Cached(why=f"Kerberos is not installed: {error}")
    try:
        found = gssapi.Credentials(usage="initiate")
        return Cached(str(found.name), int(found.lifetime or 0))
    except Exception as error:  # noqa: BLE001  # gssapi's tree is only there where gssapi is
        return Cached(why=kerberos_trouble(error).text.rpartition("): ")[2])  # behind the codes of GSSAPI
