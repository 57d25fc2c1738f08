"""What Ansible's proxy variables come to: a note with the line to add.

Nobody is sent another way without being asked.
"""

from __future__ import annotations

from typing import Any

from inventory.schema.via import parse_via

PROXIES = {"psrp": ("ansible_psrp_proxy",), "winrm": ("ansible_winrm_proxy",)}
"""The variables that name a proxy, by the connection plugin that reads them."""


def proxy_note(name: str, value: Any) -> str | None:
    """Say of whom (`{names}`) a proxy was not taken over, and which line to add; None where there is none.

    A password in it is not repeated.
    """
    text = str(value or "").strip()
    if not text:
        return None
    scheme, mark, rest = text.partition("://")
    head = f"`{name}` of {{names}} was not taken over"
    if not mark or not scheme.lower().startswith("socks5"):
        return (
            f"{head}: only SOCKS5 proxies and SSH jump hosts are supported. The line to add: `via: "
            "socks5h://HOST:1080`."
        )
    _, user, place = rest.rpartition("@")
    try:
        line = f"`via: {parse_via(f'socks5h://{place}')}`"
    except ValueError:
        line = "`via: socks5h://HOST:1080`"
    more = ", and for its user and password a credential: `via_credential: NAME`" if user else ""
    return f"{head}: look it over first. The line to add: {line}{more}."
