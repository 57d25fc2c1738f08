"""A channel of an SSH connection as a socket: a pair of sockets, one of them kept here, and two tasks that
carry bytes.

A channel has no descriptor, and what speaks with hosts wants a socket. What is under way is bounded: by the
pair's buffers, and by the channel's window.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any

CHUNK = 16_384  # bytes carried at once
WINDOW = 131_072  # bytes that the jump host may send before somebody has read them


class Bridge:
    """Carries bytes between a channel and a socket until either ends; then both are closed."""

    def __init__(self, reader: Any, writer: Any) -> None:
        """Take over a channel's reader and writer (asyncssh's, of bytes)."""
        self._reader, self._writer = reader, writer
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self._far.setblocking(False)
        self._task = asyncio.create_task(self._carry())

    @property
    def sock(self) -> socket.socket:
        """The end for who speaks with the host; closing it ends the channel."""
        return self._near

    def end(self) -> None:
        """End it now; who reads from the socket finds its end."""
        self._task.cancel()

    def when_over(self, told: Callable[[Bridge], None]) -> None:
        """Call `told` with this bridge once it has ended."""
        self._task.add_done_callback(lambda _: told(self))

    async def _carry(self) -> None:
        ways = {asyncio.create_task(self._to_host()), asyncio.create_task(self._from_host())}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            with contextlib.suppress(OSError):
                self._writer.close()
            self._far.close()

    async def _to_host(self) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError, EOFError):
            while data := await loop.sock_recv(self._far, CHUNK):
                self._writer.write(data)
                await self._writer.drain()

    async def _from_host(self) -> None:
        import asyncssh

        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError, EOFError, asyncssh.Error):
            while data := await self._reader.read(CHUNK):
                await loop.sock_sendall(self._far, data)
