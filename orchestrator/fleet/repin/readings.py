"""The readings of a re-pin: a fresh one before the write, and fresh ones after it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orchestrator.domain.outcome import Failed, Outcome, Probed
from orchestrator.domain.reading import Reading
from orchestrator.domain.repin.guard import is_planned_machine, machine
from orchestrator.domain.repin.plan import PlannedHost
from orchestrator.fleet.admission.queue import QueuedHost
from orchestrator.fleet.control.events import HostEvent
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.host_probe import HostProbe
from orchestrator.fleet.repin import details
from orchestrator.fleet.run import Execution
from orchestrator.fleet.runner import told_to_end

BEFORE = "full"  # the probe mode of the reading before a write: see `for_precheck`
AFTER = "connections"  # ... and the one that tries nothing
WRITE_GRACE = 5.0  # seconds that a write gets beyond its deadline: it may have begun at the last moment
LONGEST_WAIT = 300.0  # seconds a write's deadline is waited for: no window is longer; the host's clock moved
MOST_READ_BACKS = 3  # at a host whose clock has to pass a write's deadline


@dataclass(frozen=True, slots=True)
class NotRead:
    """There is no reading that can be used, and why; `advice` may be empty."""

    detail: str
    advice: str = ""


async def ask(queued: QueuedHost, execution: Execution, *, stays: bool) -> Outcome | None:
    """Probe a host, tries and all; return what nobody foresaw as its failure. None: it was not started."""
    probing = HostProbe(queued, execution, stays=stays)
    try:
        return await probing.outcome()
    except Exception as error:  # noqa: BLE001  # a reading that broke must not keep a row from its end
        return probing.broke(error)
    except asyncio.CancelledError as error:
        if told_to_end():
            raise
        return probing.broke(error)


def for_precheck(queued: QueuedHost) -> QueuedHost:
    """Return the host as the reading before a write probes it: pin and new port alone, no list of ports.

    Canaries go with a whole list, and a list of none is whole: so they run, and something that came to answer
    in the gateway's place since the plan was made is seen.
    """
    return replace(queued, host=replace(queued.host, profile=replace(queued.host.profile, ports=())))


def for_read_back(execution: Execution) -> Execution:
    """Return what readings after a write work with: they try no port, emit nothing, and no stop ends them."""
    return replace(
        execution, options=replace(execution.options, mode=AFTER), stop=StopRequest(), emit=_no_one
    )


async def read_again(
    queued: QueuedHost, after: Execution, change: PlannedHost, *, deadline: datetime | None
) -> Reading | NotRead:
    """Read a host in a fresh session. `after` is from `for_read_back`.

    `deadline`: a write that got no answer may begin until then, by the host's own clock; what was read before
    it has passed proves nothing, so it is waited for. None: no write is under way.
    """
    for _ in range(MOST_READ_BACKS):
        outcome = await ask(queued, after, stays=True)
        if not isinstance(outcome, Probed):
            return _not_read(outcome)
        reading = outcome.reading
        if not is_planned_machine(change, reading):
            return NotRead(f"another machine answers now: {machine(reading)}")
        left = 0.0 if deadline is None else seconds_until_expired(reading, deadline)
        if left is None:
            return NotRead(details.NO_CLOCK_AGAIN)
        if left <= 0:
            return reading
        if left > LONGEST_WAIT:
            break
        await after.clock.sleep(left)
    return NotRead(details.CLOCK_STANDS)


def seconds_until_expired(reading: Reading, deadline: datetime) -> float | None:
    """Return the seconds until a write can begin no more, by the host's clock; None: it told no time."""
    clock = reading.identity.clock
    return None if clock is None else (deadline - clock + timedelta(seconds=WRITE_GRACE)).total_seconds()


def _not_read(outcome: Failed | None) -> NotRead:
    if outcome is None:
        return NotRead("it could not be started")
    return NotRead(details.failed(outcome), outcome.advice)


def _no_one(_event: HostEvent) -> None:
    """Drop the event."""
