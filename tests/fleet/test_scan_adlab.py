"""Scans against real domain controllers: what a password costs the account, and what the user is told.

The hosts are listeners that take a connection, note what comes and answer 401: an account's fate is settled
before any host has a say.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.adlabs import MAIN, Realm
from tests.remote.wired import read_request

PORT = 5985
UNWILLING = (
    b"HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: "
    b"Kerberos\r\n\r\n"
)
NTLM = b"NTLMSSP\0"


@contextlib.contextmanager
def listening(addresses: Sequence[str], answer: bytes = UNWILLING) -> Iterator[list[bytes]]:
    """Take connections on these addresses and answer so; yield the logon tokens that came, in order."""
    tokens: list[bytes] = []
    listeners = [socket.create_server((address, PORT)) for address in addresses]

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                with sock, contextlib.suppress(OSError):
                    while request := read_request(sock):
                        _, logon, rest = request.partition(b"Authorization: ")
                        if logon:
                            tokens.append(base64.b64decode(rest.partition(b"\r\n")[0].split()[-1]))
                        sock.sendall(answer)

    threads = [threading.Thread(target=serve, args=(listener,), daemon=True) for listener in listeners]
    for thread in threads:
        thread.start()
    try:
        yield tokens
    finally:
        for listener in listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for thread in threads:
            thread.join()


def scan(
    realm: Realm,
    folder: Path,
    username: str,
    password: str,
    *more: str,
    auth: str = "kerberos",
    timeout: int = 60,
    by_address: bool = False,
) -> tuple[dict[str, Any], list[bytes], str]:
    """Scan all of a realm's hosts with one account; return the JSON report, the tokens that hosts saw,
    and stderr.
    """
    (folder / "password").write_text(password)
    (folder / "password").chmod(0o600)
    inventory = {
        "credentials": {"ops": {"username": username, "password": {"from": "file", "path": "password"}}},
        "defaults": {"transport": "http", "auth": auth, "credential": "ops", "timeout": timeout},
        "hosts": {name: {"address": address} if by_address else {} for name, address in realm.hosts.items()},
    }
    (folder / "fleet.yaml").write_text(json.dumps(inventory))
    argv = [sys.executable, "-c", MAIN, "scan", "--json"]
    argv += ["-i", str(folder / "fleet.yaml"), "--db", str(folder / "results.db"), *more]
    env = {**os.environ, **realm.env}
    with listening(list(realm.hosts.values())) as tokens:
        done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=100, check=False)
    return json.loads(done.stdout), tokens, done.stderr


def failures(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Say why the hosts that were asked could not be probed."""
    return [host["failure"] for host in report["hosts"] if host["failure"]]


@pytest.mark.parametrize("auth", ["kerberos", "negotiate"])
def test_a_wrong_password_costs_one_try_in_a_scan_of_four_hosts(
    samba_realm: Realm, tmp_path: Path, auth: str
) -> None:
    """The domain controller's count says 1, no host was sent anything, and nobody tried NTLM instead."""
    samba_realm.unlock("lockme")
    report, tokens, _ = scan(samba_realm, tmp_path, "lockme@ADLAB.TEST", "wrong", auth=auth)
    state = samba_realm.state("lockme")
    assert (state["badPwdCount"], state["locked"], tokens) == (1, False, [])
    (failure,) = failures(report)
    assert failure["cause"] == "logon-failed"
    assert "the domain controller did not take the password" in failure["detail"]
    assert report["exit_code"] == 6


def test_a_right_password_costs_nothing_and_every_host_is_asked(samba_realm: Realm, tmp_path: Path) -> None:
    """Hosts that do not take the ticket have a trouble of their own: the account is not given up for them."""
    samba_realm.unlock("lockme")
    report, tokens, _ = scan(samba_realm, tmp_path, *samba_realm.accounts["lockme"])
    assert samba_realm.state("lockme")["badPwdCount"] == 0
    assert (len(failures(report)), len(tokens)) == (4, 4)
    assert not [token for token in tokens if NTLM in token]


def test_an_account_that_the_domain_does_not_know_may_be_the_host_s(
    samba_realm: Realm, tmp_path: Path
) -> None:
    """Negotiate with a local account goes on to NTLM: every host is asked."""
    _, tokens, _ = scan(samba_realm, tmp_path, "localadmin", "secret", auth="negotiate")
    assert [NTLM in token for token in tokens] == [True] * 4


@pytest.mark.parametrize("transport", ["native", "pypsrp"])
def test_a_host_dialled_by_its_address_asks_no_domain_controller(
    samba_realm: Realm, tmp_path: Path, transport: str
) -> None:
    """Kerberos needs a name: with an IP address Negotiate is NTLM,
    and no wrong password is counted behind its back.
    """
    samba_realm.unlock("lockme")
    user, how = "lockme@ADLAB.TEST", ("--transport", transport)
    _, tokens, _ = scan(samba_realm, tmp_path, user, "wrong", *how, auth="negotiate", by_address=True)
    assert samba_realm.state("lockme")["badPwdCount"] == 0
    assert [NTLM in token for token in tokens] == [True] * 4


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        ("disabled", "the account is locked, disabled or expired"),
        ("expired", "the account is locked, disabled or expired"),
        ("pwexpired", "the password has expired"),
    ],
)
def test_an_account_that_may_not_log_on_is_told_by_its_reason(
    samba_realm: Realm, tmp_path: Path, account: str, reason: str
) -> None:
    """Samba's domain controller tells these apart: one try, its reason, and nothing more is tried."""
    report, tokens, _ = scan(samba_realm, tmp_path, *samba_realm.accounts[account])
    (failure,) = failures(report)
    assert (failure["cause"], tokens) == ("logon-failed", [])
    assert reason in failure["detail"]


def test_a_locked_account_is_told_as_that(samba_realm: Realm, tmp_path: Path) -> None:
    """Somebody else's wrong passwords lock the account; the right one is then refused with the reason."""
    samba_realm.unlock("lockme")
    for _ in range(5):
        env = {**os.environ, **samba_realm.env, "KRB5CCNAME": "MEMORY:"}
        subprocess.run(["kinit", "lockme"], env=env, input=b"wrong\n", capture_output=True, check=False)
    assert samba_realm.state("lockme")["locked"]
    report, _, _ = scan(samba_realm, tmp_path, *samba_realm.accounts["lockme"])
    samba_realm.unlock("lockme")
    (failure,) = failures(report)
    assert "the account is locked, disabled or expired" in failure["detail"]


def test_a_refusal_that_comes_after_a_host_s_deadline_still_stops_the_account(
    samba_realm: Realm, tmp_path: Path
) -> None:
    """A slow domain controller refuses when the first host's time is up: the second learns of it,
    and asks nobody.
    """
    samba_realm.unlock("lockme")
    slow = replace(samba_realm, env={**samba_realm.env, "KRB5_CONFIG": samba_realm.krb5_conf["slow"]})
    one_by_one = ("--jobs", "1")  # side by side all four would wait for the one exchange
    report, tokens, _ = scan(slow, tmp_path, "lockme@ADLAB.TEST", "wrong", *one_by_one, timeout=4)
    assert [failure["cause"] for failure in failures(report)] == ["deadline", "logon-failed"]
    assert (len(report["not_started"]), tokens, report["exit_code"]) == (2, [], 6)
    # One exchange; libkrb5 sends its request once more where nobody answers within a second, and that counts
    # too.
    assert samba_realm.state("lockme")["badPwdCount"] <= 2


@pytest.mark.parametrize(
    ("account", "password", "reason"),
    [
        ("fleet", "wrong", "the domain controller did not take the password"),
        ("nobody", "wrong", "the domain does not know that user"),
        ("expired", None, "the account has expired"),
        ("pwexpired", None, "the password has expired"),
    ],
)
def test_mit_s_domain_controller_is_understood(
    mit_realm: Realm, tmp_path: Path, account: str, password: str | None, reason: str
) -> None:
    """MIT's KDC says more than Samba of an expired account; the user reads what it says."""
    principal, right = mit_realm.accounts.get(account, (f"{account}@ADLAB.TEST", ""))
    report, tokens, _ = scan(mit_realm, tmp_path, principal, password or right)
    failure, *_ = failures(report)
    assert (failure["cause"], tokens) == ("logon-failed", [])
    assert reason in failure["detail"]
