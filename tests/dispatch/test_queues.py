"""Queues of a real broker that are full: who sends waits, other sites go on, nothing is dropped."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from amqp.exceptions import MessageNacked

from orchestrator.dispatch import topology
from orchestrator.dispatch.hub import CeleryDispatcher
from orchestrator.domain.sites.names import SiteNames
from orchestrator.domain.sites.unit import Batch, Report
from orchestrator.fleet.dispatch.port import Dispatcher, Link
from orchestrator.remote.probe import probe_script
from tests.dispatch.conftest import Hub, MakeSite, TestSite
from tests.fleet.dispatch.sites import batch_of
from tests.fleet.fakes import host

pytestmark = [pytest.mark.xdist_group("broker"), pytest.mark.wire]


def _batch(site: TestSite, number: int) -> Batch:
    now = datetime.now(UTC)
    return batch_of(
        [host(f"fast-{number}", site=site.name, credential=None)],
        id=f"b{number}-{site.name}",
        site=site.name,
        script=probe_script().sha256,
        sent=now,
        not_after=now + timedelta(hours=1),
    )


async def _told(dispatcher: Dispatcher, ends: int) -> tuple[set[str], list[str]]:
    """Take in until so many batches have ended; return the hosts, and what was said of the link."""
    names, said = set(), []
    async with asyncio.timeout(60):
        async for delivery in dispatcher.events():
            match delivery.arrival:
                case Report() as report:
                    names |= {unit.host for unit in report.units}
                    ends -= report.ended
                case Link(words=words) if words:
                    said.append(words)
            delivery.settle()
            if not ends:
                break
    return names, said


def test_a_full_queue_holds_up_no_other_site_and_drops_nothing(
    hub: Hub, make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes one site's batches: another's go out at once; all of them arrive once somebody does."""
    monkeypatch.setattr(topology, "BATCHES", 2)
    full, free = make_site(), make_site()

    async def main() -> tuple[set[str], list[str]]:
        dispatcher = await CeleryDispatcher.open(hub.settings, (full.name, free.name))
        try:
            waiting = [asyncio.create_task(dispatcher.submit(_batch(full, number))) for number in range(20)]
            async with asyncio.timeout(30):
                await asyncio.gather(*waiting[:2])
                for number in range(2):  # its own limit
                    await dispatcher.submit(_batch(free, number))
            assert not all(task.done() for task in waiting)
            await asyncio.to_thread(full.start)
            told = await _told(dispatcher, 20)
            await asyncio.gather(*waiting)
            return told
        finally:
            await dispatcher.close()

    names, said = asyncio.run(main())
    assert names == {f"fast-{number}" for number in range(20)}
    assert [f"fc.site.{full.name} is full; trying on" in words for words in said] == [True]


def test_a_batch_that_is_taken_back_is_not_sent(
    hub: Hub, make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waited for room when its sender gave it up: it does not go out later, the next ones do."""
    monkeypatch.setattr(topology, "BATCHES", 2)
    site = make_site()

    async def main() -> tuple[set[str], int]:
        dispatcher = await CeleryDispatcher.open(hub.settings, (site.name,))
        try:
            waiting = [asyncio.create_task(dispatcher.submit(_batch(site, number))) for number in range(20)]
            async with asyncio.timeout(30):
                await asyncio.gather(*waiting[:2])
            await asyncio.sleep(0.2)
            for task in waiting:
                task.cancel()
            went = sum(task.done() and not task.cancelled() for task in waiting)
            last = asyncio.create_task(dispatcher.submit(_batch(site, 99)))
            await asyncio.to_thread(site.start)
            names, _ = await _told(dispatcher, went + 1)
            await last
            return names, went
        finally:
            await dispatcher.close()

    names, went = asyncio.run(main())
    assert names == {f"fast-{number}" for number in range(went)} | {"fast-99"}
    assert went < 20


def _fill(site: TestSite, exchange: str, size: int, most: int) -> int:
    """Publish as the site, until the broker refuses; return how many it took."""
    with site.broker.connection() as connection:
        producer = connection.Producer()
        for number in range(most):
            try:
                producer.publish("x" * size, exchange=exchange, routing_key="fc", confirm_timeout=20)
            except MessageNacked:
                return number
    return most


def test_a_site_s_results_have_room_for_so_many_bytes(
    hub: Hub, make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site that sends without end is refused by the broker, long before their number is too large."""
    monkeypatch.setattr(topology, "BYTES", 500_000)
    site = make_site()
    assert 5 <= _fill(site, SiteNames(site.name).results, 100_000, 100) < 50
    with hub.broker.connection() as connection:
        assert (topology.waiting(connection, topology.results(site.name)) or 0) < 50


def test_a_hello_is_a_short_one(hub: Hub, make_site: MakeSite) -> None:
    """What is longer than a hello can be is not kept, in the place of which the hub would read it."""
    site = make_site()
    assert _fill(site, SiteNames(site.name).hello, 2 * topology.LATEST, 1) == 1
    with hub.broker.connection() as connection:
        assert connection.default_channel.basic_get(topology.hello(site.name).name) is None
