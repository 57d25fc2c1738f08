"""`fleetcheck doctor` on real PowerShell hosts: every stage passes, or the right one fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import winhosts as kit
from tests.cli.conftest import fleetcheck
from tests.cli.real_fleet import KEY, inventory


def examined(code: int, *words: str) -> dict[str, dict[str, Any]]:
    """Run doctor; return the hosts of its document by name."""
    ended = fleetcheck("doctor", *words, "--json")
    assert ended.code == code, ended.err
    return {host["host"]: host for host in json.loads(ended.out)["hosts"]}


def test_three_real_hosts_pass_every_stage_and_tell_of_the_account(
    three: list[kit.Winhost], net: str, tmp_path: Path
) -> None:
    """NTLM over http, Basic and Negotiate over https; quotas are the host's, and no shell is left behind."""
    for host in three:
        host.arrange(64, KEY, [("PrimaryTunnelPort", "DWORD", 2147), ("BackupTunnelPort", "DWORD", 2147)])
    path = inventory(tmp_path, three, {"primary": f"{net}.101", "backup": f"{net}.102"})
    hosts = examined(0, "all", "-i", str(path), "--account")
    assert {host["stopped_at"] for host in hosts.values()} == {None}
    seen = {name: {stage["stage"]: stage for stage in host["stages"]} for name, host in hosts.items()}
    assert [seen[name]["logon"]["seen"][0].split(",")[0] for name in ("web1", "db7", "app3")] == [
        *("ntlm", "basic", "ntlm")
    ]
    assert all("PowerShell 7" in stages["shell"]["seen"][0] for stages in seen.values())
    for host in hosts.values():
        assert int(host["account"]["quotas"]["MaxShellsPerUser"]) > 0
        assert host["account"]["shells"] == []


def test_a_real_host_that_refuses_the_password_fails_at_the_logon(
    three: list[kit.Winhost], net: str, tmp_path: Path
) -> None:
    """Of three hosts one is asked with the wrong password, and the others are not."""
    path = inventory(tmp_path, three, {"primary": f"{net}.101", "backup": f"{net}.102"})
    for secret in path.parent.rglob("*"):
        if secret.is_file() and secret.read_bytes().strip() == kit.PASSWORD.encode():
            secret.write_text("wrong")
    hosts = examined(4, "all", "-i", str(path))
    states = [
        stage["state"] for host in hosts.values() for stage in host["stages"] if stage["stage"] == "logon"
    ]
    assert sorted(states) == ["failed", "not tried", "not tried"]


def test_a_key_that_a_real_host_denies_fails_the_script(
    three: list[kit.Winhost], net: str, tmp_path: Path
) -> None:
    """The session is well; the advice is the right to read the key."""
    three[0].arrange(64, KEY, [("PrimaryTunnelPort", "DWORD", 2147)], deny=True)
    try:
        path = inventory(tmp_path, three, {"primary": f"{net}.101", "backup": f"{net}.102"})
        host = examined(4, "web1", "-i", str(path))["web1"]
    finally:
        three[0].clear([KEY])
    assert host["stopped_at"] == "script"
    assert "the right to read that key" in host["stages"][-1]["advice"]


def mistaken(path: Path, **settings: object) -> None:
    """Change the settings of web1 in an inventory."""
    document = json.loads(path.read_text())
    document["hosts"]["web1"] |= settings
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("trouble", "stage", "cause", "advice"),
    [
        ("another CA", "TLS", "tls-unknown-ca", "Add its present certificate"),
        ("https to the http port", "TLS", "deadline", "is this a WinRM https port (5986)?"),
        ("a port that nobody listens on", "TCP", "connection-refused", "winrm enumerate"),
        ("a name that nobody knows", "resolve", "name-not-resolved", "set `address:`"),
        ("a session configuration that is not there", "shell", "no-configuration", "`configuration:`"),
    ],
)
def test_what_an_inventory_gets_wrong_about_a_real_host_is_named_at_its_stage(
    three: list[kit.Winhost], net: str, tmp_path: Path, trouble: str, stage: str, cause: str, advice: str
) -> None:
    """Each mistake fails at the stage that it belongs to, with the next step."""
    path = inventory(tmp_path, three, {"primary": f"{net}.101", "backup": f"{net}.102"})
    host, secure = three[0], {"transport": "https", "port": three[0].https_port, "auth": "negotiate"}
    wrong: dict[str, dict[str, object]] = {
        "another CA": secure | {"ca": three[2].ca},
        "https to the http port": secure | {"port": host.port, "ca": host.ca, "timeout": 2},
        "a port that nobody listens on": {"port": 9},
        "a name that nobody knows": {"address": "nobody.invalid"},
        "a session configuration that is not there": {"configuration": "Nobody.Has.This"},
    }
    mistaken(path, **wrong[trouble])
    found = examined(4, "web1", "-i", str(path))["web1"]
    (at,) = [one for one in found["stages"] if one["stage"] == found["stopped_at"]]
    assert (at["stage"], at["cause"]) == (stage, cause), at
    assert advice in at["advice"]
