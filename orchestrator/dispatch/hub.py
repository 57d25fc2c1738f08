"""The hub's end of the broker: batches go out as tasks for Celery's workers, results come in."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from orchestrator.dispatch import topology
from orchestrator.dispatch.broker import Broker, told
from orchestrator.dispatch.errors import BrokerError, SealError
from orchestrator.dispatch.keys import ticket_secret
from orchestrator.dispatch.listen import last_word
from orchestrator.dispatch.seal import Kind, opened, same, seal, ticket, unwrapped
from orchestrator.dispatch.thread import BrokerThread, Outgoing
from orchestrator.dispatch.wire import Cancelled, batch_text, cancelled_text, read_report
from orchestrator.domain.sites.names import SiteNames
from orchestrator.domain.sites.unit import Batch, Hello, Report
from orchestrator.fleet.dispatch.port import Arrival, Delivery, Link, Lost, Refused

TASK = "fleetcheck.batch"
PREFETCH = 200  # results that are taken in and not settled yet
TAKEN = 40.0  # seconds that a hub which was cut off may be listed as one that takes results in
FRESH = 20.0  # seconds that a hello may be old
_NO_CA: Mapping[Path, str] = MappingProxyType({})
LISTEN = 2.0  # seconds between two looks for each site's hello


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """The hub's own: its name, its key, the broker, and the public keys of its sites by their names."""

    name: str
    key: Ed25519PrivateKey = field(repr=False)
    broker: Broker
    sites: Mapping[str, Ed25519PublicKey]


class CeleryDispatcher:
    """A `Dispatcher` over the broker. Use `open`."""

    def __init__(
        self, settings: HubSettings, sites: tuple[str, ...], ca: Mapping[Path, str] = _NO_CA
    ) -> None:
        self._settings, self._names, self._ca = settings, sites, ca
        self._secret = ticket_secret(settings.key)
        self._loop = asyncio.get_running_loop()
        self._arrived: asyncio.Queue[Delivery | None] = asyncio.Queue()
        self._down = ""
        self._outgoing: dict[str, Outgoing] = {}  # by batch
        self._backlog = 0  # results that had waited when the link came up
        self._listened: dict[str, float] = {}
        self._disbelieved: set[str] = set()
        self._said: dict[str, tuple[str, datetime]] = {}
        self._sending = BrokerThread(settings.broker, "send", on_state=self._sending_state)
        self._taking = BrokerThread(
            settings.broker, "take", prepare=self._consume, beat=self._listen, on_state=self._taking_state
        )

    @classmethod
    async def open(
        cls, settings: HubSettings, sites: tuple[str, ...], ca: Mapping[Path, str] = _NO_CA
    ) -> CeleryDispatcher:
        """Connect, make the queues that are missing, and begin to take in.

        `ca` holds the text of each file that a host's `ca` names. Raises BrokerError.
        """

        def ready() -> None:
            with told(settings.broker), settings.broker.connection() as connection:
                topology.make(connection, sites)
                _refuse_another(settings.broker, connection, sites)

        await asyncio.to_thread(ready)
        dispatcher = cls(settings, sites, ca)
        dispatcher._sending.start()
        dispatcher._taking.start()
        return dispatcher

    async def submit(self, batch: Batch) -> None:
        """Send a batch; return once the broker has it."""

        def proof(host: str, facts: str) -> str:
            return ticket(self._secret, batch.site, batch.run, batch.epoch, host, facts)

        text = batch_text(batch, hub=self._settings.name, ticket=proof, ca=self._ca)
        message = seal(Kind.BATCH, text, self._settings.key)
        # A task as Celery's workers read it: https://docs.celeryq.dev/en/stable/internals/protocol.html
        outgoing = self._outgoing[batch.id] = self._sending.publish(
            SiteNames(batch.site).batches,
            [[message], {}, {}],
            headers={
                "lang": "py",
                "task": TASK,
                "id": batch.id,
                "root_id": batch.id,
                "hosts": len(batch.hosts),
            },
            correlation_id=batch.id,
        )
        try:
            await asyncio.wrap_future(outgoing.done)
        finally:
            self._outgoing.pop(batch.id, None)

    def withdraw(self, batch: str) -> bool:
        """Take a batch back that has not gone out, or that the broker refused for want of room."""
        outgoing = self._outgoing.get(batch)
        return outgoing is not None and outgoing.take_back()

    async def events(self) -> AsyncIterator[Delivery]:
        """Yield what arrives, to the end of `close`."""
        while (delivery := await self._arrived.get()) is not None:
            yield delivery

    async def cancel(self, run: str, epoch: int) -> None:
        """Tell every site to begin no more hosts of a run; waits for nobody's answer."""
        now = datetime.now(UTC)
        for site in self._names:
            text = cancelled_text(Cancelled(site=site, run=run, epoch=epoch, sent=now))
            self._sending.publish(
                SiteNames(site).control,
                seal(Kind.CONTROL, text, self._settings.key),
                correlation_id=uuid.uuid4().hex,
            )

    async def close(self) -> None:
        """Send what is here, if it can be, and let go. What is not settled comes again."""
        await asyncio.to_thread(self._sending.close)
        await asyncio.to_thread(self._taking.close)
        self._arrived.put_nowait(None)

    def _tell(self, arrival: Arrival, settle: Callable[[], None] = lambda: None) -> None:
        """Hand something to the event loop, from a thread."""
        delivery = Delivery(arrival=arrival, settle=settle)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._arrived.put_nowait, delivery)

    # What follows runs in the threads.

    def _sending_state(self, _up: bool, words: str) -> None:
        if "is full" in words:  # a link that is down the other thread tells of
            self._tell(Link(up=True, words=words))

    def _taking_state(self, up: bool, words: str) -> None:
        if not up:
            self._tell(Link(up=False, words=words if words != self._down else ""))
            self._down = words
        elif self._backlog == 0:
            self._tell(Link(up=True, words="the broker is reached again" if self._down else ""))
            self._down = ""

    def _consume(self, channel: Any) -> None:
        """Begin to take in; what had waited is told before the link is said to be up."""
        channel.basic_qos(0, max(1, PREFETCH // len(self._names)), False)  # for each consumer: one a site
        self._backlog = 0
        for site in self._names:
            queue = topology.results(site)
            self._backlog += int(channel.queue_declare(queue.name, passive=True).message_count)
            channel.basic_consume(queue.name, callback=self._for_site(site))
        channel.basic_consume(topology.dead().name, callback=self._dead_letter)

    def _for_site(self, site: str) -> Callable[[Any], None]:
        def result(message: Any) -> None:
            settle = self._settling(message)
            try:
                report = self._report(site, message.body)
            except SealError as error:
                self._tell(Refused(site=site, why=str(error)), settle)
            except Exception as error:  # noqa: BLE001  # one site's message must not end all sites' link
                why = f"a result that cannot be read ({type(error).__name__})"
                self._tell(Refused(site=site, why=why), settle)
            else:
                self._tell(report, settle)
            if self._backlog > 0:
                self._backlog -= 1
                if not self._backlog:
                    self._taking_state(True, "")

        return result

    def _settling(self, message: Any) -> Callable[[], None]:
        tag = message.delivery_tag
        return lambda: self._taking.call(lambda channel: channel.basic_ack(tag))

    def _report(self, site: str, body: Any) -> Report:
        """Read a result, if it is the site's own and of a unit that was handed to it. Raises SealError."""
        text = opened(Kind.REPORT, unwrapped(body), self._settings.sites[site])

        def is_ours(report: Report, host: str, facts: str, proof: object) -> bool:
            return same(ticket(self._secret, site, report.run, report.epoch, host, facts), proof)

        report = read_report(text, is_ours)
        if report.site != site:
            raise SealError(f"a result in the name of {report.site[:80]!r}")
        return report

    def _dead_letter(self, message: Any) -> None:
        """Tell of a batch that the broker gave up; it is our own, which its signature says."""
        settle = self._settling(message)
        try:
            sealed: Any = unwrapped(message.body)
            raw = json.loads(opened(Kind.BATCH, sealed[0][0], self._settings.key.public_key()))
            head = raw["batch"]
            hosts = tuple(unit["facts"]["name"] for unit in raw["units"])
            lost = Lost(site=head["site"], run=head["run"], batch=head["id"], hosts=hosts)
        except (SealError, ValueError, LookupError, TypeError):
            self._tell(Refused(site="", why="a dead letter that is no batch of this hub"), settle)
            return
        self._tell(lost, settle)

    def _listen(self, channel: Any) -> None:
        """Look at each site's last word about itself, and leave it there for others who look."""
        now = self._loop.time()
        for site in self._names:
            if now - self._listened.get(site, -LISTEN) < LISTEN:
                continue
            self._listened[site] = now
            try:
                hello = last_word(channel.connection, site, self._settings.sites[site])
            except SealError as error:
                if site not in self._disbelieved:  # it comes every few seconds
                    self._disbelieved.add(site)
                    self._tell(Refused(site=site, why=str(error)))
                continue
            if hello is not None and self._is_news(hello):
                self._tell(hello)

    def _is_news(self, hello: Hello) -> bool:
        """Say whether a hello is from now: the queue keeps the last one of a worker that is gone.

        By the clock, or, where clocks differ, because another one stood there before.
        """
        said, before = (hello.worker, hello.sent), self._said.get(hello.site)
        self._said[hello.site] = said
        if before is None:
            return abs((datetime.now(UTC) - hello.sent).total_seconds()) <= FRESH
        return said != before


def _refuse_another(broker: Broker, connection: Any, sites: tuple[str, ...]) -> None:
    """Raise BrokerError where another scan takes in these sites' results; a dead one is waited for."""
    end = time.monotonic() + TAKEN
    while taken := [site for site in sites if topology.takers(connection, topology.results(site))]:
        if time.monotonic() > end:
            raise BrokerError(
                broker.place,
                f"another scan via sites takes in the results of {taken[0]}",
                "One at a time: each would take the other's results. Try again when it has ended.",
            )
        time.sleep(1.0)
