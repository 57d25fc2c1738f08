"""What stands in the bodies of a shell's requests and replies, whoever serves it. Pure."""

from __future__ import annotations

import base64
import functools
import uuid
from dataclasses import dataclass
from typing import Protocol
from xml.sax.saxutils import escape

from orchestrator.demo.wire import psrp, soap
from orchestrator.demo.wire.soap import RSP, WsmanFault, WsmanRequest

MAX_ENVELOPE = 500 * 1024
_DONE = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done"
_ENVELOPE_ROOM = 2048  # for everything around the streams
_IDS = (
    84  # characters that hold a fragment's headers and its message's, in whole bytes (MS-PSRP 2.2.4, 2.2.1)
)
_LONG = 8192  # characters; only scripts are longer
_RESOURCE = f"{soap.POWERSHELL_URI}Microsoft.PowerShell"


class Named(Protocol):
    """What the answer to Create says of a shell; `idle` in seconds."""

    id: str
    owner: str
    idle: float


@dataclass(frozen=True, slots=True)
class Opening:
    """What a Create asks for; `fragments` holds what it has begun to say. `idle` in seconds."""

    id: str
    pool: uuid.UUID
    idle: float
    fragments: psrp.Defragmenter


def read_opening(request: WsmanRequest) -> Opening:
    """Read a Create; raises WsmanFault where it is for something else, or does not open a pool."""
    body = request.body
    if body is None or body.tag != f"{RSP}Shell" or request.resource != _RESOURCE:
        raise WsmanFault(soap.UNKNOWN_RESOURCE)
    fragments = psrp.Defragmenter()
    messages = feed(fragments, body.findtext(f"{soap.PWSH}creationXml"))
    if not messages:
        raise WsmanFault(soap.BAD_XML)
    name = (body.get("ShellId") or str(uuid.uuid4())).upper()
    idle = soap.seconds(body.findtext(f"{RSP}IdleTimeOut") or "PT120S")
    return Opening(name, messages[0].pool, idle, fragments)


def created(
    shell: Named, to: str, *, resource: str = _RESOURCE, streams: tuple[str, str] = ("stdin pr", "stdout")
) -> str:
    """Write the body that answers Create; `to` is the URL that the client called,
    `streams` those in and out.
    """
    return (
        f"<x:ResourceCreated><a:Address>{escape(to)}</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{resource}</w:ResourceURI><w:SelectorSet>"
        f'<w:Selector Name="ShellId">{escape(shell.id)}</w:Selector></w:SelectorSet></a:ReferenceParameters>'
        "</x:ResourceCreated>"
        f"<rsp:Shell><rsp:ShellId>{escape(shell.id)}</rsp:ShellId><rsp:ResourceUri>{resource}</rsp:ResourceUri>"
        f"<rsp:Owner>{escape(shell.owner)}</rsp:Owner><rsp:IdleTimeOut>PT{shell.idle:.3f}S</rsp:IdleTimeOut>"
        f"<rsp:InputStreams>{streams[0]}</rsp:InputStreams><rsp:OutputStreams>{streams[1]}</rsp:OutputStreams></rsp:Shell>"
    )


def command_begun(command: str) -> str:
    """Write the body that answers Command."""
    return f"<rsp:CommandResponse><rsp:CommandId>{escape(command)}</rsp:CommandId></rsp:CommandResponse>"


def command_asked_for(request: WsmanRequest) -> str | None:
    """Return which command's output a Receive wants, None for the pool's;
    raises WsmanFault where it says nothing.
    """
    stream = request.body.find(f"{RSP}DesiredStream") if request.body is not None else None
    if stream is None:
        raise WsmanFault(soap.BAD_XML)
    return stream.get("CommandId")


def feed(fragments: psrp.Defragmenter, text: str | None) -> list[psrp.Message]:
    """Take a stream's Base64; return the messages that are whole now. Raises WsmanFault."""
    try:
        return fragments.feed(_decoded(text or ""))
    except (ValueError, psrp.BadMessage) as exc:  # ValueError: no Base64
        raise WsmanFault(soap.BAD_XML, text=str(exc)) from exc


def _decoded(text: str) -> bytes:
    """Decode Base64. Of a script only the beginning differs, where the ids are: the rest is decoded once."""
    head = text[:_IDS]
    if len(text) < _LONG or not _decodes_alone(head):
        return _decode(text)
    return _decode(head) + _remembered(text[_IDS:])


def _decodes_alone(head: str) -> bool:
    return head.isascii() and not any(map(str.isspace, head))


def _decode(text: str) -> bytes:
    return base64.b64decode("".join(text.split()), validate=True)


_remembered = functools.lru_cache(maxsize=32)(_decode)


def pool_output(blobs: list[bytes]) -> str:
    """Write the body of a Receive that wanted the pool's output."""
    return f"<rsp:ReceiveResponse>{_streams(blobs, '')}</rsp:ReceiveResponse>"


def command_output(
    blobs: list[bytes], command: str, max_envelope: int, *, exit_code: int | None = None
) -> tuple[str, list[bytes]]:
    """Write the body of a Receive: as many blobs as fit, and Done with the last. Return it, and the blobs
    left over.

    Only a command of a command shell has an exit code.
    """
    taken = _fitting(blobs, min(max_envelope, MAX_ENVELOPE) - _ENVELOPE_ROOM)
    rest = blobs[taken:]
    state = "" if rest else _done(command, exit_code)
    body = f"<rsp:ReceiveResponse>{_streams(blobs[:taken], command)}{state}</rsp:ReceiveResponse>"
    return body, rest


def _done(command: str, exit_code: int | None) -> str:
    state = f'<rsp:CommandState CommandId="{escape(command)}" State="{_DONE}"'
    if exit_code is None:
        return f"{state}/>"
    return f"{state}><rsp:ExitCode>{exit_code}</rsp:ExitCode></rsp:CommandState>"


def _fitting(blobs: list[bytes], room: int) -> int:
    """Return how many blobs fit into `room` bytes of Base64, at least one."""
    for count, blob in enumerate(blobs):
        room -= len(blob) * 4 // 3 + 120
        if room < 0:
            return max(1, count)
    return len(blobs)


def _streams(blobs: list[bytes], command: str) -> str:
    attribute = f' CommandId="{escape(command)}"' if command else ""
    return "".join(
        f'<rsp:Stream Name="stdout"{attribute}>{base64.b64encode(blob).decode()}</rsp:Stream>'
        for blob in blobs
    )
