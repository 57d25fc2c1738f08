"""The PowerShell engine of a simulated host: it knows the shipped scripts by their SHA-256 and answers from
its model.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from orchestrator.demo.behaviour import Wait
from orchestrator.demo.counters import Counters
from orchestrator.demo.machine.answer import probe
from orchestrator.demo.machine.model import Machine
from orchestrator.demo.machine.parameters import BadParameters
from orchestrator.demo.machine.plot import At, EventAct, Kill, Killed, Moment, Plot, Swap, happen
from orchestrator.demo.machine.plot import Drop as DropAll
from orchestrator.demo.machine.repin import repin
from orchestrator.demo.wire import psrp
from orchestrator.remote.session import Script

_SLICE = 0.02  # seconds between two looks at a mutex that is somebody else's
_NAMES = ("probe", "repin")

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Our own time."""
    return datetime.now(UTC)


class HostConnections(Protocol):
    """What an event may do to the host's connections."""

    def drop(self) -> None:
        """Cut every connection."""

    def die(self, down: float) -> None:
        """Cut everything, forget every shell, and take no connection for so many seconds."""

    def die_after_answer(self, down: float) -> None:
        """Die when the client has heard the answer."""


@functools.cache
def known() -> Mapping[str, str]:
    """Return SHA-256 (hex) -> name of every script that is shipped."""
    return {Script.load(name).sha256: name for name in _NAMES}


class Engine:
    """Runs scripts on a machine. `clock` is our time; the machine adds its skew."""

    def __init__(
        self, machine: Machine, plot: Plot, counters: Counters, clock: Clock, wire: HostConnections
    ) -> None:
        self.machine = machine
        self._plot = plot
        self._counters = counters
        self._clock = clock
        self._wire = wire

    async def run(self, call: psrp.Call) -> tuple[psrp.Message, ...]:
        """Run a script; return what its pipeline sends. Raises Killed where the host died at it."""
        if self.machine.language == "NoLanguage":
            return psrp.failed(
                "ScriptsNotAllowed",
                "System.Management.Automation.PSNotSupportedException",
                "The syntax is not supported by this runspace. This can occur if the runspace is in "
                "no-language mode.",
            )
        name = known().get(call.sha256, "")
        self._counters.scripts[name] += 1
        if not name:
            return psrp.failed(
                "UnknownScript",
                "System.Management.Automation.RuntimeException",
                f"A simulated host knows no script with the SHA-256 {call.sha256}.",
            )
        if self.machine.latency:
            await asyncio.sleep(self.machine.latency)
        try:
            return psrp.finished(await self._text(name, call.parameters))
        except BadParameters as exc:
            return psrp.failed(
                "ParameterArgumentTransformationError",
                "System.Management.Automation.ParameterBindingException",
                str(exc),
            )

    def now(self) -> datetime:
        """Return the host's own time."""
        return self._clock() + timedelta(seconds=self.machine.clock_skew)

    async def _text(self, name: str, given: Mapping[str, object]) -> str:
        self._settle()
        if name == "probe":
            return probe(self.machine, given, self.now())
        try:
            return await self._repin(given)
        finally:
            self._settle()

    def _settle(self) -> None:
        if self.machine.agent is not None:
            self.machine.agent.settle(self.machine, self._clock())

    async def _repin(self, given: Mapping[str, object]) -> str:
        await self._happen(At(Moment.BEGIN))
        machine = self.machine
        steps = repin(machine, given, self.now)
        error: str | None = None
        text: str | None = None
        while text is None:
            try:
                at = steps.send(error)
            except StopIteration as end:
                text = str(end.value)
                continue
            await asyncio.sleep(_SLICE if at.moment is Moment.WAIT else machine.step_time)
            error = await self._happen(at)
        for act in self._plot.take(At(Moment.ANSWERED)):
            if isinstance(act, Kill):
                self._wire.die_after_answer(act.down)
        return text

    async def _happen(self, at: At) -> str | None:
        error = None
        for act in self._plot.take(at):
            error = await self._do(act) or error
        return error

    async def _do(self, act: EventAct) -> str | None:
        match act:
            case Kill(down=down):
                self.machine.mutex.holder = None  # it goes with the last process that had a handle on it
                self._wire.die(down)
                raise Killed
            case DropAll():
                self._wire.drop()
            case Swap(machine=machine):
                self.machine = machine
            case Wait(seconds=seconds):
                await asyncio.sleep(seconds)
            case _:
                return happen(act, self.machine)
        return None
