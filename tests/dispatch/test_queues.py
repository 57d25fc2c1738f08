"""Queues of a real broker that are full: who sends waits, other sites go on, nothing is dropped."""

from __future__ import annotations

import asyncio
import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from amqp.exceptions import MessageNacked

from orchestrator.dispatch import thread, topology
from orchestrator.dispatch.broker import told
from orchestrator.dispatch.errors import BrokerError
from orchestrator.dispatch.hub import CeleryDispatcher
from orchestrator.domain.sites.names import SiteNames
from orchestrator.domain.sites.unit import Batch, Report
from orchestrator.fleet.dispatch.port import Dispatcher, Link
from orchestrator.remote.probe import probe_script
from tests.dispatch.conftest import Hub, MakeSite, TestSite
from tests.dispatch.relay import Relay
from tests.eventually import eventually
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


def test_a_queue_that_is_full_once_more_is_told_once_more(
    hub: Hub, make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it stays full it is told once; after it has taken batches for a while it is news again."""
    monkeypatch.setattr(topology, "BATCHES", 2)
    monkeypatch.setattr(thread, "AGAIN", 1e9)
    site = make_site()

    async def main() -> tuple[str, bool, str]:
        dispatcher = await CeleryDispatcher.open(hub.settings, (site.name,))
        said: asyncio.Queue[str] = asyncio.Queue()

        async def listen() -> None:
            async for delivery in dispatcher.events():
                if isinstance(delivery.arrival, Link) and delivery.arrival.words:
                    said.put_nowait(delivery.arrival.words)

        async def fill() -> str:
            waiting = asyncio.gather(*(dispatcher.submit(_batch(site, number)) for number in range(8)))
            async with asyncio.timeout(60):
                told = await said.get()
                while not waiting.done():
                    await asyncio.to_thread(_empty, hub, site)
                    await asyncio.wait({waiting}, timeout=thread.FULL)
            return told

        listening = asyncio.create_task(listen())
        try:
            first = await fill()
            monkeypatch.setattr(thread, "AGAIN", 0.0)  # that while is over
            return first, said.empty(), await fill()
        finally:
            listening.cancel()
            await dispatcher.close()

    first, once, second = asyncio.run(main())
    words = f"fc.site.{site.name} is full; trying on"
    assert (words in first, once, words in second) == (True, True, True)


def _empty(hub: Hub, site: TestSite) -> None:
    with hub.broker.connection() as connection:
        connection.default_channel.queue_purge(topology.batches(site.name).name)


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


def test_a_batch_that_went_out_without_an_answer_is_not_taken_back(
    hub: Hub, make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker may have it. One that it refused for want of room it has not: that one is taken back."""
    monkeypatch.setattr(topology, "BATCHES", 1)
    site, relay = make_site(), Relay(hub.broker.port)
    # A short time for confirmations, so that closing waits for no link that is dead.
    settings = replace(hub.settings, broker=replace(hub.broker, port=relay.port, heartbeat=1))

    async def main() -> tuple[bool, bool]:
        dispatcher = await CeleryDispatcher.open(settings, (site.name,))
        try:
            refused = [_batch(site, number) for number in range(8)]
            waiting = [asyncio.create_task(dispatcher.submit(batch)) for batch in refused]
            async with asyncio.timeout(60):
                async for delivery in dispatcher.events():
                    if isinstance(delivery.arrival, Link) and "is full" in delivery.arrival.words:
                        break
            back = await asyncio.to_thread(eventually, lambda: dispatcher.withdraw(refused[-1].id))
            for task in waiting:
                task.cancel()
            relay.freeze()
            out = _batch(site, 99)
            waiting.append(asyncio.create_task(dispatcher.submit(out)))
            await asyncio.wait(waiting, timeout=0)
            assert await asyncio.to_thread(eventually, lambda: dispatcher._outgoing[out.id].open > 0)
            return back, dispatcher.withdraw(out.id)
        finally:
            for task in waiting:
                task.cancel()
            await dispatcher.close()

    try:
        assert asyncio.run(main()) == (True, False)
    finally:
        relay.close()


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


def test_what_is_delivered_again_and_again_stays(hub: Hub, make_site: MakeSite) -> None:
    """A result that no hub stores, a cancellation that each worker begins with: no broker drops them,
    whatever its own limit of deliveries is.
    """
    site = make_site()
    queues = (topology.results(site.name), topology.control(site.name), topology.dead())
    with hub.broker.connection() as connection:
        for queue in queues:
            connection.Producer().publish("x", exchange=queue.name, routing_key="fc", confirm_timeout=20)
            for _ in range(25):
                with connection.channel() as channel:  # its end gives the message back
                    assert eventually(lambda: channel.basic_get(queue.name) is not None)  # noqa: B023
        limits = {queue.name: topology_limit(hub, queue.name) for queue in queues}
    assert limits == {queue.name: topology.ENDLESS for queue in queues}


def topology_limit(hub: Hub, queue: str) -> int | None:
    """Return the limit of deliveries that the broker has for a queue."""
    words = ("list_queues", "-p", hub.broker.vhost, "--formatter", "json", "name", "arguments")
    done = subprocess.run(["rabbitmqctl", "-q", *words], check=True, capture_output=True, timeout=60)
    (arguments,) = (found["arguments"] for found in json.loads(done.stdout) if found["name"] == queue)
    named = {name: value for name, _, value in arguments} if isinstance(arguments, list) else arguments
    return named.get("x-delivery-limit")


def test_a_hello_is_a_short_one(hub: Hub, make_site: MakeSite) -> None:
    """What is longer than a hello can be is not kept, in the place of which the hub would read it."""
    site = make_site()
    assert _fill(site, SiteNames(site.name).hello, 2 * topology.LATEST, 1) == 1
    with hub.broker.connection() as connection:
        assert connection.default_channel.basic_get(topology.hello(site.name).name) is None


def test_queues_of_another_version_are_told_all_at_once_with_what_deletes_them(
    hub: Hub, tmp_path: Path
) -> None:
    """A hub that was updated: nobody has to type `hub init` once for each queue to find the next one."""
    from kombu import Exchange, Queue

    names = SiteNames(f"old-{tmp_path.name}")
    with hub.broker.connection() as connection:
        for name in (names.batches, names.results):
            exchange = Exchange(name, type="topic", durable=True)
            arguments = {"x-queue-type": "quorum"}
            queue = Queue(name, exchange, routing_key="#", durable=True, queue_arguments=arguments)
            queue(connection.default_channel).declare()
        with pytest.raises(BrokerError) as caught, told(hub.broker):
            topology.make(connection, [names.site])
        for name in (names.batches, names.results):
            assert f"`rabbitmqctl delete_queue --vhost {hub.broker.vhost} {name}`" in str(caught.value)
        topology.remove(connection, names.site)
        topology.make(connection, [names.site])
