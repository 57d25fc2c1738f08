"""The inventory of a simulated fleet: a YAML file that a person can read,
with its secrets and CA beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from orchestrator.demo.host import SimulatedHost
from orchestrator.demo.wire.auth import Account


class Served(Protocol):
    """A host that is being served: what it is, and where."""

    spec: SimulatedHost
    address: str
    port: int


def write_inventory(
    folder: Path,
    hosts: Iterable[Served],
    ca: str,
    *,
    defaults: Mapping[str, object],
    waivers: Sequence[Mapping[str, object]],
) -> Path:
    """Write `fleet.yaml`, `ca.pem` and `secrets/*` (0600); return the inventory's path.

    Raises ValueError where two hosts give one credential's name to different accounts, OSError where it
    cannot write.
    """
    hosts = list(hosts)
    (folder / "secrets").mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "ca.pem").write_text(ca, "ascii")
    lines = ["# A simulated fleet on loopback: nothing here leaves this machine.", "credentials:"]
    for name, account in _credentials(hosts).items():
        _write_secret(folder / "secrets" / name, account.password)
        secret = {"from": "file", "path": f"secrets/{name}"}
        lines.append(f"  {_word(name)}: {_flow({'username': account.username, 'password': secret})}")
    lines.append("defaults:")
    lines += [
        f"  {key}: {_flow(value)}"
        for key, value in ({"ca": "ca.pem", "credential": "ops"} | dict(defaults)).items()
    ]
    lines += _groups(hosts)
    lines.append("hosts:")
    lines += [f"  {_word(host.spec.name)}: {_flow(_entry(host))}" for host in hosts]
    if waivers:
        lines.append("waivers:")
        lines += [f"  - {_flow(waiver)}" for waiver in waivers]
    path = folder / "fleet.yaml"
    path.write_text("\n".join(lines) + "\n", "ascii")
    return path


def _credentials(hosts: Iterable[Served]) -> dict[str, Account]:
    accounts: dict[str, Account] = {}
    for host in hosts:
        known = accounts.setdefault(host.spec.credential, host.spec.account)
        if known != host.spec.account:
            raise ValueError(f"the credential {host.spec.credential} stands for two accounts")
    return accounts


def _write_secret(path: Path, secret: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(secret, "utf-8")


def _groups(hosts: Iterable[Served]) -> list[str]:
    members: dict[str, list[str]] = {}
    for host in hosts:
        if host.spec.group:
            members.setdefault(host.spec.group, []).append(host.spec.name)
    lines = ["groups:"] if members else []
    return lines + [
        f"  {_word(name)}: {_flow({'site': name, 'hosts': names})}" for name, names in members.items()
    ]


def _entry(host: Served) -> dict[str, object]:
    spec = host.spec
    entry: dict[str, object] = {"address": host.address, "port": host.port}
    if spec.transport != "https":
        entry["transport"] = spec.transport
    if spec.auth != "negotiate":
        entry["auth"] = spec.auth
    if spec.credential != "ops":
        entry["credential"] = spec.credential
    for behaviour in spec.behaviours:
        entry |= behaviour.inventory
    return entry | dict(spec.inventory)


def _word(name: str) -> str:
    """Write a key plainly where that is safe, else quoted."""
    return name if name.replace("-", "").isalnum() and not name.isdigit() else json.dumps(name)


def _flow(value: object) -> str:
    """Write a value as YAML's flow style; JSON is a part of it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_word(str(key))}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return json.dumps(value)
