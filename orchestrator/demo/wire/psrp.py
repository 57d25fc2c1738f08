"""PowerShell remoting, the server's side of one pool with one pipeline, by psrpcore.

psrpcore reads and writes the messages; what it made of the same bytes before is remembered, because a fleet
is asked the same thing thousands of times and a pool costs 7 ms of CPU when each message is taken apart anew.
Only the frame around a message (fragments and ids, MS-PSRP 2.2.1 and 2.2.4) is handled here, since ids
differ.
"""

from __future__ import annotations

import functools
import hashlib
import struct
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from psrpcore import (
    CreatePipelineEvent,
    PSRemotingCrypto,
    PSRPPayload,
    ServerPipeline,
    ServerRunspacePool,
    StreamType,
)
from psrpcore.types import (
    ErrorCategory,
    ErrorCategoryInfo,
    ErrorRecord,
    NETException,
    PSInvocationState,
    PSVersion,
    serialize,
)

FRAGMENT = 32 * 1024  # what Windows puts into one fragment
CREATE_PIPELINE = 0x00021006
_OUTPUT = 0x00041004
_CIPHER = PSRemotingCrypto()  # for secure strings, which no simulated host writes
_HEADER = struct.Struct(">QQBI")
_NOBODY = uuid.UUID(int=0)
_CLIENT_CAPABILITY = (
    b'<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version><Version N="PSVersion">2.0</Version>'
    b'<Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>'
)


class BadMessage(Exception):  # noqa: N818  # what a host would call it
    """The client sent something that is not PSRP."""


@dataclass(frozen=True, slots=True)
class Message:
    """One PSRP message: its type, and its CLIXML."""

    kind: int
    data: bytes
    pipeline: uuid.UUID = _NOBODY
    pool: uuid.UUID = _NOBODY


@dataclass(frozen=True, slots=True)
class Call:
    """What a pipeline is to do: the SHA-256 (hex) of its script, and the script's parameters by name."""

    sha256: str
    parameters: Mapping[str, object]


@dataclass(slots=True)
class Defragmenter:
    """Puts fragments together; one for each shell."""

    _parts: dict[int, bytearray] = field(default_factory=dict)

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that are whole now; raises BadMessage."""
        messages = []
        at = 0
        while at < len(data):
            if len(data) - at < _HEADER.size:
                raise BadMessage("half a fragment")
            number, _, flags, size = _HEADER.unpack_from(data, at)
            at += _HEADER.size
            part = self._parts.setdefault(number, bytearray())
            part += data[at : at + size]
            at += size
            if flags & 2:
                messages.append(_message(bytes(self._parts.pop(number))))
        return messages


def _message(data: bytes) -> Message:
    if len(data) < 40:  # noqa: PLR2004  # destination, type, two ids
        raise BadMessage("a message without a header")
    (kind,) = struct.unpack_from("<I", data, 4)
    pool, pipeline = uuid.UUID(bytes_le=data[8:24]), uuid.UUID(bytes_le=data[24:40])
    return Message(kind, data[40:].removeprefix(b"\xef\xbb\xbf"), pipeline, pool)


def frame(
    messages: Iterable[Message], pool: uuid.UUID, pipeline: uuid.UUID = _NOBODY, *, first: int = 1
) -> list[bytes]:
    """Return the messages' fragments, addressed; message numbers start at `first`."""
    return [
        fragment
        for number, message in enumerate(messages, first)
        for fragment in _fragments(number, message, pool.bytes_le + pipeline.bytes_le)
    ]


def _fragments(number: int, message: Message, ids: bytes) -> Iterable[bytes]:
    whole = struct.pack("<II", 1, message.kind) + ids + message.data
    for index, at in enumerate(range(0, len(whole), FRAGMENT)):
        part = whole[at : at + FRAGMENT]
        flags = (1 if at == 0 else 0) | (2 if at + FRAGMENT >= len(whole) else 0)
        yield _HEADER.pack(number, index, flags, len(part)) + part


@functools.lru_cache(maxsize=16)
def opening(version: str, protocol: str) -> tuple[Message, ...]:
    """Return what opens a pool: capability, private data with the PowerShell version, the state Opened."""
    pool = ServerRunspacePool({"PSVersionTable": {"PSVersion": PSVersion(version), "PSEdition": "Desktop"}})
    pool.our_capability.protocolversion = PSVersion(protocol)
    return _drain(_open(pool))


def _open(pool: ServerRunspacePool) -> ServerRunspacePool:
    """Let a pool go through its opening with a client of protocol 2.3."""
    init = (
        b'<Obj RefId="0"><MS><I32 N="MinRunspaces">1</I32><I32 N="MaxRunspaces">1</I32>'
        b'<Obj N="PSThreadOptions" RefId="1"><TN RefId="0">'
        b"<T>System.Management.Automation.Runspaces.PSThreadOptions"
        b"</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>Default</ToString>"
        b"<I32>0</I32>"
        b'</Obj><Obj N="ApartmentState" RefId="2"><TN RefId="1"><T>System.Threading.ApartmentState</T>'
        b"<T>System.Enum"
        b"</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>UNKNOWN</ToString><I32>2</I32></Obj>"
        b'<Obj N="HostInfo" RefId="3"><MS><B N="_isHostNull">true</B><B N="_isHostUINull">true</B>'
        b'<B N="_isHostRawUINull">true</B><B N="_useRunspaceHost">true</B></MS></Obj>'
        b'<Nil N="ApplicationArguments" /></MS></Obj>'
    )
    messages = (Message(0x00010002, _CLIENT_CAPABILITY), Message(0x00010004, init))
    for fragment in frame(messages, uuid.uuid4()):
        pool.receive_data(PSRPPayload(fragment, StreamType.default, None))
    while pool.next_event() is not None:
        pass
    return pool


def _drain(pool: ServerRunspacePool) -> tuple[Message, ...]:
    defragmenter = Defragmenter()
    messages: list[Message] = []
    while (payload := pool.data_to_send()) is not None:
        messages.extend(defragmenter.feed(payload.data))
    return tuple(messages)


@functools.lru_cache(maxsize=64)
def read_pipeline(data: bytes) -> Call:
    """Read a CREATE_PIPELINE message's CLIXML; raises BadMessage where it is not one script with named
    parameters.
    """
    pool = ServerRunspacePool()
    pipeline = ServerPipeline(pool, uuid.uuid4())
    for fragment in frame((Message(CREATE_PIPELINE, data),), pool.runspace_pool_id, pipeline.pipeline_id):
        pool.receive_data(PSRPPayload(fragment, StreamType.default, pipeline.pipeline_id))
    try:
        event = pool.next_event()
    except Exception as exc:
        raise BadMessage(f"{type(exc).__name__}: {exc}") from exc  # psrpcore has no one family for bad CLIXML
    commands = event.pipeline.commands if isinstance(event, CreatePipelineEvent) else []
    if len(commands) != 1 or not commands[0].is_script:
        raise BadMessage("only one script at a time is run here")
    text = str(commands[0].command_text)
    parameters = {str(name): _plain(value) for name, value in commands[0].parameters if name is not None}
    return Call(hashlib.sha256(text.encode()).hexdigest(), parameters)


def _plain(value: object) -> object:
    """Take psrpcore's subclasses of int, str and list back to those."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    return int(value) if isinstance(value, int) else str(value)


def finished(text: str) -> tuple[Message, ...]:
    """Return what a pipeline sends that writes one string and completes."""
    element = serialize(text, _CIPHER)
    return (Message(_OUTPUT, ET.tostring(element)), _completed())


def amid(messages: Sequence[Message], before: Iterable[bytes], after: Iterable[bytes]) -> tuple[Message, ...]:
    """Return what a pipeline sends with other objects written before and after its own;
    its end stays the last.
    """
    *written, end = messages
    return (
        *(Message(_OUTPUT, data) for data in before),
        *written,
        *(Message(_OUTPUT, data) for data in after),
        end,
    )


@functools.cache
def _completed() -> Message:
    """Return the state Completed; Windows does not announce Running before it."""
    pool = ServerRunspacePool()
    ServerPipeline(pool, uuid.uuid4()).complete()
    return _drain(pool)[0]


@functools.lru_cache(maxsize=64)
def failed(error_id: str, exception: str, message: str) -> tuple[Message, ...]:
    """Return what a pipeline sends that ends in state Failed with an error record."""
    pool = ServerRunspacePool()
    pipeline = ServerPipeline(pool, uuid.uuid4())
    cause = NETException(Message=message, HResult=-2146233087)
    cause.PSObject.type_names = [exception, "System.Exception", "System.Object"]
    record = ErrorRecord(
        Exception=cause,
        CategoryInfo=ErrorCategoryInfo(
            Category=ErrorCategory.ParserError, Reason=exception.rsplit(".", 1)[-1]
        ),
        FullyQualifiedErrorId=error_id,
    )
    pipeline._change_state(PSInvocationState.Failed, error=record)  # noqa: SLF001  # psrpcore offers only Stopped
    return _drain(pool)
