"""What Ansible's variables mean here. Names as in Ansible's `winrm` and `psrp` connection plugins."""

from __future__ import annotations

import re
from typing import Any

from inventory.importers.draft import Draft
from inventory.tree import Map
from inventory.words import shown

REMOTE = ("winrm", "psrp", "ansible.builtin.winrm", "ansible.builtin.psrp")

_ALIASES = {
    "address": ("ansible_psrp_host", "ansible_winrm_host", "ansible_host", "ansible_ssh_host"),
    "port": ("ansible_psrp_port", "ansible_winrm_port", "ansible_port", "ansible_ssh_port"),
    "transport": ("ansible_psrp_protocol", "ansible_winrm_scheme"),
    "auth": ("ansible_psrp_auth", "ansible_winrm_transport"),
    "user": ("ansible_psrp_user", "ansible_winrm_user", "ansible_user", "ansible_ssh_user"),
}
_AUTH = {
    "basic": "basic",
    "plaintext": "basic",
    "ssl": "basic",
    "ntlm": "ntlm",
    "kerberos": "kerberos",
    "negotiate": "negotiate",
}
_SECRET = re.compile(r"pass|secret|token|private_key", re.IGNORECASE)
_SILENT = ("ansible_connection", "ansible_group_priority", "ansible_shell_type", "site")
HTTP_PORT = 5985


def settings(variables: Map, draft: Draft, *, complete: bool = False) -> Map:
    """Translate what a host or group says; what cannot be translated is noted in the draft.

    `complete`: these are all variables of one host, so what Ansible would derive is said, too.
    """
    found = Map(variables.line)
    for key, names in _ALIASES.items():
        for name in names:
            value = variables.get(name)
            if value is not None and _usable(name, value, draft):
                _put(found, key, value, variables.lines[name], draft)
                break
    if isinstance(variables.get("site"), str) and "{{" not in variables["site"]:
        found.put("site", variables["site"], variables.lines["site"])
    for name in variables:
        _mention(name, draft)
    if complete:
        _derive(found, draft)
    return found


def _put(found: Map, key: str, value: Any, line: int, draft: Draft) -> None:
    if key == "user":
        found.put("credential", draft.credential(str(value), line), line)
    elif key == "port":
        found.put(
            key,
            int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value,
            line,
        )
    elif key == "auth":
        words = [str(word).strip() for word in (value if isinstance(value, list) else str(value).split(","))]
        known = [_AUTH[word] for word in words if word in _AUTH]
        if known:
            found.put(key, known[0], line)
        else:
            draft.note(
                f"The logon {shown(','.join(words))} is not known here; `auth: negotiate` is tried instead."
            )
    else:
        found.put(key, str(value), line)


def _derive(found: Map, draft: Draft) -> None:
    """Say what Ansible takes from other variables: http by its port; and never Basic without TLS."""
    if "transport" not in found:
        found.put("transport", "http" if found.get("port") == HTTP_PORT else "https", found.line)
    if found.get("auth") == "basic" and found["transport"] == "http":
        found.put("auth", "negotiate", found.line)
        draft.note(
            "Basic over plain http shows the password to the network; `auth: negotiate` is written instead."
        )


def _usable(name: str, value: Any, draft: Draft) -> bool:
    if isinstance(value, str) and "{{" in value:
        draft.note(f"`{name}` was a template in places, which only Ansible can fill in.")
        return False
    return True


def _mention(name: str, draft: Draft) -> None:
    """Note a variable that is not taken over."""
    if _SECRET.search(name):
        draft.note(f"`{name}` was not taken over: secrets do not belong in an inventory.")
    elif name not in _SILENT and not any(name in names for names in _ALIASES.values()):
        meant = " (see `ca` and `tls_pin`)" if "ca_" in name or "cert" in name else ""
        draft.note(f"`{name}` has no meaning here{meant}.")
