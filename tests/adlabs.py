"""Real Kerberos realms for tests: MIT's KDC, and Samba as an Active Directory domain controller, on loopback.

The kit is found by `FLEETCHECK_ADLAB`; its README says what differs from a Windows domain. Its hosts' names
resolve in processes that get `Realm.env`, so fleetcheck runs as one of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests import winhosts

MAIN = "import socket; socket.getaddrinfo('localhost', None); from orchestrator.cli.main import main; main()"
"""fleetcheck in a realm. libnss_wrapper reads its hosts when it is first asked: where two threads ask it
then, the process may end or find no host.
"""

_FAKETIME = "faketime/libfaketimeMT.so.1"  # in a folder of libraries


_FEW = 100  # hosts: more of them leave no room for the KDC before the network's last addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Realm:
    """A realm that serves. `accounts` are name -> (principal, password), `hosts` name -> address."""

    env: Mapping[str, str]
    folder: str
    keytabs: Path
    accounts: Mapping[str, tuple[str, str]]
    hosts: Mapping[str, str]
    krb5_conf: Mapping[str, str]
    tickets: Mapping[str, str]
    log: str
    keytab: str

    def by(self, configuration: str) -> Realm:
        """Return the realm as a client with another of its configurations sees it."""
        return replace(self, env={**self.env, "KRB5_CONFIG": self.krb5_conf[configuration]})

    def holding(self, ticket: str) -> Realm:
        """Return the realm as somebody sees it who has one of its tickets in the ticket cache."""
        return replace(self, env={**self.env, "KRB5CCNAME": self.tickets.get(ticket, ticket)})

    def keyed(self, folder: Path) -> Realm:
        """Return the realm with other hosts' keys than its own."""
        return replace(self, keytabs=folder)

    def at(self, offset: str) -> Realm:
        """Return the realm as a client sees it whose clock is off: `+20m`."""
        (faketime, *_) = Path("/usr/lib").glob(f"*/{_FAKETIME}")
        preload = f"{self.env['LD_PRELOAD']}:{faketime}"
        return replace(
            self, env={**self.env, "LD_PRELOAD": preload, "FAKETIME": offset, "DONT_FAKE_MONOTONIC": "1"}
        )

    def issued(self) -> tuple[int, int]:
        """Count the tickets that MIT's KDC has issued: by passwords, and for services."""
        lines = [line for line in Path(self.log).read_text().splitlines() if "ISSUE: " in line]
        return sum("AS_REQ " in line for line in lines), sum("TGS_REQ " in line for line in lines)

    def state(self, account: str) -> dict[str, Any]:
        """Read what a Samba domain controller counts of an account: `badPwdCount`, `locked`."""
        found: dict[str, dict[str, Any]] = json.loads(self._manage("state", account))
        return found[account]

    def unlock(self, account: str) -> None:
        """Set an account's count of wrong passwords back."""
        self._manage("unlock", account)

    def _manage(self, command: str, account: str) -> str:
        argv = [sys.executable, "-m", "adlab", command, self.folder, account]
        done = subprocess.run(argv, env=_environment(), capture_output=True, text=True, check=True)
        return done.stdout


def kit() -> Path | None:
    """Return the kit's folder, where there is one."""
    folder = os.environ.get("FLEETCHECK_ADLAB")
    return Path(folder) if folder else None


@contextlib.contextmanager
def start(mode: str, net: str, *, hosts: int, first: int) -> Iterator[Realm]:
    """Start a realm ("mit", "samba") with hosts from `net`.`first` on; it is gone when the block ends."""
    argv = [sys.executable, "-m", "adlab", "--mode", mode, "--hosts", str(hosts)]
    argv += ["--first", f"{net}.{first}", "--kdc", f"{net}.{first + 100 if hosts < _FEW else 253}"]
    with subprocess.Popen(argv, env=_environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, "adlab did not start"
            found = json.loads(line)
            yield Realm(
                env=found["env"],
                folder=found["folder"],
                keytabs=Path(found["folder"]) / "keytabs",
                accounts={
                    name: (account["principal"], account["password"])
                    for name, account in found["accounts"].items()
                },
                hosts={host["fqdn"]: host["address"] for host in found["hosts"]},
                krb5_conf=found["krb5_conf"],
                tickets=found["tickets"],
                log=found["log"],
                keytab=found["keytab"],
            )
        finally:
            process.terminate()
            process.wait(60)


@contextlib.contextmanager
def hosts(
    realm: Realm, net: str, *more: str, hosts: int, first: int, keytabs: Path | None = None
) -> Iterator[list[winhosts.Winhost]]:
    """Start real PowerShell hosts behind a realm's names, on ports 6985 and 6986: its hosts' usual ports stay
    free.

    They take the passwords of `fleet` and `norights` by NTLM as well; `norights` may do nothing.
    """
    users = [f"{name}:{realm.accounts[name][1]}" for name in ("fleet", "norights")]
    more = ("--port", "6985", "--https-port", "6986", "--domain", "adlab.test", "--deny", "norights", *more)
    more += ("--auth", "negotiate,kerberos", "--keytabs", str(keytabs or realm.keytabs))
    more += tuple(word for user in users for word in ("--user", user))
    environ = {"KRB5_CONFIG": realm.krb5_conf["good"]}
    with winhosts.start(net, first=first, hosts=hosts, more=more, environ=environ) as started:
        yield started


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(kit())}
