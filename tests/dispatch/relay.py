"""A relay in front of a broker that can go silent: connections stay open and nothing passes any more."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Relay:
    """Listens on loopback, or by `listener`, and carries bytes both ways to `port`, until it is frozen."""

    def __init__(self, port: int, listener: socket.socket | None = None) -> None:
        self._target = port
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._frozen: set[socket.socket] = set()
        self._open: set[socket.socket] = set()
        self._closed = False
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        """Let nothing more through on the connections that are there; new ones work."""
        self._frozen |= self._open

    def close(self) -> None:
        """End everything, a connection that is just being made too."""
        with self._lock:
            self._closed = True
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)  # wakes who waits there
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                ours, _ = self._listener.accept()
                try:
                    theirs = socket.create_connection(("127.0.0.1", self._target))
                except OSError:  # nobody listens there now
                    ours.close()
                    continue
                if not self._keep(ours, theirs):
                    return
                for one, other in ((ours, theirs), (theirs, ours)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _keep(self, *ends: socket.socket) -> bool:
        """Take a connection's ends in; they are closed where all is ended already."""
        with self._lock:
            if not self._closed:
                self._open.update(ends)
                return True
        for each in ends:
            each.close()
        return False

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                if one in self._frozen:
                    continue  # taken, as by a firewall that has forgotten the connection
                other.sendall(data)
        if one not in self._frozen:
            for each in (one, other):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
