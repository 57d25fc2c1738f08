"""A network of this process's own, with nothing in it but loopback, where the machine allows it (Linux,
root).

Wine looks up the owner of every TCP connection of the machine, milliseconds each, whenever a host's
connections are read. Other tests leave thousands in TIME_WAIT, so real hosts and the tests that use them
stand apart.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
from collections.abc import Iterator

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
_HERE = "/proc/thread-self/ns/net"


class QuietNetwork:
    """Made once for a process. Where that is not allowed `inside` changes nothing: slower, but the same."""

    def __init__(self) -> None:
        self._made = self._outer = -1
        with contextlib.suppress(OSError, AttributeError):
            self._outer = os.open(_HERE, os.O_RDONLY)
            _call("unshare", _NEW_NETWORK)
            try:
                _raise_loopback()
                self._made = os.open(_HERE, os.O_RDONLY)
            finally:
                _call("setns", self._outer, _NEW_NETWORK)

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Put this thread, and every thread and process that it starts meanwhile, into the quiet network."""
        if self._made < 0:
            yield
            return
        before = os.open(_HERE, os.O_RDONLY)
        _call("setns", self._made, _NEW_NETWORK)
        try:
            yield
        finally:
            _call("setns", before, _NEW_NETWORK)
            os.close(before)

    def close(self) -> None:
        """Let go of both networks."""
        for descriptor in (self._made, self._outer):
            if descriptor >= 0:
                os.close(descriptor)
        self._made = self._outer = -1


def _call(name: str, *arguments: int) -> None:
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    if function(*arguments):
        raise OSError(ctypes.get_errno(), name)


def _raise_loopback() -> None:
    """Switch on the loopback interface, which a new network has switched off."""
    import fcntl  # not on every system, and neither are networks of one's own

    with socket.socket() as asking:
        name = b"lo".ljust(16, b"\0")
        answer = fcntl.ioctl(asking, _GET_FLAGS, name + bytes(24))
        (flags,) = struct.unpack_from("H", answer, 16)
        fcntl.ioctl(asking, _SET_FLAGS, name + struct.pack("H", flags | _UP) + bytes(22))
