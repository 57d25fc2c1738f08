"""After the write: watching whether the agents use their new ports, and taking back the writes of those that do not."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

from orchestrator.domain.repin.journal import State
from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.repin.events import Watching
from orchestrator.fleet.repin.host import HostWork
from orchestrator.fleet.repin.options import RepinOptions
from orchestrator.fleet.repin.policy import repin_host
from orchestrator.fleet.repin.readings import NotRead
from orchestrator.fleet.repin.row import Row
from orchestrator.fleet.repin.summary import HostEnd
from orchestrator.fleet.repin.undo import reversed_change
from orchestrator.fleet.runner import Broke, Listed, fan_out

RevertRow = Callable[[HostWork], Row]
"""Makes the row that takes a host's write back."""


async def watch(
    hosts: Sequence[HostWork],
    options: RepinOptions,
    clock: Clock,
    tell: Callable[[Watching], None],
    revert_row: RevertRow,
) -> AsyncGenerator[HostEnd, None]:
    """Look at hosts in rounds until each has its end; yield those. Raises StoreError.

    A round reads every host that waits, `options.jobs` at a time, connections only. A host whose time has passed is
    looked at once more and then ends as `not-taken-up`, or `reverted`.
    """
    waits = options.wait_live or 0.0
    while hosts:
        now = clock.monotonic()
        ends = [host.confirmed + waits for host in hosts]
        tell(Watching(hosts=len(hosts), until=clock.now() + timedelta(seconds=max(0.0, max(ends) - now))))
        await clock.sleep(max(0.0, min(options.look_every, min(ends) - now)))

        async def look(host: HostWork) -> HostEnd | None:
            return await _look(host, clock.monotonic() >= host.confirmed + waits, revert_row)

        left: list[HostWork] = []
        async with aclosing(fan_out(Listed(hosts), look, jobs=min(options.jobs, len(hosts)))) as landed:
            async for item in landed:
                if isinstance(item, Broke):
                    raise item.error
                if item.value is None:
                    left.append(item.item)
                else:
                    yield item.value
        hosts = left


async def _look(host: HostWork, late: bool, revert_row: RevertRow) -> HostEnd | None:
    """Look at a host; None: it may take its new port up yet."""
    reading = await host.look()
    if not isinstance(reading, NotRead):
        await host.settle(reading)
        if not host.waits:
            return host.end()
    if not late:
        return None
    detail = f"no tunnel on the new port within {host.task.options.wait_live:g} s"
    if isinstance(reading, NotRead):
        detail += f"; at last it could not be read: {reading.detail}"
    if host.task.options.revert_if_not_live:
        return await _revert(host, detail, revert_row(host))
    await host.row.move(State.NOT_TAKEN_UP, detail=detail)
    return host.end()


async def _revert(host: HostWork, detail: str, row: Row) -> HostEnd:
    """Take a write back, by a row of its own and through the same policy: going back to a closed port helps nobody."""
    options = replace(host.task.options, wait_live=None)
    task = replace(host.task, change=reversed_change(host.task.change), options=options)
    desired = {role.role: role.new for role in task.change.roles}
    turn = replace(host.turn, host=replace(host.turn.host, desired=desired), patient=True)
    back = HostWork(turn, replace(host.run, stop=StopRequest()), task, row, stays=True)
    end = await repin_host(back)
    said = "could not be started" if end is None else f"{end.state}: {end.detail}"
    detail = f"{detail}; taken back: {said}"
    match row.state:
        case State.VERIFIED:
            await host.row.move(State.REVERTED, detail=detail)
        case State.UNKNOWN:
            pass  # what holds of this row hangs on that one: `resume` reads both
        case _:
            await host.row.move(State.NOT_TAKEN_UP, detail=detail)
    failed = end is not None and end.failed
    return host.row.end(detail=detail, advice="" if end is None else end.advice, stumbled=failed)
