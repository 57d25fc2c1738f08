"""Which layer a test belongs to: by its folder, or by what it asks for. `pytest -m pure` runs one layer.

A test that says so itself (`pytestmark = pytest.mark.wire`) belongs to that layer alone.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
from collections.abc import Collection, Iterator
from pathlib import PurePath

LAYERS = ("pure", "store", "wire", "cli", "docs", "bench", "browser", "winhost", "adlab")
"""All of them; pyproject.toml says of each what it needs."""

_PLACES = {
    "tests": "pure",
    "tests/app/approval": "wire",
    "tests/app/approval/test_rules.py": "pure",
    "tests/app/repin/test_apply.py": "store",
    "tests/app/repin/test_same_plans.py": "store",
    "tests/app/scan/test_run.py": "wire",
    "tests/app/test_doctor_checks.py": "wire",
    "tests/bench": "bench",
    "tests/cli": "cli",
    "tests/demo": "wire",
    "tests/dispatch/test_listen.py": "wire",
    "tests/dispatch/test_over_broker.py": "wire",
    "tests/demo/machine": "pure",
    "tests/docs": "docs",
    "tests/fleet/admission/test_room.py": "wire",
    "tests/inventory/files/test_other_files.py": "store",
    "tests/inventory/importers/test_ansible_oracle.py": "wire",
    "tests/inventory/secrets": "wire",
    "tests/inventory/selection/test_beside_ansible.py": "wire",
    "tests/inventory/sources/test_programs.py": "wire",
    "tests/inventory/test_placeholders.py": "wire",
    "tests/inventory/test_secret_sources.py": "wire",
    "tests/inventory/test_secrets.py": "wire",
    "tests/notify": "wire",
    "tests/remote": "wire",
    "tests/remote/contract": "pure",
    "tests/remote/contract/test_output.py": "wire",
    "tests/remote/faults": "pure",
    "tests/remote/faults/test_what_counts.py": "wire",
    "tests/remote/psrp": "pure",
    "tests/remote/psrp/test_patience.py": "wire",
    "tests/store": "store",
}
"""Folder, or file in it that differs, to layer; the longest path counts."""

_FIXTURES = {
    "adlab": {"adlab_kit", "mit_realm", "samba_realm", "mit_hosts", "samba_hosts"},
    "winhost": {"winhosts", "foreign", "winhost_kit"},
    "browser": {"chromium"},
}
"""What stands for a machine of its own: who asks for one of these belongs to its layer,
wherever the test lies.
"""

_SOCKETS = {"net"}  # who asks for addresses is no longer pure


def layer_of(path: PurePath, fixtures: Collection[str], marked: Collection[str]) -> str:
    """Return the layer of a test in the file `path`, relative to the project,
    which has these fixtures and marks.
    """
    for layer, asked in _FIXTURES.items():
        if asked.intersection(fixtures):
            return layer
    for layer in LAYERS:
        if layer in marked:
            return layer
    found = next(place.as_posix() for place in (path, *path.parents) if place.as_posix() in _PLACES)
    layer = _PLACES[found]
    return "wire" if layer == "pure" and _SOCKETS.intersection(fixtures) else layer


_OUTSIDE = {
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "sqlite3.connect",
    "subprocess.Popen",
}
"""Python's audit events of what leaves this process."""

_watching: list[list[str]] = []


def _hear(event: str, _arguments: object) -> None:
    if _watching and event in _OUTSIDE and threading.current_thread() is threading.main_thread():
        _watching[-1].append(event)


@contextlib.contextmanager
def watched() -> Iterator[list[str]]:
    """Yield a list that every socket, database and program is added to that the block opens in the main
    thread.
    """
    _install()
    seen: list[str] = []
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.pop()


@functools.cache
def _install() -> None:
    sys.addaudithook(_hear)  # for good: Python takes none away
