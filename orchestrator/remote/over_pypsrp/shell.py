"""One PowerShell on one host: open it, run one script in it, close it. Blocking; by pypsrp, with its traps
shut.

What a host sends is counted, bounded and checked before pypsrp deserialises it, and what nobody reads
(progress, verbose, host calls, the runspace's private data) is not deserialised at all.
"""

from __future__ import annotations

import copy
import functools
import uuid
import xml.etree.ElementTree as ET  # `guard` has refused what makes this parser dangerous
from collections.abc import Mapping
from typing import Any

from orchestrator.remote.faults.codes import still_running
from orchestrator.remote.faults.trouble import BrokenPool, SoapFault
from orchestrator.remote.over_pypsrp.blocking import Blocking
from orchestrator.remote.over_pypsrp.imports import (
    Fragmenter,
    GenericComplexObject,
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
from orchestrator.remote.psrp.envelopes import ENVELOPE, IDLE, OPERATION, SMALLEST_ENVELOPE
from orchestrator.remote.psrp.fragments import Defragmenter
from orchestrator.remote.psrp.messages import document_of, powershell_of, refuse_old
from orchestrator.remote.psrp.patience import Patience
from orchestrator.remote.psrp.pipeline import check
from orchestrator.remote.psrp.xml_guard import guard
from orchestrator.remote.session import ErrorRecord, Parameter, Script

_READ = frozenset(
    {
        MessageType.SESSION_CAPABILITY,
        MessageType.RUNSPACEPOOL_STATE,
        MessageType.PIPELINE_OUTPUT,
        MessageType.PIPELINE_STATE,
        MessageType.ERROR_RECORD,
    }
)
_LONG = 4096  # characters; only scripts are longer


class Connections:
    """Makes pypsrp's WSMan objects by copying one: its constructor costs CPU and writes to a table all
    threads read.
    """

    def __init__(self) -> None:
        self._made = {
            size: WSMan("localhost", auth="ntlm", max_envelope_size=size)
            for size in (ENVELOPE, SMALLEST_ENVELOPE)
        }

    def over(self, speaker: Blocking, *, seconds: float, small: bool) -> WSMan:
        """Return a WSMan of its own that talks through `speaker` and has `seconds` in all."""
        wsman = copy.copy(self._made[SMALLEST_ENVELOPE if small else ENVELOPE])
        wsman.session_id = str(uuid.uuid4())
        wsman.operation_timeout = max(1, min(OPERATION, int(seconds)))
        wsman.transport = speaker  # type: ignore[assignment]  # it does what pypsrp asks of its own: send, endpoint, close
        return wsman


class Shell:
    """A runspace pool with one runspace.

    All calls raise Trouble; errors of pypsrp may come too (see `door`).
    """

    def __init__(self, wsman: WSMan, configuration: str) -> None:
        """Nothing is sent yet."""
        self._pool = _Pool(wsman, configuration_name=configuration, idle_timeout=IDLE)

    @property
    def id(self) -> str:
        """The shell's id."""
        return str(self._pool.id)

    def open(self) -> None:
        """Create the shell and wait until it is open. Raises TooOldShell for PowerShell 2."""
        try:
            self._pool.open()
        except InvalidPSRPOperation as error:
            raise BrokenPool(str(error)) from error
        if self._pool.state != RunspacePoolState.OPENED:
            raise BrokenPool(f"state {self._pool.state}")
        refuse_old(self._pool.version, self._pool.protocol_version or "")

    def run(
        self, script: Script, parameters: Mapping[str, Parameter]
    ) -> tuple[tuple[str, ...], tuple[ErrorRecord, ...]]:
        """Run the script once.

        Gives the objects it wrote and its error records: one at least where it did not end well.
        """
        check(parameters)
        shell = PowerShell(self._pool)
        shell.add_script(script.text)
        shell.add_parameters(dict(parameters))
        shell.begin_invoke(remote_stream_options=0)
        while shell.state == PSInvocationState.RUNNING:
            shell.poll_invoke()
        errors = tuple(_record(record) for record in shell.streams.error)
        if shell.state != PSInvocationState.COMPLETED and not errors:
            errors = (ErrorRecord("", f"the pipeline ended in state {shell.state}"),)
        return tuple(map(_text, shell.output)), errors

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
        self.heard = False  # whether the last Receive brought anything at all
        self._patience = Patience()
        self._serializer = _Serializer()
        self._fragmenter = _Fragmenter(self.connection.max_payload_size, self._serializer, self)

    def _receive(self, id: str | None = None, timeout: int | None = None) -> list[tuple[int, Any]]:  # noqa: A002  # pypsrp's name
        self.heard = False
        answers: list[tuple[int, Any]] = []
        try:
            answers = super()._receive(id, timeout)
        except SoapFault as trouble:
            if not still_running(trouble.code, trouble.subcode):
                raise
        speaker = self.connection.transport
        if (wait := self._patience.after(heard=self.heard)) and isinstance(speaker, Blocking):
            speaker.pause(wait)
        return answers


class _Fragmenter(Fragmenter):
    """Puts messages together within limits, and leaves out those that nobody reads."""

    def __init__(self, max_size: int, serializer: Serializer, pool: _Pool) -> None:
        super().__init__(max_size, serializer)
        self._pool = pool
        self._whole = Defragmenter()

    def defragment(self, data: bytes) -> list[Message]:
        """Return the messages that are complete now. Raises Garbled."""
        self._pool.heard = self._pool.heard or bool(data)
        read = (self._read(message) for message in self._whole.feed(data))
        return [message for message in read if message is not None]

    def _read(self, message: bytes) -> Message | None:
        kind, document = document_of(message)
        if kind not in _READ and kind != MessageType.APPLICATION_PRIVATE_DATA:
            return None
        guard(document, "a PSRP message")
        if kind == MessageType.APPLICATION_PRIVATE_DATA:
            self._pool.version = powershell_of(ET.fromstring(document))  # noqa: S314  # guarded
            return None
        return Message.unpack(message, self.serializer)


def _text(item: Any) -> str:
    """Return an object's text as `orchestrator.remote.psrp.messages.Output` has it."""
    if item is None or type(item) is str:
        return item or ""
    said = getattr(item, "to_string", None)
    if not said and isinstance(item, GenericComplexObject):
        said = " ".join(map(str, (*item.adapted_properties.values(), *item.extended_properties.values())))
    elif not said and item not in ([], {}, ()):
        said = str(item)
    return f"<object> {said}" if said else ""


def _record(record: Any) -> ErrorRecord:
    kind = record.fq_error or getattr(record.exception, "types", [""])[0] or ""
    said = record._to_string or record.message or getattr(record.exception, "to_string", None) or ""  # noqa: SLF001  # str(record) turns None into "None"
    return ErrorRecord(str(kind), str(said))
