"""Batches and results over a real RabbitMQ, with workers that are killed, restarted and cut off."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from inventory.model import Host
from orchestrator.dispatch import site_link, topology
from orchestrator.dispatch.broker import told
from orchestrator.dispatch.errors import BrokerError
from orchestrator.dispatch.hub import CeleryDispatcher
from orchestrator.dispatch.keys import load_key, read_public
from orchestrator.dispatch.seal import Kind, seal
from orchestrator.dispatch.site_link import SiteLink, WorkerSettings
from orchestrator.domain.cause import Cause
from orchestrator.domain.record import ScanState
from orchestrator.domain.sites.names import SiteNames
from orchestrator.fleet.control.clock import SystemClock
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.dispatch.port import Refused
from orchestrator.fleet.dispatch.remote import Remote
from orchestrator.fleet.options import ScanOptions
from orchestrator.fleet.run import Services
from orchestrator.fleet.scan import scan
from orchestrator.fleet.summary import ScanSummary
from orchestrator.remote.probe import probe_script
from orchestrator.remote.session import Logon
from tests.dispatch.conftest import Hub, MakeSite, TestSite
from tests.eventually import eventually
from tests.fleet.dispatch.sites import OPTIONS, domain_account
from tests.fleet.fakes import FakeTransport, ListWriter, host, record_of

pytestmark = pytest.mark.xdist_group("broker")


@dataclass
class Done:
    """How a scan over the broker ended."""

    summary: ScanSummary
    writer: ListWriter
    refused: list[Refused]

    @property
    def causes(self) -> dict[str, str]:
        """Hosts with their results' causes."""
        return {each.host: str(getattr(each.outcome, "cause", "")) for each in self.writer.records}


def over_broker(
    hub: Hub,
    there: Sequence[Host],
    *,
    run: str = "scan of a test",
    epoch: int = 1,
    patience: float = 30.0,
    writer: ListWriter | None = None,
    stop: StopRequest | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> Done:
    """Scan hosts at their sites; `meanwhile` runs in a thread beside it."""
    kept, refused = writer or ListWriter(), []

    async def note(what: Refused) -> None:
        refused.append(what)

    async def main() -> ScanSummary:
        dispatcher = await CeleryDispatcher.open(hub.settings, tuple(hub.sites))
        beside = threading.Thread(target=meanwhile)
        beside.start()
        remote = Remote(
            dispatcher=dispatcher,
            hosts=there,
            account_of=domain_account,
            refused=note,
            run=run,
            epoch=epoch,
            script=probe_script().sha256,
            options=OPTIONS,
            patience=patience,
        )
        try:
            return await scan(
                record_of(there),
                (),
                options=ScanOptions(),
                services=Services(
                    transport=FakeTransport({}),
                    writer=kept,
                    logons=lambda _: Logon(username="", password=None),
                    clock=SystemClock(),
                    chance=random.Random(1),  # noqa: S311  # jitter
                ),
                stop=stop or StopRequest(),
                remote=remote,
            )
        finally:
            await dispatcher.close()
            await asyncio.to_thread(beside.join)

    return Done(asyncio.run(main()), kept, refused)


def at(site: TestSite, count: int, name: str = "fast", **changes: object) -> list[Host]:
    """Make hosts of a site."""
    return [host(f"{name}-{number}", site=site.name, **changes) for number in range(count)]


def test_hosts_of_two_sites_are_asked_there(hub: Hub, make_site: MakeSite) -> None:
    """Each worker asks its own site's hosts; every host has one result and nothing is left in a queue."""
    one, two = make_site(), make_site()
    workers = [one.start(), two.start()]
    done = over_broker(hub, [*at(one, 30, "a"), *at(two, 20, "b")])
    assert (len(done.causes), set(done.causes.values())) == (50, {""})
    assert sorted(one.asked) == sorted(f"a-{number}" for number in range(30))
    assert [worker.end() for worker in workers] == [0, 0]
    with hub.broker.connection() as connection:
        left = [
            topology.waiting(connection, queue(s.name))
            for s in (one, two)
            for queue in (topology.batches, topology.results)
        ]
    assert left == [0, 0, 0, 0]
    assert "CRITICAL" not in workers[0].said


def test_a_worker_killed_in_mid_batch_loses_no_host(hub: Hub, make_site: MakeSite) -> None:
    """Kill -9 while hosts are in flight; its successor asks them again, and each has one result."""
    site = make_site(slow=0.6)
    first = site.start()

    def kill() -> None:
        eventually(lambda: len(site.asked) >= 5)
        first.kill()
        site.start()

    there = at(site, 40, "slow", credential=None)
    done = over_broker(hub, there, meanwhile=kill, patience=60)
    assert done.causes == dict.fromkeys((one.name for one in there), "")
    assert len(site.asked) > 40  # some were asked twice
    assert done.summary.state is ScanState.FINISHED


def test_only_the_host_that_ends_each_worker_is_lost(hub: Hub, make_site: MakeSite) -> None:
    """A poisonous host among good ones: it alone is lost by its site, after the broker's last delivery."""
    site = make_site(slots=1)
    ended = threading.Event()

    def keep_alive() -> None:
        while not ended.is_set():
            if not site.started or site.started[-1].process.poll() is not None:
                site.start()
            ended.wait(0.1)

    there = [*at(site, 3, credential=None), host("kill-1", site=site.name, credential=None)]
    beside = threading.Thread(target=keep_alive)
    beside.start()
    try:
        done = over_broker(hub, there, patience=60)
    finally:
        ended.set()
        beside.join()
    assert done.causes["kill-1"] == Cause.LOST_BY_SITE
    assert {cause for name, cause in done.causes.items() if name != "kill-1"} == {""}


def test_a_scan_gone_on_with_takes_in_what_came_meanwhile(hub: Hub, make_site: MakeSite) -> None:
    """The hub dies with batches out: their results wait, and count when the scan goes on."""
    site = make_site()
    there = at(site, 12, credential=None)

    async def die() -> None:
        dispatcher = await CeleryDispatcher.open(hub.settings, tuple(hub.sites))
        from datetime import UTC, datetime, timedelta

        from tests.fleet.dispatch.sites import batch_of

        now = datetime.now(UTC)
        batch = batch_of(
            there[:8],
            site=site.name,
            run="scan of a test",
            script=probe_script().sha256,
            sent=now,
            not_after=now + timedelta(hours=1),
        )
        await dispatcher.submit(batch)
        await dispatcher.close()

    asyncio.run(die())
    site.start()
    with hub.broker.connection() as connection:
        eventually(lambda: (topology.waiting(connection, topology.results(site.name)) or 0) > 0)
        eventually(lambda: len(site.asked) == 8)
    done = over_broker(hub, there, epoch=2)
    assert len(done.causes) == 12
    assert sorted(site.asked) == sorted(one.name for one in there)  # nobody was asked twice


def test_ctrl_c_ends_a_scan_and_the_sites_are_told(hub: Hub, make_site: MakeSite) -> None:
    """Hosts in flight finish and are stored; the others are not begun, and no batch is left."""
    site = make_site(slow=1.0, width=5, slots=2)
    worker = site.start()
    stop = StopRequest()
    there = at(site, 60, "slow", credential=None)

    done = _stopped(hub, there, site, stop)
    assert done.summary.state is ScanState.INTERRUPTED
    assert 5 <= len(done.causes) < 60
    assert len(done.causes) == len(site.asked)
    assert "cancelled by the hub" in worker.said


def _stopped(hub: Hub, there: Sequence[Host], site: TestSite, stop: StopRequest) -> Done:
    """Scan, and ask for a stop once five hosts are in flight."""
    kept: list[asyncio.AbstractEventLoop] = []

    class Noting(ListWriter):
        async def begin_scan(self, scan: object) -> int:
            kept.append(asyncio.get_running_loop())
            return await super().begin_scan(scan)  # type: ignore[arg-type]

    def press() -> None:
        eventually(lambda: len(site.asked) >= 5)
        kept[0].call_soon_threadsafe(stop.ask, "Ctrl-C")

    return over_broker(hub, there, writer=Noting(), stop=stop, meanwhile=press)


def test_a_site_taken_over_speaks_for_nobody_else(hub: Hub, make_site: MakeSite) -> None:
    """Forged, altered and unsealed messages with the site's own logon: none counts, each is told."""
    good, bad = make_site(), make_site()
    good.start()
    key = load_key(bad.folder / "site.key")
    forged = seal(Kind.REPORT, '{"v": 1, "report": {}, "units": []}', key)
    results = SiteNames(bad.name).results
    with bad.broker.connection() as connection:
        producer = connection.Producer()
        for message in (forged, forged.replace("v", "w", 1), "nonsense", {"a": 1}):
            producer.publish(message, exchange=results, routing_key="fc", serializer="json")
        others = SiteNames(good.name)
        for exchange in (others.results, others.hello, "fc.dead", ""):
            with pytest.raises(Exception, match="ACCESS_REFUSED"), bad.broker.connection() as again:
                again.Producer().publish("x", exchange=exchange, routing_key=others.batches)
        with pytest.raises(Exception, match="ACCESS_REFUSED"), bad.broker.connection() as again:
            again.default_channel.basic_get(others.batches)
    done = over_broker(hub, at(good, 3))
    assert len(done.refused) == 4
    assert {each.site for each in done.refused} == {bad.name}
    assert set(done.causes.values()) == {""}


def test_sigterm_ends_a_worker_well_from_its_first_word_on(make_site: MakeSite) -> None:
    """Who is heard of can be ended: it is no sooner there than a signal ends it as it should."""
    site = make_site()
    site.more = {"ends": True}
    assert site.start().process.wait(60) == 0


def test_two_workers_of_one_site_are_one_too_many(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one says who serves the site already, and ends."""
    site = make_site()
    site.start()
    link = _link(site)
    monkeypatch.setattr(site_link, "TAKEN", 0.0)
    eventually(lambda: _is_taken(link))
    with pytest.raises(BrokerError, match="another worker serves site"):
        link.refuse_another()


def test_two_scans_at_a_time_are_one_too_many(
    hub: Hub, make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would take the other's results: the second one says so, and begins nothing."""
    from orchestrator.dispatch import hub as hub_end

    site = make_site()
    monkeypatch.setattr(hub_end, "TAKEN", 0.0)

    async def main() -> None:
        first = await CeleryDispatcher.open(hub.settings, (site.name,))
        try:
            await asyncio.to_thread(eventually, lambda: _takers(hub, site) == 1)
            with pytest.raises(BrokerError, match="another scan via sites takes in the results"):
                await CeleryDispatcher.open(hub.settings, (site.name,))
        finally:
            await first.close()

    asyncio.run(main())


def _takers(hub: Hub, site: TestSite) -> int:
    with hub.broker.connection() as connection:
        return topology.takers(connection, topology.results(site.name))


def _link(site: TestSite) -> SiteLink:
    settings = WorkerSettings(
        site=site.name,
        key=load_key(site.folder / "site.key"),
        hub=read_public(site.hub_key),
        broker=site.broker,
        width=1,
        slots=1,
        pace=0,
        machine="",
    )
    return SiteLink(settings, in_flight=lambda: 0, on_cancelled=lambda _: None, log=lambda _: None)


def _is_taken(link: SiteLink) -> bool:
    try:
        link.refuse_another()
    except BrokerError:
        return True
    return False


def test_what_a_broker_refuses_is_told_in_words(hub: Hub, tmp_path: Path) -> None:
    """Wrong password, no vhost, nothing there, a queue of another kind: each in its own words."""
    cases = (
        (replace(hub.broker, password="wrong"), "refuses the logon of"),
        (replace(hub.broker, vhost="nowhere"), "the vhost 'nowhere' is not there"),
        (replace(hub.broker, port=1), "nothing listens there"),
        (replace(hub.broker, host="no-such-host.invalid"), "not known to the resolver"),
        (replace(hub.broker, tls=True), "TLS fails .* That port speaks no TLS"),
    )
    for broker, words in cases:
        with pytest.raises(BrokerError, match=words), told(broker), broker.connection() as connection:
            connection.connect()
    from kombu import Exchange, Queue

    name = f"other-{tmp_path.name}"
    with hub.broker.connection() as connection:
        Queue(SiteNames(name).batches, Exchange("other", type="direct"), durable=True)(
            connection.default_channel
        ).declare()
    with pytest.raises(BrokerError, match="of another kind"), told(hub.broker), hub.broker.connection() as c:
        topology.make(c, [name])
