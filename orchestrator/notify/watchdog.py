"""End a conversation at its deadline, however slowly the other side drips."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol


class HasSocket(Protocol):
    """A client of the standard library: its socket, once it has one."""

    @property
    def sock(self) -> socket.socket | None:
        """The socket that is shut down."""


@contextmanager
def deadline(client: HasSocket, seconds: float) -> Iterator[Callable[[], bool]]:
    """Shut the client's socket down after so many seconds; yield what tells whether the time is over."""
    last = time.monotonic() + seconds

    def end() -> None:
        if (held := client.sock) is not None:
            with suppress(OSError):
                socket.socket.shutdown(held, socket.SHUT_RDWR)  # the socket's own, below TLS

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield lambda: time.monotonic() >= last
    finally:
        timer.cancel()
