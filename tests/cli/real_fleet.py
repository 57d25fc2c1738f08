"""Three real PowerShell hosts as an inventory, each reached in another way,
and their registries from outside.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests import winhosts as kit

KEY = rf"{kit.ROOT}\Scan\Static Route"
PROFILE = f"""
extends: livevault
key: {KEY}
connect_timeout: 2
"""


def inventory(folder: Path, hosts: list[kit.Winhost], gateways: dict[str, str]) -> Path:
    """Write the inventory: the same three hosts, each reached in another way."""
    (folder / "agent.yaml").write_text(PROFILE)
    secret = folder / "password"
    secret.touch(0o600)
    secret.write_text(kit.PASSWORD)
    ways = (
        {"transport": "http", "port": hosts[0].port, "auth": "ntlm"},
        {"transport": "https", "port": hosts[1].https_port, "auth": "basic"},
        {"transport": "https", "port": hosts[2].https_port, "auth": "negotiate"},
    )
    document = {
        "credentials": {"ops": {"username": kit.USER, "password": {"from": "file", "path": "password"}}},
        "defaults": {
            "credential": "ops",
            "ca": hosts[0].ca,
            "profile": "agent.yaml",
            "gateways": gateways,
            "pin": 2147,
        },
        "hosts": {
            name: {"address": host.address} | way
            for name, host, way in zip(("web1", "db7", "app3"), hosts, ways, strict=True)
        },
    }
    # The third host comes from a kit of its own, with a CA of its own.
    document["hosts"]["app3"]["ca"] = hosts[2].ca  # type: ignore[index]  # a mapping, as written above
    path = folder / "fleet.yaml"
    path.write_text(json.dumps(document))
    return path


def outside(host: kit.Winhost, view: int) -> dict[str, tuple[str, str]]:
    """Read the pins with the kit, behind the engine's back."""
    values = kit.registry().get_values(host.prefix, rf"HKLM\{KEY}", view=view) or {}
    return {name: (kind, str(data).partition('"\r\n')[0]) for name, (kind, data) in values.items()}
