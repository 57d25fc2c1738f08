"""One PowerShell on one host: open it, run one script in it, close it. Our own codec, no I/O, five requests.

A call is a generator that yields HTTP requests and is sent their answers, as `Speaker.exchange` is. What a
host sends is counted, bounded and checked before it is read, and what nobody reads is not read at all.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from orchestrator.domain.execution.examination import AccountFacts
from orchestrator.remote.faults.codes import still_running
from orchestrator.remote.faults.trouble import BrokenPool, SoapFault
from orchestrator.remote.net.exchange import Exchange, Pause
from orchestrator.remote.psrp.account import account
from orchestrator.remote.psrp.envelopes import Envelopes
from orchestrator.remote.psrp.fragments import Defragmenter, fragments
from orchestrator.remote.psrp.messages import (
    Message,
    Output,
    PipelineState,
    PoolState,
    Protocol,
    Version,
    read,
    refuse_old,
)
from orchestrator.remote.psrp.patience import Patience
from orchestrator.remote.psrp.pipeline import creating, opening
from orchestrator.remote.psrp.soap_answers import answers, command_id, received, shell_id
from orchestrator.remote.psrp.speaker import Speaker
from orchestrator.remote.session import Endpoint, ErrorRecord, Parameter, Script

# MS-PSRP 2.2.3.4 and 2.2.3.5
_POOL_OPENED = 2
_POOL_ENDED = (3, 4, 5)  # closed, closing, broken
_PIPELINE_RUNNING = 1
_PIPELINE_COMPLETED = 4


class Runspace:
    """A pool of one runspace. Every call may raise what `Speaker.exchange` raises."""

    def __init__(
        self, speaker: Speaker, envelopes: Envelopes, given: Callable[[], None] = lambda: None
    ) -> None:
        """Nothing is sent yet. `given` is called once, as soon as the host has given a shell."""
        self._given = given
        self._speaker = speaker
        self._envelopes = envelopes
        self._parts = Defragmenter()
        self._patience = Patience()
        self._sent = 0  # PSRP messages, which are numbered
        self.created = False  # whether the host has a shell of ours

    def account(self, endpoint: Endpoint, username: str, seconds: float) -> Exchange[AccountFacts]:
        """Ask for the account's quotas and its other shells."""
        own = str(self._envelopes.pool)
        return account(self._speaker, endpoint, username=username, own=own, seconds=seconds)

    def open(self) -> Exchange[None]:
        """Create the shell and wait until it is open. Raises BrokenPool, and TooOldShell for PowerShell 2."""
        first = b"".join(piece for message in opening(self._envelopes.pool) for piece in self._cut(message))
        answer = yield from self._ask(self._envelopes.create(first))
        self._envelopes.created(shell_id(answer))
        self.created = True
        self._given()
        state, protocol, version = 0, "", ""
        while state != _POOL_OPENED:
            for message in (yield from self._receive()):
                match message:
                    case Protocol():
                        protocol = message.version
                    case Version():
                        version = message.powershell
                    case PoolState():
                        state = message.state
                        if state in _POOL_ENDED:
                            raise BrokenPool(message.error.message if message.error else f"state {state}")
        refuse_old(version, protocol)

    def run(
        self, script: Script, parameters: Mapping[str, Parameter]
    ) -> Exchange[tuple[tuple[str, ...], tuple[ErrorRecord, ...]]]:
        """Run the script once.

        Gives the objects it wrote and its error records: one at least where it did not end well.
        """
        pipeline = uuid.uuid4()
        command = str(pipeline).upper()
        pieces = self._cut(creating(self._envelopes.pool, pipeline, script, parameters))
        answer = yield from self._ask(self._envelopes.command(command, pieces.pop(0)))
        command = command_id(answer) or command
        while pieces:
            yield from self._ask(self._envelopes.send(command, pieces.pop(0)))
        texts: list[str] = []
        errors: list[ErrorRecord] = []
        state = _PIPELINE_RUNNING
        while state == _PIPELINE_RUNNING:
            for message in (yield from self._receive(command)):
                match message:
                    case Output(text=text):
                        texts.append(text)
                    case ErrorRecord():
                        errors.append(message)
                    case PipelineState():
                        state = message.state
                        errors += [message.error] if message.error else []
        if state != _PIPELINE_COMPLETED and not errors:
            errors.append(ErrorRecord("", f"the pipeline ended in state {state}"))
        return tuple(texts), tuple(errors)

    def close(self) -> Exchange[None]:
        """End the shell on the host."""
        yield from self._ask(self._envelopes.delete())

    def _ask(self, envelope: bytes) -> Exchange[bytes]:
        """Send the envelope that was written last; return its answer, and no other's."""
        asking = self._speaker.exchange(envelope)
        envelope = b""  # a script's is large, and its answer may take long
        answer = yield from asking
        answers(answer, self._envelopes.message)
        return answer

    def _cut(self, message: bytes) -> list[bytes]:
        self._sent += 1
        return list(fragments(self._sent, message, size=self._envelopes.room))

    def _receive(self, command: str = "") -> Exchange[list[Message]]:
        """Ask for what is new; "still running" is no error, and nothing new.

        Waits where the host says so at once.
        """
        data = b""
        try:
            data = received((yield from self._ask(self._envelopes.receive(command))))
        except SoapFault as fault:
            if not still_running(fault.code, fault.subcode):
                raise
        if wait := self._patience.after(heard=bool(data)):
            yield Pause(wait)
        found = map(read, self._parts.feed(data))
        return [message for message in found if message is not None]
