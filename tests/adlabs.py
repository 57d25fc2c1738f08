"""Real Kerberos realms for tests: MIT's KDC, and Samba as an Active Directory domain controller, on loopback.

The kit is found by `FLEETCHECK_ADLAB`; its README says what differs from a Windows domain. Its hosts' names resolve in
processes that get `Realm.env`, so fleetcheck runs as one of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Realm:
    """A realm that serves. `accounts` are name -> (principal, password), `hosts` name -> address."""

    env: Mapping[str, str]
    folder: str
    accounts: Mapping[str, tuple[str, str]]
    hosts: Mapping[str, str]
    krb5_conf: Mapping[str, str]
    tickets: Mapping[str, str]
    keytab: str

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
    argv += ["--first", f"{net}.{first}", "--kdc", f"{net}.{first + 100}"]
    with subprocess.Popen(argv, env=_environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, "adlab did not start"
            found = json.loads(line)
            yield Realm(
                env=found["env"],
                folder=found["folder"],
                accounts={
                    name: (account["principal"], account["password"])
                    for name, account in found["accounts"].items()
                },
                hosts={host["fqdn"]: host["address"] for host in found["hosts"]},
                krb5_conf=found["krb5_conf"],
                tickets=found["tickets"],
                keytab=found["keytab"],
            )
        finally:
            process.terminate()
            process.wait(60)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(kit())}
