"""A run of the write script on a model without a wire, its plot acted out on the way.

Pure but for the model's state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from orchestrator.demo.behaviour import Wait
from orchestrator.demo.machine.model import Machine
from orchestrator.demo.machine.plot import At, Event, Kill, Killed, Moment, Plot, Swap, happen
from orchestrator.demo.machine.repin import SLICE, repin


def act_out(
    machine: Machine, given: Mapping[str, object], now: datetime, events: Iterable[Event] = ()
) -> str:
    """Run it at once, without a wire, and let the events happen; `now` is ours (UTC), the host adds its skew.

    Raises Killed where an event kills the host, and BadParameters.
    """
    plot, passed = Plot(events), [0.0]
    for act in plot.take(At(Moment.BEGIN)):
        if isinstance(act, Kill):
            raise Killed
        machine = act.machine if isinstance(act, Swap) else machine
        happen(act, machine)
    steps = repin(machine, given, lambda: now + timedelta(seconds=passed[0] + machine.clock_skew))
    error: str | None = None
    while True:
        try:
            at = steps.send(error)
        except StopIteration as end:
            return str(end.value)
        error = None
        passed[0] += SLICE if at.moment is Moment.WAIT else machine.step_time
        for act in plot.take(at):
            if isinstance(act, Kill):
                machine.mutex.holder = None
                raise Killed
            passed[0] += act.seconds if isinstance(act, Wait) else 0.0
            error = happen(act, machine) or error
