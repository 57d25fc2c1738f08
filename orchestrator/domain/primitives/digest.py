"""Digests that say whether something is still what it was: canonical JSON, hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring_ascii
from typing import Any

from inventory.model import Host


def canonical_json(content: Any) -> str:
    """Write content in the one spelling that is hashed: ASCII, sorted keys, no spaces."""
    return json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)


def indented(content: Any, level: int = 0) -> str:
    """Write JSON values with a line for each and sorted keys, as `json.dumps(indent=1)` does.

    Several times as fast: the standard library's encoder in C does not indent.
    """
    return _indented(content, "\n" + " " * level)


def _indented(content: Any, margin: str) -> str:
    if isinstance(content, str):
        return encode_basestring_ascii(content)
    if isinstance(content, dict) and content:
        inner = margin + " "
        lines = [
            f"{inner}{encode_basestring_ascii(key)}: {_indented(content[key], inner)}"
            for key in sorted(content)
        ]
        return f"{{{','.join(lines)}{margin}}}"
    if isinstance(content, list | tuple) and content:
        inner = margin + " "
        return f"[{','.join([inner + _indented(item, inner) for item in content])}{margin}]"
    return canonical_json(content)


def sha256(content: Any) -> str:
    """Hash content (JSON values) over its canonical spelling; hex."""
    return hashlib.sha256(canonical_json(content).encode("ascii")).hexdigest()


def host_facts(host: Host) -> dict[str, Any]:
    """Return what the inventory resolves for a host by field, as JSON values, as far as it decides what may
    be written.

    That is: where a session goes, how, and to which values. Changes of site, tags, groups and time-outs do
    not count, nor does the credential: whoever logs on, the plan is the same. `via` is there for a host that
    has one, so that the facts of all others are what they always were.
    """
    profile = host.profile
    return {
        **({"via": host.via} if host.via is not None else {}),
        "name": host.name,
        "address": host.address,
        "port": host.port,
        "transport": host.transport,
        "auth": host.auth,
        "ca": None if host.ca is None else host.ca.name,
        "tls_pin": host.tls_pin,
        "configuration": host.configuration,
        "gateways": dict(host.gateways),
        "desired": dict(host.desired),
        "repin": host.repin,
        "key": profile.key,
        "views": list(profile.views),
        "roles": {role.role: [role.port_value, role.address_value] for role in profile.roles},
        "ports": list(profile.port_numbers),
        "rule": profile.rule.value,
    }


_EVER = (
    *("via", "name", "address", "port", "transport", "auth", "ca", "tls_pin", "configuration", "gateways"),
    *("desired", "repin", "key", "views", "roles", "ports", "rule"),
)
"""The fields that facts have had ever since they are told by field, and `via`. A plan without them holds its
hosts to nothing. A field that is added later is none of them.
"""


def fact_changes(then: Mapping[str, Any], host: Host) -> Iterator[tuple[str, Any, Any]]:
    """Yield each field of a host that is not as it was: its name (`gateways.primary`), then, now.

    None stands for what is not there. A field that `then` does not have is one of a later version, and not
    compared: all but `via`, without which the host was reached directly, and those that facts always had.
    """
    now = host_facts(host)
    for field, before in (dict.fromkeys(_EVER) | dict(then)).items():
        after = now.get(field)
        if isinstance(before, dict) and isinstance(after, dict):
            for key in before | after:
                if before.get(key) != after.get(key):
                    yield f"{field}.{key}", before.get(key), after.get(key)
        elif before != after:
            yield field, before, after


def host_digest_v1(host: Host) -> str:
    """Hash a host's settings as version 1 of a plan's file has them: its credential counts there. Never to be
    changed.

    Version 1 knew no `via`: a host that has one now is no more what it was.
    """
    profile = host.profile
    return sha256(
        {
            **({"via": host.via} if host.via is not None else {}),
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
