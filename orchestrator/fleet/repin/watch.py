"""Watch whether agents use their new ports after the write, and take back the writes of those that do not."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import timedelta

from inventory.words import digits
from orchestrator.domain.repin.journal import State
from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.repin.events import Watching
from orchestrator.fleet.repin.host_repin import HostRepin
from orchestrator.fleet.repin.journal_row import JournalRow
from orchestrator.fleet.repin.options import RepinOptions
from orchestrator.fleet.repin.policy import repin_host
from orchestrator.fleet.repin.readings import NotRead
from orchestrator.fleet.repin.summary import HostEnd
from orchestrator.fleet.runner import Broke, Listed, fan_out

RowBack = Callable[[JournalRow], JournalRow]
"""Returns a row for taking back what another row wrote."""


async def watch(
    hosts: Sequence[HostRepin],
    options: RepinOptions,
    clock: Clock,
    emit: Callable[[Watching], None],
    row_back: RowBack,
) -> AsyncGenerator[HostEnd, None]:
    """Look at hosts in rounds until each has its end; yield those. Raise StoreError.

    A round reads every host that waits, `options.jobs` at a time, connections only. A host whose time has
    passed is looked at once more and then ends as `not-taken-up`, or `reverted`.
    """
    waits = options.wait_live or 0.0
    while hosts:
        now = clock.monotonic()
        ends = [host.row.since + waits for host in hosts]
        emit(Watching(hosts=len(hosts), until=clock.now() + timedelta(seconds=max(0.0, max(ends) - now))))
        await clock.sleep(max(0.0, min(options.look_every, min(ends) - now)))

        async def look(host: HostRepin) -> HostEnd | None:
            return await _look(host, options, row_back, late=clock.monotonic() >= host.row.since + waits)

        left: list[HostRepin] = []
        async with aclosing(fan_out(Listed(hosts), look, jobs=min(options.jobs, len(hosts)))) as landed:
            async for item in landed:
                if isinstance(item, Broke):
                    raise item.error
                if item.value is None:
                    left.append(item.item)
                else:
                    yield item.value
        hosts = left


async def _look(host: HostRepin, options: RepinOptions, row_back: RowBack, *, late: bool) -> HostEnd | None:
    """Look at a host; return None where it may take its new port up yet."""
    reading = await host.look()
    if not isinstance(reading, NotRead):
        await host.settle(reading)
        if not host.waits:
            return host.end()
    if not late:
        return None
    detail = f"no tunnel on the new port within {digits(options.wait_live or 0)} s"
    if isinstance(reading, NotRead):
        detail += f"; at last it could not be read: {reading.detail}"
    if options.revert_if_not_live:
        return await _revert(host, detail, row_back(host.row))
    await host.row.move(State.NOT_TAKEN_UP, detail=detail)
    return host.end()


async def _revert(host: HostRepin, detail: str, row: JournalRow) -> HostEnd:
    """Take a write back, by a row of its own and the same policy: not to a port that is closed now."""
    end = await repin_host(host.way_back(row))
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
