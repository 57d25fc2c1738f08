"""The event loop's connection: a host that talks without a pause takes no turn from another,
and is ended in bounds.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

import pytest

from orchestrator.demo.behaviour import Listener
from orchestrator.demo.wire.certificates import Authority
from orchestrator.domain.cause import Cause
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.net import stream
from orchestrator.remote.net.http import Answer
from orchestrator.remote.net.stream import Stream
from tests.remote.wired import fault_of, plain, raw_server, run


def test_a_host_that_has_said_everything_at_once_does_not_hold_the_loop() -> None:
    """Each read lets the other hosts, and the deadlines, have their turn, though it need not wait."""

    async def main() -> tuple[Answer, int]:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        said = b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + b"x" * 90_000
        assert theirs.send(said) == len(said)
        watching = asyncio.create_task(others())
        await asyncio.sleep(0)
        turns = 0
        with theirs, contextlib.closing(Stream(ours)) as talk:
            answer = await talk.post(b"request")
        watching.cancel()
        return answer, turns

    answer, turns = run(main())
    assert (len(answer.body), turns >= 90_000 // 16_384) == (90_000, True)


def test_a_host_that_says_little_in_much_tls_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What TLS takes and hands on to nobody is counted too: records of one byte here,
    new keys and tickets likewise.
    """
    monkeypatch.setattr(stream, "_MAX_ENCRYPTED", 30_000)
    authority = Authority(["web1"], ["127.0.0.1"])
    context, _ = authority.context(Listener.GOOD)
    (tmp_path / "ca.pem").write_text(authority.pem)

    def behave(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as secured:
            secured.recv(65536)
            secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
            for _ in range(10_000):
                secured.sendall(b"x")

    with raw_server(behave) as port:
        where = plain(port, transport="https", auth="basic", ca=tmp_path / "ca.pem")
        fault = run(fault_of(where))
    assert isinstance(fault, Fault)
    assert (fault.cause, fault.detail) == (
        Cause.GARBLED,
        "the answer cannot be used: the host sent more than 30000 bytes of TLS",
    )
