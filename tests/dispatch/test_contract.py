"""What holds of every dispatcher, in this process or over a broker: one suite, typed at both.

Each host of a batch that was taken is told once at least; who listens keeps the first.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inventory.model import Host
from orchestrator.dispatch.hub import CeleryDispatcher
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.domain.sites.unit import Batch, Report, UnitDone, UnitEvent, UnitHeld, Why
from orchestrator.fleet.control.clock import SystemClock
from orchestrator.fleet.dispatch.local import LocalDispatcher
from orchestrator.fleet.dispatch.port import Dispatcher
from orchestrator.remote.probe import probe_script
from tests.dispatch.conftest import Hub, MakeSite
from tests.fleet.dispatch.sites import Rules, batch_of
from tests.fleet.fakes import NO_AGENT, FakeSession, FakeTransport, host

pytestmark = [pytest.mark.xdist_group("broker"), pytest.mark.wire]
WIDTH, ROOM, SLOW = 4, 2, 0.4


@dataclass
class Bench:
    """A way to open a dispatcher, and the site that its batches are for."""

    site: str
    hub: Hub | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Dispatcher]:
        """Open it for the block."""
        dispatcher: Dispatcher
        if self.hub is not None:
            dispatcher = await CeleryDispatcher.open(self.hub.settings, (self.site,))
        else:
            dispatcher = LocalDispatcher(
                Rules(),
                FakeTransport({}, _behave),
                SystemClock(),
                random.Random(1),  # noqa: S311  # jitter
                width=WIDTH,
                room=ROOM,
                pace=0,
            )
        try:
            yield dispatcher
        finally:
            await dispatcher.close()

    def batch(self, names: Sequence[str], **changes: Any) -> Batch:
        """Make a batch of hosts with these names."""
        now = datetime.now(UTC)
        there: list[Host] = [host(name, site=self.site, credential=None) for name in names]
        base = {"script": probe_script().sha256, "sent": now, "not_after": now + timedelta(hours=1)}
        return batch_of(there, site=self.site, **{**base, **changes})


async def _behave(session: FakeSession) -> str:
    """Do as tests/dispatch/worker_process.py does."""
    await session.reach(Phase.RUN)
    if session.endpoint.host.startswith("raise"):
        raise RuntimeError("nobody foresaw this")
    await asyncio.sleep(SLOW if session.endpoint.host.startswith("slow") else 0.01)
    session.phase = Phase.DECODE
    return NO_AGENT


@pytest.fixture(params=["local", "broker"])
def bench(request: pytest.FixtureRequest) -> Bench:
    """Return each dispatcher in turn; over the broker there is a worker that serves it."""
    if request.param == "local":
        return Bench("berlin")
    hub: Hub = request.getfixturevalue("hub")
    make: MakeSite = request.getfixturevalue("make_site")
    site = make(width=WIDTH, slots=ROOM, slow=SLOW)
    site.start()
    return Bench(site.name, hub)


async def told(dispatcher: Dispatcher, ends: int) -> list[Report]:
    """Take in reports, and settle them, until so many batches have ended."""
    found: list[Report] = []
    async with asyncio.timeout(60):
        async for delivery in dispatcher.events():
            if isinstance(delivery.arrival, Report):
                found.append(delivery.arrival)
                delivery.settle()
            if sum(report.ended for report in found) == ends:
                break
    return found


def units(reports: Sequence[Report]) -> list[UnitEvent]:
    """Return what was told, in order."""
    return [unit for report in reports for unit in report.units]


def test_every_host_is_told_and_the_batch_ends_last(bench: Bench) -> None:
    """Fast and slow hosts: each is told with its result, as it ends; nothing comes after the batch's end."""

    async def main() -> list[Report]:
        async with bench.opened() as dispatcher:
            await dispatcher.submit(bench.batch(["slow-1", "fast-1", "fast-2"]))
            return await told(dispatcher, 1)

    reports = asyncio.run(main())
    names = [unit.host for unit in units(reports)]
    assert sorted(names) == ["fast-1", "fast-2", "slow-1"]
    assert names[-1] == "slow-1"
    assert [report.ended for report in reports] == [False] * (len(reports) - 1) + [True]
    assert all(isinstance(unit, UnitDone) for unit in units(reports))


def test_a_batch_that_is_submitted_twice_is_told_all_the_same(bench: Bench) -> None:
    """The same batch again, as after a lost confirmation: every host is told, and none of them twice."""

    async def main() -> list[Report]:
        async with bench.opened() as dispatcher:
            batch = bench.batch(["slow-1", "slow-2"])
            await dispatcher.submit(batch)
            await dispatcher.submit(batch)
            return await told(dispatcher, 1)

    assert Counter(unit.host for unit in units(asyncio.run(main()))) == {"slow-1": 1, "slow-2": 1}


def test_more_batches_than_there_is_room_for_wait(bench: Bench) -> None:
    """Ten batches at a dispatcher with room for two: who submits waits, and all of them end."""

    async def main() -> list[Report]:
        async with bench.opened() as dispatcher:
            taking = asyncio.create_task(told(dispatcher, 10))
            for number in range(10):
                await dispatcher.submit(bench.batch([f"fast-{number}"], id=f"b{number}-{bench.site}"))
            return await taking

    assert len(units(asyncio.run(main()))) == 10


def test_a_cancelled_run_begins_no_more_hosts(bench: Bench) -> None:
    """Hosts in flight finish, the others are held; a later epoch of the same run is worked on."""

    async def main() -> tuple[list[Report], list[Report]]:
        async with bench.opened() as dispatcher:
            first = bench.batch([f"slow-{number}" for number in range(12)], id=f"first-{bench.site}")
            await dispatcher.submit(first)
            await asyncio.sleep(SLOW / 2)
            await dispatcher.cancel(first.run, 1)
            before = await told(dispatcher, 1)
            await dispatcher.submit(replace(bench.batch(["fast-1"], epoch=2), id=f"second-{bench.site}"))
            return before, await told(dispatcher, 1)

    before, after = asyncio.run(main())
    kinds = Counter(type(unit).__name__ for unit in units(before))
    assert (len(units(before)), kinds["UnitDone"] <= 2 * WIDTH) == (12, True)
    assert {unit.why for unit in units(before) if isinstance(unit, UnitHeld)} == {Why.CANCELLED}
    assert [type(unit).__name__ for unit in units(after)] == ["UnitDone"]


def test_a_batch_that_comes_too_late_is_not_begun(bench: Bench) -> None:
    """Nothing begins after its time is over: every host is held, and says why."""

    async def main() -> list[Report]:
        async with bench.opened() as dispatcher:
            late = datetime.now(UTC) - timedelta(seconds=1)
            await dispatcher.submit(bench.batch(["fast-1", "fast-2"], not_after=late))
            return await told(dispatcher, 1)

    assert [unit.why for unit in units(asyncio.run(main())) if isinstance(unit, UnitHeld)] == [
        Why.EXPIRED
    ] * 2


def test_what_nobody_foresaw_is_one_host_s_result(bench: Bench) -> None:
    """A host whose probing raises is that host's failure; the batch's others have their results."""

    async def main() -> list[Report]:
        async with bench.opened() as dispatcher:
            await dispatcher.submit(bench.batch(["raise-1", "fast-1"]))
            return await told(dispatcher, 1)

    causes = {
        unit.host: str(getattr(unit.outcome, "cause", ""))
        for unit in units(asyncio.run(main()))
        if isinstance(unit, UnitDone)
    }
    assert causes == {"raise-1": Cause.BUG, "fast-1": ""}
