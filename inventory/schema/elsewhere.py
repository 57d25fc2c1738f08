"""Keys that other tools' inventories have, and what says it here."""

from __future__ import annotations

import re
from collections.abc import Collection

_CA = "certificates are always verified here: name the CA in `ca`, or the certificate in `tls_pin`"
_USER = "who logs on stands under `credentials`, and is named by `credential`"
_MEANS = (
    (r"ip|ip_?address|fqdn|host|host_?name|dns(?:_?name)?|uri|ansible_(?:ssh_|winrm_|psrp_)?host", "address"),
    (r"ansible_(?:ssh_|winrm_|psrp_)?port|winrm_port", "port"),
    (r"scheme|protocol|connection|ansible_(?:winrm_scheme|psrp_protocol|connection)", "transport"),
    (r"authentication|ansible_(?:winrm_transport|psrp_auth)", "auth"),
    (r"configuration_?name|ansible_psrp_configuration_name", "configuration"),
    (r"proxy|jump_?host|bastion|ansible_(?:winrm|psrp)_proxy", "via"),
    (r"labels?", "tags"),
    (r"location|datacenter", "site"),
)
_SAID = (
    (r"verify|ssl_?verify|verify_?ssl|validate_certs|insecure|.*cert_validation|skip_?ca_?check", _CA),
    (r"user|user_?name|domain|login|ansible_(?:ssh_|winrm_|psrp_)?user", _USER),
    (r"vars|variables", "settings stand in the group or host itself"),
    (r"ssl|use_?ssl|tls|https?", "`transport: https` (the default) or `transport: http` says it"),
)


def said_here(key: str, known: Collection[str]) -> str:
    """Return "; here that is `address`" for a key of another tool's that means one of `known`, or nothing."""
    word = key.casefold().replace("-", "_")
    for pattern, ours in _MEANS:
        if ours in known and re.fullmatch(pattern, word):
            return f"; here that is `{ours}`"
    for pattern, words in _SAID:
        if "credential" in known and re.fullmatch(pattern, word):
            return f"; {words}"
    return ""
