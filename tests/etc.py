"""An /etc of a test's own, for programs that look there and nowhere else (Linux: a mount namespace)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

_NEEDED = (
    *("passwd", "group", "nsswitch.conf", "hosts", "host.conf", "resolv.conf", "localtime"),
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d"),
)
_MOUNTED = 'mount --bind "$0" /etc && exec "$@"'


def private_etc(folder: Path) -> Path:
    """Copy of the system's /etc what programs look for. Skips where nothing can be mounted in its place."""
    made = folder / "etc"
    made.mkdir()
    there = [f"/etc/{name}" for name in _NEEDED if Path("/etc", name).exists()]
    subprocess.run(["cp", "-aL", *there, str(made)], capture_output=True, check=False)
    tried = subprocess.run(inside(made, "true"), capture_output=True, check=False)
    if tried.returncode:
        pytest.skip(f"no /etc of one's own can be mounted here: {tried.stderr.decode().strip()}")
    return made


def inside(etc: Path, *words: str) -> list[str]:
    """Return the command that runs `words` where `etc` is /etc, and who runs it is root."""
    how = "-m" if os.geteuid() == 0 else "-Urm"
    return ["unshare", how, "sh", "-c", _MOUNTED, str(etc), *words]
