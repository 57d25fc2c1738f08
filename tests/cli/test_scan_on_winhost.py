"""`fleetcheck scan` on real PowerShell hosts: what it stores and shows is what their registries hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests import winhosts as kit
from tests.cli.conftest import fleetcheck
from tests.cli.real_fleet import KEY, inventory, outside


def stored(name: str) -> tuple[dict[str, Any], dict[int, dict[str, tuple[str, str]]]]:
    """Return what `show --json` says of a host, and its registry values by view."""
    host = json.loads(fleetcheck("show", name, "--json").out)["host"]
    views = {
        view["view"]: {value["name"]: (value["kind"], str(value["data"])) for value in view["values"]}
        for view in host["reading"]["views"]
    }
    return host, views


def test_a_scan_of_three_real_hosts_shows_what_their_registries_hold(
    three: list[kit.Winhost], net: str, tmp_path: Path
) -> None:
    """NTLM over http, Basic and Negotiate over https: pins, kinds and views are the registry's,
    verdicts follow.
    """
    three[0].arrange(64, KEY, [("PrimaryTunnelPort", "DWORD", 2147), ("BackupTunnelPort", "DWORD", 2147)])
    three[1].arrange(32, KEY, [("PrimaryTunnelPort", "SZ", "443"), ("BackupTunnelPort", "SZ", "443")])
    three[2].arrange(64, KEY, [("PrimaryTunnelPort", "DWORD", 80), ("BackupTunnelPort", "SZ", "4_43")])
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
