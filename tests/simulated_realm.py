"""Simulated hosts behind a realm's names: many hosts whose logon is real Kerberos, and nothing else is."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from tests.adlabs import Realm

ROOT = Path(__file__).parents[1]


@contextlib.contextmanager
def serving(realm: Realm, folder: Path, *more: str) -> Iterator[tuple[Realm, dict[str, dict[str, Any]]]]:
    """Serve a simulated host for each of a realm's names, on 127.0.0.1, by `python -m orchestrator.demo`.

    Yield the realm with the names resolved so, and each name's settings in an inventory. The hosts' process
    holds the keys of all names.
    """
    keys = [path.read_bytes() for path in sorted(realm.keytabs.glob("*.keytab"))]
    keytab = folder / "all.keytab"
    keytab.write_bytes(keys[0][:2] + b"".join(key[2:] for key in keys))
    (folder / "hosts").write_text("".join(f"127.0.0.1 {name}\n" for name in realm.hosts))
    command = [sys.executable, "-m", "orchestrator.demo", "--hosts", str(len(realm.hosts))]
    command += ["--folder", str(folder / "demo"), *more]
    env = {**os.environ, "KRB5_KTNAME": f"FILE:{keytab}", "KRB5_CONFIG": realm.krb5_conf["good"]}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        ready = json.loads(process.stdout.readline())
        ports = [
            host["port"] for host in yaml.safe_load(Path(ready["inventory"]).read_text())["hosts"].values()
        ]
        try:
            yield (
                replace(realm, env={**realm.env, "NSS_WRAPPER_HOSTS": str(folder / "hosts")}),
                {name: {"port": port} for name, port in zip(realm.hosts, ports, strict=True)},
            )
        finally:
            process.stdin.close()
            process.stdout.read()
