"""Hosts that answer by a script of bytes: whole answers, halves, nonsense,
the end. For a test and for a bench.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import strategies as st

from orchestrator.demo.behaviour import Listener
from orchestrator.demo.wire.certificates import Authority
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.psrp.fragments import fragments
from orchestrator.remote.session import Reply
from tests.remote.wired import LOGON, plain, script, transport

DEADLINE = 0.25  # seconds that a session may take
HANG = b"(hang)"  # a piece after which the host says nothing more
Script = Sequence[Sequence[bytes]]
"""What a host says to each request, piece by piece; after the last it closes."""

_ENVELOPE = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell" '
    'xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing">'
    "<s:Header><wsa:RelatesTo>(id)</wsa:RelatesTo></s:Header><s:Body>{}</s:Body></s:Envelope>"
)


def _message(kind: int, document: str) -> bytes:
    return (1).to_bytes(4, "little") + kind.to_bytes(4, "little") + bytes(32) + document.encode()


def _received(*messages: bytes, size: int = 8192) -> str:
    data = b"".join(
        part for n, message in enumerate(messages) for part in fragments(n + 1, message, size=size)
    )
    return (
        f'<rsp:ReceiveResponse><rsp:Stream Name="stdout">{base64.b64encode(data).decode()}</rsp:Stream>'
        "</rsp:ReceiveResponse>"
    )


def _http(body: str, status: str = "200 OK", more: str = "") -> bytes:
    said = _ENVELOPE.format(body).encode()
    # The id that takes the place of "(id)" is 41 bytes.
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(said) + 37}\r\n{more}\r\n".encode() + said


_OPENED = _message(0x00021005, '<Obj RefId="0"><MS><I32 N="RunspaceState">2</I32></MS></Obj>')
_SPEAKS = _message(
    0x00010002,
    '<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version><Version N="PSVersion">2.0</Version>'
    '<Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>',
)
_OUTPUT = _message(0x00041004, "<S>hello</S>")
_COMPLETED = _message(0x00041006, '<Obj RefId="0"><MS><I32 N="PipelineState">4</I32></MS></Obj>')
_TIMED_OUT = (
    "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:TimedOut</s:Value></s:Subcode></s:Code>"
    "<s:Reason><s:Text>x</s:Text></s:Reason></s:Fault>"
)
GOOD: Script = [
    [_http("<rsp:Shell><rsp:ShellId>1</rsp:ShellId></rsp:Shell>")],
    [_http(_received(_SPEAKS, _OPENED))],
    [_http("<rsp:CommandResponse><rsp:CommandId>1</rsp:CommandId></rsp:CommandResponse>")],
    [_http(_received(_OUTPUT, _COMPLETED))],
    [_http("")],
]
_PIECES = [
    *(answer for (answer,) in GOOD),
    _http(_TIMED_OUT, "500 No"),
    _http(_TIMED_OUT, "500 No", "Connection: close\r\n"),
    _http(_received(_OUTPUT, size=22)),
    _http(_received(_OUTPUT)).replace(b"HTTP/1.1", b"HTTP/1.0"),
    _http(_received(b"")),
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
    HANG,
]
_ANSWERS = st.lists(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=30)), max_size=4)


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """Draw some right answers, the last of them now and then cut short, and whatever comes behind."""
    made = [list(answer) for answer in GOOD[: draw(st.integers(0, len(GOOD)))]]
    if made and draw(st.booleans()):
        made[-1][0] = made[-1][0][: draw(st.integers(0, len(made[-1][0])))]
    return made + draw(st.lists(_ANSWERS, max_size=4))


@functools.cache
def _authority() -> Authority:
    return Authority(["web1"], ["127.0.0.1"])


def outcome(said: Script, deadline: float = DEADLINE) -> tuple[Fault | Reply, float, int]:
    """Talk with a host of this script: what came of it, after how many seconds,
    and how many sockets are left behind.
    """
    before = _sockets()
    with tempfile.TemporaryDirectory() as folder:
        ca = Path(folder, "ca.pem")
        ca.write_text(_authority().pem)
        found, took = asyncio.run(_outcome(said, ca, deadline))
    return found, took, _sockets() - before


async def _outcome(said: Script, ca: Path, deadline: float) -> tuple[Fault | Reply, float]:
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await _act(reader, writer, said)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        gone.set()

    context, _ = _authority().context(Listener.GOOD)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    loop = asyncio.get_running_loop()
    where = plain(server.sockets[0].getsockname()[1], transport="https", auth="basic", ca=ca)
    async with server, transport() as made:
        session = made.session(where, LOGON, deadline=deadline)
        began = loop.time()
        found: Fault | Reply
        try:
            found = await session.run(script(), {})
        except Fault as fault:
            found = fault
        took = loop.time() - began
        with contextlib.suppress(TimeoutError):  # as a run does: a host that hangs now is left
            async with asyncio.timeout(deadline):
                await session.close()
        await asyncio.wait_for(gone.wait(), 5.0)
    return found, took


async def _act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: Script) -> None:
    for answer in said:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        request = await reader.readexactly(int(length[1]) if length else 0)
        name = re.search(rb"MessageID>(.*?)<", request)
        for piece in answer:
            if piece is HANG:
                await reader.read(1)
            writer.write(piece.replace(b"(id)", name[1] if name else b""))
            await writer.drain()


def _sockets() -> int:
    """Count this process's sockets."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found += str(descriptor.readlink()).startswith("socket:")
    return found
