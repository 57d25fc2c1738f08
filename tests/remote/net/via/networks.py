"""Networks of this test's own (Linux, root): a controller's, and sites that it reaches by one machine each.

controller 10.78.N.1 ---- 10.78.N.2 site N, where 10.77.0.5 is a host that the controller has no route to
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

_Result = TypeVar("_Result")
_NETWORK = 0x40000000  # CLONE_NEWNET
HOST = "10.77.0.5"


def jump_of(number: int) -> str:
    """Return the address of a site's one machine that the controller reaches."""
    return f"10.78.{number}.2"


@contextlib.contextmanager
def networks(sites: int) -> Iterator[list[str]]:
    """Make the controller's network and so many sites; yield their names,
    the controller's first. Raises OSError.
    """
    if shutil.which("ip") is None or os.geteuid() != 0:
        raise OSError("networks of one's own need root and the command `ip`")
    names = [f"fc-{os.getpid()}-{number}" for number in range(sites + 1)]
    here, *others = names
    try:
        for name in names:
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        for number, name in enumerate(others, 1):
            near = f"v{number}"
            _ip("-n", here, "link", "add", near, "type", "veth", "peer", "name", "far", "netns", name)
            for network, link, address in ((here, near, f"10.78.{number}.1"), (name, "far", jump_of(number))):
                _ip("-n", network, "addr", "add", f"{address}/24", "dev", link)
                _ip("-n", network, "link", "set", link, "up")
            _ip("-n", name, "addr", "add", f"{HOST}/32", "dev", "lo")
        yield names
    finally:
        for name in names:
            with contextlib.suppress(OSError):
                _ip("netns", "del", name)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def inside(name: str, work: Callable[[], _Result]) -> _Result:
    """Do something in a network, in a thread of its own, and return what came of it."""
    found: list[_Result] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            descriptor = os.open(Path("/run/netns") / name, os.O_RDONLY)
            try:
                if ctypes.CDLL(None, use_errno=True).setns(descriptor, _NETWORK):
                    raise OSError(ctypes.get_errno(), "setns")
            finally:
                os.close(descriptor)
            found.append(work())
        except BaseException as error:  # noqa: BLE001 - it goes to who waits
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
    return found[0]
