"""What happens to a simulated host while the write script runs there, as data: at which moment, to which
value, what.

The evaluator (`orchestrator.demo.machine.repin`) announces every moment before it goes on; who drives it lets
happen what the plot holds for that moment. Nothing here talks to anybody.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.demo.behaviour import Wait
from orchestrator.demo.machine.model import Entry, Machine
from orchestrator.demo.machine.writes import Data, Write
from orchestrator.domain.reading import Kind


class Moment(enum.StrEnum):
    """A point in a run of the write script, in order.

    Those with a target come once for each planned value.
    """

    BEGIN = "begin"  # the script has arrived, and nothing is looked at yet
    WAIT = "wait"  # the mutex is somebody else's: a slice of waiting
    READ = "read"  # before a target is read for the first time
    OPEN = "open"  # before the keys are opened for writing
    COMPARE = "compare"  # before a target is read once more
    SET = "set"  # between that reading and the set: the window
    WAS_SET = "was-set"  # a target has just been set
    READ_BACK = "read-back"  # before a target is read back
    PUT_BACK = "put-back"  # before a target is looked at to put it back
    ANSWER = "answer"  # all is done and the mutex is free; nobody was told yet
    ANSWERED = "answered"  # the answer is on its way


@dataclass(frozen=True, slots=True)
class At:
    """A moment, and the index of the planned value that it is about (None: about none)."""

    moment: Moment
    target: int | None = None


@dataclass(frozen=True, slots=True)
class Foreign:
    """Somebody else sets a value, or deletes it (`kind` None), or its whole key (`name` None too)."""

    view: int
    key: str
    name: str | None
    kind: Kind | None = None
    data: Data = ""


@dataclass(frozen=True, slots=True)
class Raise:
    """What the script does next ends in this error: type and HResult, as the script would name it."""

    error: str


@dataclass(frozen=True, slots=True)
class Jump:
    """The host's clock is set forward by so many seconds (back, where it is negative)."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """The mutex changes hands: to `holder`, or to nobody (None);
    `abandoned` where the last one died with it.
    """

    holder: str | None
    abandoned: bool = False


@dataclass(frozen=True, slots=True)
class Kill:
    """The host dies: no further step, every connection cut.

    It is back after `down` seconds, with its registry.
    """

    down: float = 0.0


@dataclass(frozen=True, slots=True)
class Drop:
    """Every connection to the host is cut; the script goes on."""


@dataclass(frozen=True, slots=True)
class Swap:
    """Another machine answers at this address from now on (at BEGIN)."""

    machine: Machine


EventAct = Foreign | Raise | Jump | Hold | Kill | Drop | Swap | Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happens. `target` None: at the first such moment, whichever value it is about.

    `times` is how often, None for always; `skip` lets so many of these moments pass before the first time.
    """

    at: Moment
    act: EventAct
    target: int | None = None
    times: int | None = 1
    skip: int = 0


ACCESS_DENIED = "System.UnauthorizedAccessException 0x80070005"


class Killed(Exception):  # noqa: N818  # no error: the host is gone
    """The run has ended by the host's death; nobody hears of it."""


class Plot:
    """The events of one host, and how often each still happens."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._left: list[tuple[Event, list[int | None]]] = [
            (event, [event.skip, event.times]) for event in events
        ]

    def take(self, at: At) -> list[EventAct]:
        """Return what happens now, in order, and count it."""
        acts: list[EventAct] = []
        for event, left in self._left:
            skip, times = left
            if event.at is not at.moment or event.target not in (None, at.target) or times == 0:
                continue
            if skip:
                left[0] = skip - 1
                continue
            if times is not None:
                left[1] = times - 1
            acts.append(event.act)
        return acts


def happen(act: EventAct, machine: Machine) -> str | None:
    """Let the machine's state change; return the error that the script's next doing ends in, if it does.

    What needs time or a wire (Kill, Drop, Swap, Wait) is for the caller.
    """
    match act:
        case Foreign():
            _meddle(act, machine)
        case Jump(seconds=seconds):
            machine.clock_skew += seconds
        case Hold(holder=holder, abandoned=abandoned):
            machine.mutex.holder, machine.mutex.abandoned = holder, abandoned
        case Raise(error=error):
            return error
        case _:
            pass
    return None


def _meddle(act: Foreign, machine: Machine) -> None:
    if act.name is None:
        machine.registry.delete(act.view, act.key)
        return
    key = machine.registry.create(act.view, act.key)
    held: Entry | None = key.get(act.name)
    if act.kind is None:
        key.delete(act.name)
        return
    key.set(act.name, act.kind, act.data)
    found = None if held is None else held.data
    machine.log.writes.append(Write(view=act.view, name=act.name, data=act.data, found=found))
