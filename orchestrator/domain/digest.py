"""Digests that say whether something is still what it was: canonical JSON, hashed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from inventory.model import Host


def canonical_json(content: Any) -> str:
    """Write content in the one spelling that is hashed: ASCII, sorted keys, no spaces."""
    return json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(content: Any) -> str:
    """Hash content (JSON values) over its canonical spelling; hex."""
    return hashlib.sha256(canonical_json(content).encode("ascii")).hexdigest()


def host_digest(host: Host) -> str:
    """Hash what the inventory resolves for a host, as far as it decides where a session goes and what may be written.

    Changes of site, tags, groups and time-outs do not count.
    """
    profile = host.profile
    return sha256(
        {
            "name": host.name,
            "address": host.address,
            "port": host.port,
            "transport": host.transport,
            "auth": host.auth,
            "credential": host.credential,
            "ca": None if host.ca is None else host.ca.name,
            "tls_pin": host.tls_pin,
            "configuration": host.configuration,
            "gateways": dict(host.gateways),
            "desired": dict(host.desired),
            "repin": host.repin,
            "key": profile.key,
            "views": list(profile.views),
            "roles": [[role.role, role.port_value, role.address_value] for role in profile.roles],
            "ports": list(profile.port_numbers),
            "rule": profile.rule.value,
        },
    )
