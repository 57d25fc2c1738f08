"""What a host answers to the probe, worked out once; the clock is filled in with every replay."""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.demo.lean.call import DEADLINE, ScriptCall, read_string
from orchestrator.demo.machine.answer import host_clock, probe
from orchestrator.demo.machine.model import Machine
from orchestrator.demo.machine.parameters import BadParameters, number
from orchestrator.demo.wire import psrp
from orchestrator.demo.wire.soap import UNKNOWN_ACTION, WsmanFault
from orchestrator.remote.session import Script

_MOMENT = datetime(1999, 1, 2, 3, 4, 5, 678901, UTC)  # the place of the clock in a recording
_MOST = 8  # recordings of one host; who asks in more ways has them made anew


@dataclass(frozen=True, slots=True)
class Recording:
    """A pipeline's messages, the first one with the clock cut out.

    `needs` is how many milliseconds of deadline the answer took: with fewer it would be another one.
    Infinite: it was cut short.
    """

    head: psrp.Message
    tail: bytes
    rest: tuple[psrp.Message, ...]
    needs: float

    def at(self, now: datetime) -> tuple[psrp.Message, ...]:
        """Return the messages as the host sends them when its own clock shows `now` (UTC)."""
        clock = host_clock(now).encode() if self.tail else b""
        return psrp.Message(self.head.kind, self.head.data + clock + self.tail), *self.rest


class Recorder:
    """The recordings of one host."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._made: dict[str, Recording] = {}
        self._last: Recording | None = None

    def find(self, call: ScriptCall) -> Recording:
        """Return what the pipeline sends; raises WsmanFault for any script but the probe,
        and for what it cannot take.
        """
        if call.sha256 != _known():
            raise WsmanFault(
                UNKNOWN_ACTION, text=f"Nothing is recorded for the script with the SHA-256 {call.sha256}."
            )
        try:
            self._last = self._find(call)
        except BadParameters as exc:
            raise WsmanFault(UNKNOWN_ACTION, text=str(exc)) from exc
        return self._last

    def last_text(self, now: datetime) -> str | None:
        """Return the document that was last found, with the clock at `now` (UTC);
        None where there was none yet.
        """
        return None if self._last is None else read_string(self._last.at(now)[0].data)

    def _find(self, call: ScriptCall) -> Recording:
        made = self._made.get(call.key)
        if made is not None and number(call.parameters, DEADLINE) >= made.needs:
            return made
        made = self._record(call)
        if made.needs < math.inf:  # cut short, it is of use to nobody else
            if len(self._made) >= _MOST:
                self._made.clear()
            self._made[call.key] = made
        return made

    def _record(self, call: ScriptCall) -> Recording:
        text = probe(self._machine, call.parameters, _MOMENT)
        answer, *rest = psrp.finished(text)
        head, _, tail = answer.data.partition(host_clock(_MOMENT).encode())
        return Recording(psrp.Message(answer.kind, head), tail, tuple(rest), _needs(text))


def _needs(text: str) -> float:
    document = json.loads(text)
    if document.get("deadline"):
        return math.inf
    return max((part["ms"] for part in document.get("parts", ())), default=0)


@functools.cache
def _known() -> str:
    return Script.load("probe").sha256
