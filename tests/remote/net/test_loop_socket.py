"""A socket in the event loop is read while somebody waits for it, and at no other time."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from orchestrator.remote.net.loop_socket import LoopSocket
from tests.remote.wired import run

TURNS = 20  # of the loop: it hears of what came in the first, and acts on it in the next


def _fill(theirs: socket.socket) -> bytes:
    """Send until the system takes no more; return what it took."""
    sent = b""
    with contextlib.suppress(BlockingIOError):
        while True:
            part = bytes([len(sent) % 251]) * 8_000
            sent += part[: theirs.send(part)]
    return sent


async def _turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


def test_what_a_host_says_while_nobody_waits_stays_with_the_system() -> None:
    """A host that goes on talking is held up by the system: nothing of it is taken in, and the loop is not
    woken for it again and again.
    """

    async def main() -> tuple[bytes, bytes, bool]:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        with theirs, contextlib.closing(LoopSocket(ours)) as ends:
            theirs.send(b"first")
            first = await ends.read()
            _fill(theirs)
            await _turns()
            more = _fill(theirs)
            return first, more, asyncio.get_running_loop().remove_reader(ours)

    assert run(main()) == (b"first", b"", False)


def test_what_a_host_said_while_nobody_waited_is_read_afterwards() -> None:
    """All of it, in its order, and the end after it."""

    async def main() -> tuple[bytes, bytes]:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        with contextlib.closing(LoopSocket(ours)) as ends:
            theirs.send(b"first")
            await ends.read()
            said = _fill(theirs)
            theirs.close()
            await _turns()
            heard = b""
            while part := await ends.read():
                heard += part
            return said, heard

    said, heard = run(main())
    assert heard == said


def test_a_socket_is_read_without_its_name_being_written() -> None:
    """The selector learns of a socket by its number: nobody asks the system for a name that nobody reads."""
    written: list[bool] = []

    class Named(socket.socket):
        def __repr__(self) -> str:
            written.append(True)
            return super().__repr__()

    async def main() -> bytes:
        ours, theirs = socket.socketpair()
        named = Named(fileno=ours.detach())
        named.setblocking(False)
        with theirs, contextlib.closing(LoopSocket(named)) as ends:
            theirs.send(b"said")
            return await ends.read()

    assert (run(main()), written) == (b"said", [])
