"""`fleetcheck scan` and `doctor` against a realm's hosts, as commands of their own:
a realm's names resolve in processes that get its `env`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.adlabs import MAIN, Realm


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What the command said: its JSON document, and its messages."""

    report: dict[str, Any]
    messages: str

    @property
    def failures(self) -> list[dict[str, Any]]:
        """Why hosts that were asked could not be probed."""
        return [host["failure"] for host in self.report["hosts"] if host["failure"]]

    @property
    def logons(self) -> list[tuple[str | None, str | None]]:
        """How each host was logged on to, and why not by Kerberos."""
        return [(host["logon"], host["no_kerberos"]) for host in self.report["hosts"]]


def scan(
    realm: Realm,
    folder: Path,
    hosts: Mapping[str, Mapping[str, Any]],
    *more: str,
    user: tuple[str, str] | None = None,
    auth: str = "kerberos",
    timeout: int = 60,
) -> Scanned:
    """Scan hosts, given with their settings in the inventory. `user`: name and password; None:
    the ticket cache.
    """
    _write(folder, hosts, user=user, auth=auth, timeout=timeout)
    words = ("scan", "--json", "--db", str(folder / "results.db"), *more)
    done = command(realm, folder, *words)
    return Scanned(report=json.loads(done.stdout), messages=done.stderr)


def doctor(
    realm: Realm,
    folder: Path,
    hosts: Mapping[str, Mapping[str, Any]],
    *,
    user: tuple[str, str] | None = None,
    auth: str = "kerberos",
) -> list[dict[str, Any]]:
    """Examine hosts; return those of the document. `user` as for a scan."""
    _write(folder, hosts, user=user, auth=auth, timeout=30)
    found: list[dict[str, Any]] = json.loads(command(realm, folder, "doctor", *hosts, "--json").stdout)[
        "hosts"
    ]
    return found


def _write(
    folder: Path,
    hosts: Mapping[str, Mapping[str, Any]],
    *,
    user: tuple[str, str] | None,
    auth: str,
    timeout: int,
) -> None:
    inventory: dict[str, Any] = {"defaults": {"transport": "http", "auth": auth, "timeout": timeout}}
    if user is not None:
        (folder / "password").write_text(user[1])
        (folder / "password").chmod(0o600)
        secret = {"from": "file", "path": "password"}
        inventory["credentials"] = {"ops": {"username": user[0], "password": secret}}
        inventory["defaults"]["credential"] = "ops"
    inventory["hosts"] = dict(hosts)
    (folder / "fleet.yaml").write_text(json.dumps(inventory))


def command(realm: Realm, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the folder's `fleet.yaml`, as somebody in the realm; it has to print something."""
    argv = [sys.executable, "-c", MAIN, *words]
    argv += ["-i", str(folder / "fleet.yaml")]
    env = {**os.environ, **realm.env}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=100, check=False)
    assert done.stdout, (done.returncode, done.stderr)
    return done
