"""What a host answers to the probe, worked out once; the clock is filled in with every replay."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.demo import psrp
from orchestrator.demo.answer import host_clock, probe
from orchestrator.demo.lean.call import ScriptCall
from orchestrator.demo.model import Machine
from orchestrator.demo.parameters import BadParameters
from orchestrator.demo.soap import UNKNOWN_ACTION, WsmanFault
from orchestrator.remote.session import Script

_MOMENT = datetime(1999, 1, 2, 3, 4, 5, 678901, UTC)  # the place of the clock in a recording
_MOST = 8  # recordings of one host; who asks in more ways has them made anew


@dataclass(frozen=True, slots=True)
class Recording:
    """A pipeline's messages, the first one with the clock cut out."""

    head: psrp.Message
    tail: bytes
    rest: tuple[psrp.Message, ...]

    def at(self, now: datetime) -> tuple[psrp.Message, ...]:
        """Return the messages as the host sends them when its own clock shows `now` (UTC)."""
        clock = host_clock(now).encode() if self.tail else b""
        return psrp.Message(self.head.kind, self.head.data + clock + self.tail), *self.rest


class Recorder:
    """The recordings of one host."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._made: dict[str, Recording] = {}

    def find(self, call: ScriptCall) -> Recording:
        """Return what the pipeline sends; raises WsmanFault for any script but the probe, and for what it cannot take."""
        if call.sha256 != _known():
            raise WsmanFault(
                UNKNOWN_ACTION, text=f"Nothing is recorded for the script with the SHA-256 {call.sha256}."
            )
        made = self._made.get(call.key)
        if made is None:
            made = self._record(call)
            if len(self._made) >= _MOST:
                self._made.clear()
            self._made[call.key] = made
        return made

    def _record(self, call: ScriptCall) -> Recording:
        try:
            text = probe(self._machine, call.parameters, _MOMENT)
        except BadParameters as exc:
            raise WsmanFault(UNKNOWN_ACTION, text=str(exc)) from exc
        answer, *rest = psrp.finished(text)
        head, _, tail = answer.data.partition(host_clock(_MOMENT).encode())
        return Recording(psrp.Message(answer.kind, head), tail, tuple(rest))


@functools.cache
def _known() -> str:
    return Script.load("probe").sha256
