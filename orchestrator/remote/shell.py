"""One PowerShell on one host: open it, run one script in it, close it. Blocking; by pypsrp, with its traps shut.

What a host sends is counted, bounded and checked before pypsrp deserialises it, and what nobody reads (progress,
verbose, host calls, the runspace's private data) is not deserialised at all.
"""

from __future__ import annotations

import copy
import functools
import struct
import uuid
import xml.etree.ElementTree as ET  # `guard` has refused what makes this parser dangerous
from collections.abc import Mapping
from typing import Any

from orchestrator.remote.fault_codes import KEEP_ALIVE, KEEP_ALIVE_SUBCODE
from orchestrator.remote.quiet_pypsrp import (
    Fragmenter,
    InvalidPSRPOperation,
    Message,
    MessageType,
    PowerShell,
    PSInvocationState,
    RunspacePool,
    RunspacePoolState,
    Serializer,
    WSMan,
)
from orchestrator.remote.session import ErrorRecord, Parameter, Script
from orchestrator.remote.speaker import Speaker
from orchestrator.remote.trouble import BrokenPool, Garbled, SoapFault, TooOldShell
from orchestrator.remote.wire import MAX_ANSWER
from orchestrator.remote.xml_guard import guard

IDLE = 90  # seconds after which a host ends a shell that nobody asks for any more
ENVELOPE = (
    150_000  # bytes; what Windows Server 2008 R2 takes. pypsrp raises its own default of 153,600 by a detour
)
SMALLEST_ENVELOPE = 32_768  # the least that Windows can be set to
OPERATION = 60  # seconds that a host may keep a request open before it answers "still running"
_HEADER = struct.Struct(">QQBI")  # object, fragment, start and end bits, length
_MESSAGE_HEADER = 40
_MAX_OBJECTS = 16  # messages under way at once
_READ = frozenset(
    {
        MessageType.SESSION_CAPABILITY,
        MessageType.RUNSPACEPOOL_STATE,
        MessageType.PIPELINE_OUTPUT,
        MessageType.PIPELINE_STATE,
        MessageType.ERROR_RECORD,
    }
)
_MAX_INT = 2**31 - 1
_LONG = 4096  # characters; only scripts are longer


class Connections:
    """Makes pypsrp's WSMan objects by copying one: its constructor costs CPU and writes to a table all threads read."""

    def __init__(self) -> None:
        self._made = {
            size: WSMan("localhost", auth="ntlm", max_envelope_size=size)
            for size in (ENVELOPE, SMALLEST_ENVELOPE)
        }

    def over(self, speaker: Speaker, *, seconds: float, small: bool) -> WSMan:
        """Give a WSMan of its own that talks through `speaker` and has `seconds` in all."""
        wsman = copy.copy(self._made[SMALLEST_ENVELOPE if small else ENVELOPE])
        wsman.session_id = str(uuid.uuid4())
        wsman.operation_timeout = max(1, min(OPERATION, int(seconds)))
        wsman.transport = speaker  # type: ignore[assignment]  # it does what pypsrp asks of its own: send, endpoint, close
        return wsman


class Shell:
    """A runspace pool with one runspace. All calls raise Trouble; errors of pypsrp may come too (see `door`)."""

    def __init__(self, wsman: WSMan, configuration: str) -> None:
        """Nothing is sent yet."""
        self._pool = _Pool(wsman, configuration_name=configuration, idle_timeout=IDLE)

    def open(self) -> None:
        """Create the shell and wait until it is open. Raises TooOldShell for PowerShell 2."""
        try:
            self._pool.open()
        except InvalidPSRPOperation as error:
            raise BrokenPool(str(error)) from error
        if self._pool.state != RunspacePoolState.OPENED:
            raise BrokenPool(f"state {self._pool.state}")
        version, protocol = self._pool.version, self._pool.protocol_version or ""
        if (_number(version) or 3) < 3 or (not version and _number(protocol.partition(".")[2]) == 1):  # noqa: PLR2004  # 2.1
            raise TooOldShell(version, protocol)

    def run(self, script: Script, parameters: Mapping[str, Parameter]) -> tuple[str, tuple[ErrorRecord, ...]]:
        """Run the script once. Gives its output joined and its error records: one at least where it did not end well."""
        _check(parameters)
        shell = PowerShell(self._pool)
        shell.add_script(script.text)
        shell.add_parameters(dict(parameters))
        shell.begin_invoke(remote_stream_options=0)
        while shell.state == PSInvocationState.RUNNING:
            shell.poll_invoke()
        if any(type(item) is not str for item in shell.output):
            raise Garbled("the script's output is not text")
        errors = tuple(_record(record) for record in shell.streams.error)
        if shell.state != PSInvocationState.COMPLETED and not errors:
            errors = (ErrorRecord("", f"the pipeline ended in state {shell.state}"),)
        return "".join(shell.output), errors

    def close(self) -> None:
        """End the shell on the host."""
        self._pool.close()


@functools.lru_cache(maxsize=8)
def _escaped(text: str) -> str | None:
    """Escape a script as PSRP wants it, once a process: each of its 800 line ends becomes `_x000A_`."""
    return Serializer()._serialize_string(text)  # noqa: SLF001  # pypsrp offers no other way in


class _Serializer(Serializer):
    """pypsrp's serializer, remembering long texts: there are no others than our scripts."""

    def _serialize_string(self, value: str | None) -> str | None:
        if value is not None and len(value) > _LONG:
            return _escaped(value)
        return super()._serialize_string(value)


class _Pool(RunspacePool):
    """pypsrp's pool, with bounded input; "still running" is no error, at any step."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.version = ""
        self._serializer = _Serializer()
        self._fragmenter = _Fragmenter(self.connection.max_payload_size, self._serializer, self)

    def _receive(self, id: str | None = None, timeout: int | None = None) -> list[tuple[int, Any]]:  # noqa: A002  # pypsrp's name
        try:
            answers: list[tuple[int, Any]] = super()._receive(id, timeout)
        except SoapFault as trouble:
            if trouble.code == KEEP_ALIVE or (trouble.code is None and trouble.subcode == KEEP_ALIVE_SUBCODE):
                return []
            raise
        return answers


class _Fragmenter(Fragmenter):
    """Puts messages together within limits, and leaves out those that nobody reads."""

    def __init__(self, max_size: int, serializer: Serializer, pool: _Pool) -> None:
        super().__init__(max_size, serializer)
        self._pool = pool
        self._parts: dict[int, bytearray] = {}
        self._next: dict[int, int] = {}

    def defragment(self, data: bytes) -> list[Message]:
        """Give the messages that are complete now. Raises Garbled."""
        messages = []
        at = 0
        while at < len(data):
            if at + _HEADER.size > len(data):
                raise Garbled("a PSRP fragment that ends within its header")
            number, part, bits, length = _HEADER.unpack_from(data, at)
            at += _HEADER.size
            if at + length > len(data):
                raise Garbled(f"a PSRP fragment of {length} bytes, {len(data) - at} came")
            whole = self._add(number, part, bits, data[at : at + length])
            at += length
            if whole is not None and (message := self._read(whole)) is not None:
                messages.append(message)
        return messages

    def _add(self, number: int, part: int, bits: int, data: bytes) -> bytes | None:
        """Add a fragment to its message; give the message where this was the last one."""
        if (part == 0) != bool(bits & 1) or part != self._next.get(number, 0):
            raise Garbled(f"PSRP fragment {part} where {self._next.get(number, 0)} was due")
        parts = self._parts.setdefault(number, bytearray())
        if len(self._parts) > _MAX_OBJECTS or len(parts) + len(data) > MAX_ANSWER:
            raise Garbled("PSRP messages too many or too large")
        parts += data
        self._next[number] = part + 1
        if not bits & 2:
            return None
        del self._parts[number], self._next[number]
        return bytes(parts)

    def _read(self, message: bytes) -> Message | None:
        if len(message) < _MESSAGE_HEADER:
            raise Garbled("a PSRP message that ends within its header")
        kind = int.from_bytes(message[4:8], "little")
        if kind not in _READ and kind != MessageType.APPLICATION_PRIVATE_DATA:
            return None
        document = message[_MESSAGE_HEADER:].removeprefix(b"\xef\xbb\xbf")
        guard(document, "a PSRP message")
        if kind == MessageType.APPLICATION_PRIVATE_DATA:
            self._pool.version = _version(document)
            return None
        return Message.unpack(message, self.serializer)


def _version(document: bytes) -> str:
    """Find `PSVersionTable.PSVersion` in the pool's private data, "" where it is not there."""
    for entry in ET.fromstring(document).iter("En"):  # noqa: S314  # guarded
        key, value = entry.find("*[@N='Key']"), entry.find("*[@N='Value']")
        if key is not None and value is not None and key.text == "PSVersion":
            return (value.text or value.findtext("ToString") or "")[:40]
    return ""


def _number(text: str) -> int | None:
    """Give the number that a version begins with, None for none."""
    head = text.partition(".")[0]
    return int(head) if head.isascii() and head.isdigit() and len(head) < 4 else None  # noqa: PLR2004  # no version is


def _record(record: Any) -> ErrorRecord:
    kind = record.fq_error or getattr(record.exception, "types", [""])[0] or ""
    said = record._to_string or record.message or getattr(record.exception, "to_string", None) or ""  # noqa: SLF001  # str(record) turns None into "None"
    return ErrorRecord(str(kind), str(said))


def _check(parameters: Mapping[str, Parameter]) -> None:
    """Refuse what pypsrp would send broken (a call hung for minutes) or not at all: our mistake, so a TypeError."""
    for name, value in parameters.items():
        for item in value if isinstance(value, list) else (value,):
            if type(item) is str or (type(item) is int and -_MAX_INT - 1 <= item <= _MAX_INT):
                continue
            raise TypeError(f"parameter {name}: {item!r} is neither text nor an int of 32 bits")
