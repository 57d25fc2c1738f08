"""A controller without Kerberos' packages: `auth: kerberos` is a mistake before the first host,
negotiate is a remark.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.remote.auth import kerberos
from tests.cli.conftest import fleetcheck

INVENTORY = """\
credentials:
  ops: {username: CORP\\svc, password: {from: env, name: PW}}
  own: {username: .\\admin, password: {from: env, name: PW}}
defaults: {credential: ops, transport: http, port: 9, gateways: {primary: 203.0.113.10}, pin: 2147, timeout: 5}
hosts:
  web1: {address: web1.invalid, auth: AUTH}
  web2: {address: web2.invalid, auth: AUTH}
  db1: {address: 127.0.0.1, auth: ntlm}
  db2: {address: db2.invalid, credential: own}
"""  # noqa: E501


@pytest.fixture(autouse=True)
def _no_kerberos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kerberos, "can_ask_kdc", lambda: False)
    monkeypatch.setenv("PW", "x")


def test_the_check_names_the_commands_that_install_it(inventory_file: Callable[[str], Path]) -> None:
    """Which hosts need it, and what to type on Debian, RHEL and macOS."""
    path = inventory_file(INVENTORY.replace("AUTH", "kerberos"))
    ended = fleetcheck("inventory", "check", str(path))
    assert (ended.code, ended.out) == (1, "")
    assert "`auth: kerberos` of web1 and 1 more needs Kerberos' packages" in ended.err
    assert "\n  Debian, Ubuntu   apt-get install libkrb5-dev gcc python3-dev\n  RHEL, Fedora " in ended.err
    for command in ("dnf install krb5-devel", "brew install krb5", "fleetcheck[kerberos]"):
        assert command in ended.err
    (problem,) = json.loads(fleetcheck("inventory", "check", "--json", str(path)).out)["problems"]
    assert "libkrb5-dev" in problem["message"]


def test_a_scan_ends_before_its_first_host(inventory_file: Callable[[str], Path]) -> None:
    """Nothing is asked and no scan is stored; hosts that need no Kerberos can be scanned by themselves."""
    path = inventory_file(INVENTORY.replace("AUTH", "kerberos"))
    ended = fleetcheck("scan", "-i", str(path))
    assert (ended.code, ended.out) == (1, "")
    assert "libkrb5-dev" in ended.err
    assert fleetcheck("scans", "--json").out.count('"mode"') == 0
    alone = fleetcheck("scan", "-i", str(path), "--limit", "db1")
    assert (alone.code, "libkrb5-dev" in alone.err) == (4, False)


def test_negotiate_is_one_remark_and_no_exit_code(inventory_file: Callable[[str], Path]) -> None:
    """Hosts that would be tried by Kerberos are scanned by NTLM;
    a local account or an IP address is no news.
    """
    path = inventory_file(INVENTORY.replace("AUTH", "negotiate"))
    assert fleetcheck("inventory", "check", str(path)).code == 0
    said = fleetcheck("scan", "-i", str(path)).err
    assert said.count("NTLM: no Kerberos on this machine") == 1
    assert "NTLM: no Kerberos" not in fleetcheck("scan", "-i", str(path), "--limit", "db1,db2").err
