"""`fleetcheck scan` on real PowerShell hosts: what it stores and shows is what their registries hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import winhosts as kit
from tests.cli.conftest import fleetcheck

KEY = rf"{kit.ROOT}\Scan\Static Route"
PROFILE = f"""
extends: livevault
key: {KEY}
connect_timeout: 2
"""


@pytest.fixture
def three(winhosts: list[kit.Winhost], net: str) -> Iterator[list[kit.Winhost]]:
    """Three real hosts, each with a registry of its own."""
    with kit.start(net, first=8) as third:
        hosts = [*winhosts, *third]
        hosts[0].arrange(64, KEY, [("PrimaryTunnelPort", "DWORD", 2147), ("BackupTunnelPort", "DWORD", 2147)])
        hosts[1].arrange(32, KEY, [("PrimaryTunnelPort", "SZ", "443"), ("BackupTunnelPort", "SZ", "443")])
        hosts[2].arrange(64, KEY, [("PrimaryTunnelPort", "DWORD", 80), ("BackupTunnelPort", "SZ", "4_43")])
        yield hosts
        for host in hosts:
            host.clear()


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


def stored(name: str) -> tuple[dict[str, Any], dict[int, dict[str, tuple[str, str]]]]:
    """Give what `show --json` says of a host, and its registry values by view."""
    host = json.loads(fleetcheck("show", name, "--json").out)["host"]
    views = {
        view["view"]: {value["name"]: (value["kind"], str(value["data"])) for value in view["values"]}
        for view in host["reading"]["views"]
    }
    return host, views


def test_a_scan_of_three_real_hosts_shows_what_their_registries_hold(
    three: list[kit.Winhost], net: str, tmp_path: Path
) -> None:
    """NTLM over http, Basic and Negotiate over https: pins, kinds and views are the registry's, verdicts follow."""
    gateways = {"primary": f"{net}.101", "backup": f"{net}.102"}
    path = inventory(tmp_path, three, gateways)
    ports = [(address, port) for address in gateways.values() for port in (2147, 443)]
    with kit.network(opened=ports, live=[(address, 2147) for address in gateways.values()]):
        ended = fleetcheck("scan", "-i", str(path), "--json")
    assert ended.code == 3, ended.err
    hosts = {host["host"]: host for host in json.loads(ended.out)["hosts"]}
    assert {name: host["verdict"] for name, host in hosts.items()} == {
        "web1": "ok",
        "db7": "drifted",
        "app3": "blocked",
    }
    for name, real in zip(("web1", "db7", "app3"), three, strict=True):
        shown, views = stored(name)
        assert views == {view: outside(real, view) for view in (64, 32)}
        assert shown["reading"]["identity"]["computer"] == real.name
    assert [stored(name)[0]["trace"]["auth"] for name in ("web1", "db7", "app3")] == ["ntlm", "basic", "ntlm"]
