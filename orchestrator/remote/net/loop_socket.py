"""A connected socket in the event loop: read while somebody waits, and registered once, not for each read."""

from __future__ import annotations

import asyncio
import contextlib
import socket

CHUNK = 16_384  # bytes read at once: what one TLS record holds at most


class LoopSocket:
    """Reads and writes a connected, non-blocking socket. Used by one task; `cut` and `close` by any.

    The selector is told of it at its first read, and again only where the host spoke while nobody waited:
    what comes then stays with the system, so that a host cannot fill this process.
    """

    __slots__ = ("_loop", "_registered", "_sock", "_waiter")

    def __init__(self, sock: socket.socket) -> None:
        """Take it over."""
        self._loop = asyncio.get_running_loop()
        self._sock = sock
        self._registered: int | None = None  # the descriptor that the selector knows
        self._waiter: asyncio.Future[None] | None = None

    async def read(self) -> bytes:
        """Wait for what comes next; b"" at the end of the connection. Raises OSError.

        Other hosts have their turn before each read, however fast this one talks.
        """
        while True:
            waiter = self._waiter = self._loop.create_future()
            if self._registered is None:
                # By number: of a socket that is not known yet the selector writes a repr, four system calls.
                self._registered = self._sock.fileno()
                self._loop.add_reader(self._registered, self._readable)
            await waiter
            try:
                return self._sock.recv(CHUNK)
            except (BlockingIOError, InterruptedError):
                continue

    def read_now(self) -> bytes:
        """Return what is there. Raises BlockingIOError where nothing is, another OSError at the end."""
        return self._sock.recv(CHUNK)

    async def write(self, data: bytes) -> None:
        """Send all of it. Raises OSError."""
        try:
            sent = self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        if sent < len(data):
            await self._loop.sock_sendall(self._sock, memoryview(data)[sent:])

    def cut(self) -> None:
        """Shut the connection down; whoever waits for it finds it ended. Never raises."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the socket back. Never raises."""
        self._forget()
        with contextlib.suppress(OSError):
            self._sock.close()

    def _readable(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is None or waiter.done():
            self._forget()
        else:
            waiter.set_result(None)

    def _forget(self) -> None:
        if self._registered is not None:
            self._loop.remove_reader(self._registered)
            self._registered = None
