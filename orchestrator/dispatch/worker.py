"""A site's worker: Celery takes batches from the broker, one event loop asks their hosts.

Imports neither the store nor anything that knows SQL.
"""

from __future__ import annotations

import asyncio
import hashlib
import queue
import random
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from inventory.words import plural
from orchestrator.dispatch.errors import SealError
from orchestrator.dispatch.seal import Kind, opened
from orchestrator.dispatch.site_link import SiteLink, WorkerSettings
from orchestrator.dispatch.wire import Cancelled, SentBatch, read_batch, report_text
from orchestrator.domain.outcome import Probed
from orchestrator.domain.sites.unit import Report, UnitDone
from orchestrator.fleet.control.clock import SystemClock
from orchestrator.fleet.dispatch.local import LocalDispatcher
from orchestrator.fleet.dispatch.site_run import SiteRules
from orchestrator.remote.probe import probe_script
from orchestrator.remote.session import Transport

GATHER = 0.05  # seconds that a result waits for others to go with it
REMEMBERED = 2_000  # batches that are known to have ended: one that comes again is not begun again
CLOCKS = 60.0  # seconds by which the hub's clock may differ without a word


class SiteWorker:
    """Works on batches from `start` to `stop`. `log` is told what an administrator should read."""

    def __init__(
        self,
        settings: WorkerSettings,
        rules: SiteRules,
        transport: Callable[[], Transport],
        *,
        folder: Path,
        log: Callable[[str], None],
    ) -> None:
        self._settings, self._rules, self._make = settings, rules, transport
        self._folder, self._log = folder, log
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="fleetcheck-hosts", daemon=True)
        self._local: LocalDispatcher | None = None
        self._ready = threading.Event()
        self._reports: dict[str, queue.SimpleQueue[Report]] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._running: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        self._clock_said = False
        self.link = SiteLink(
            settings, in_flight=lambda: self._in_flight, on_cancelled=self._cancelled, log=log
        )

    @property
    def _in_flight(self) -> int:
        return 0 if self._local is None else self._local.in_flight

    def start(self) -> None:
        """Begin; batches may come from now on."""
        self._thread.start()
        self._ready.wait()
        self.link.start()

    def drain(self) -> None:
        """Begin no more hosts; those in flight finish, and all are told. Returns at once."""
        self._log("stopping: hosts in flight finish, nothing new begins")
        asyncio.run_coroutine_threadsafe(self._end(), self._loop)

    def stop(self) -> None:
        """End, once every batch has been told."""
        future = asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        future.result()
        self.link.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5.0)

    # One of Celery's threads runs this for each batch.

    def take(self, message: object, *, redelivered: bool) -> None:
        """Work on a batch, and return once the broker has the last of its results."""
        try:
            sent = self._read(message)
        except SealError as error:
            self._log(f"refused a batch: {error}")
            return
        batch = sent.batch
        with self._lock:
            if batch.id in self._ended:
                return
            running = self._running.get(batch.id)
            if running is None:
                self._running[batch.id] = threading.Event()
        if running is not None:  # it came again over a new link, while it was being worked on
            running.wait()
            return
        try:
            if redelivered and len(batch.hosts) > 1:
                self._return(sent)
            else:
                self._work(sent)
        finally:
            with self._lock:
                self._running.pop(batch.id).set()

    def _read(self, message: object) -> SentBatch:
        text = opened(Kind.BATCH, message, self._settings.hub)
        sent = read_batch(text, self._authority)
        batch = sent.batch
        if batch.site != self._settings.site:
            raise SealError(f"it is for site {batch.site!r}")
        if batch.script != probe_script().sha256:
            raise SealError("the hub's probe is another one: bring both sides to one version of fleetcheck")
        apart = abs((datetime.now(UTC) - batch.sent).total_seconds())
        if apart > CLOCKS and batch.sent > datetime.now(UTC) and not self._clock_said:
            self._clock_said = True
            self._log(f"the hub's clock is {apart:.0f} s ahead of this machine's: set both by NTP")
        return sent

    def _authority(self, pem: str) -> Path:
        """Keep a CA certificate that came with a batch in a file of this process's own."""
        path = self._folder / f"{hashlib.sha256(pem.encode()).hexdigest()}.pem"
        if not path.exists():
            path.write_text(pem, "utf-8")
        return path

    def _return(self, sent: SentBatch) -> None:
        """Give back a batch whose first worker died, or was cut off: one of its hosts may be the reason."""
        batch = sent.batch
        self._log(
            f"batch {batch.id[:8]} of {plural(len(batch.hosts), 'host')} came a second time: "
            "given back in halves"
        )
        report = Report(site=batch.site, run=batch.run, epoch=batch.epoch, batch=batch.id, returned=True)
        self.link.publish(report_text(report, sent)).result()

    def _work(self, sent: SentBatch) -> None:
        batch, began = sent.batch, datetime.now(UTC)
        reports = self._reports[batch.id] = queue.SimpleQueue()
        local = self._local
        assert local is not None  # noqa: S101  # `start` has made it
        asyncio.run_coroutine_threadsafe(local.submit(batch), self._loop).result()
        sending: list[Future[None]] = []
        probed = done = 0
        ended = False
        while not ended:
            report = _gathered(reports)
            ended = report.ended
            done += len([unit for unit in report.units if isinstance(unit, UnitDone)])
            probed += len(
                [u for u in report.units if isinstance(u, UnitDone) and isinstance(u.outcome, Probed)]
            )
            sending.append(self.link.publish(report_text(report, sent)))
        for each in sending:
            each.result()
        with self._lock:
            self._reports.pop(batch.id)
            self._ended[batch.id] = None
            while len(self._ended) > REMEMBERED:
                self._ended.popitem(last=False)
        took = (datetime.now(UTC) - began).total_seconds()
        held = len(batch.hosts) - done
        self._log(
            f"batch {batch.id[:8]}, {batch.run}: {plural(len(batch.hosts), 'host')}, {probed} probed, "
            f"{done - probed} failed, {held} not begun, in {took:.1f} s"
        )

    # The event loop's thread.

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._open())
        self._loop.run_forever()

    async def _open(self) -> None:
        self._transport = self._make()
        self._local = LocalDispatcher(
            self._rules,
            self._transport,
            SystemClock(),
            random.Random(),  # noqa: S311  # spreads retries, keeps no secret
            width=self._settings.width,
            room=self._settings.slots,
            pace=self._settings.pace,
        )
        self._routing = asyncio.create_task(self._route(self._local))
        self._closed: asyncio.Task[None] | None = None
        self._ready.set()

    async def _route(self, local: LocalDispatcher) -> None:
        async for delivery in local.events():
            if isinstance(delivery.arrival, Report):
                self._reports[delivery.arrival.batch].put(delivery.arrival)

    async def _end(self) -> None:
        if self._closed is None:
            self._closed = asyncio.create_task(self._close())
        await self._closed

    async def _close(self) -> None:
        assert self._local is not None  # noqa: S101  # `start` has made it
        await self._local.close()
        await self._routing
        await self._transport.aclose()

    def _cancelled(self, cancelled: Cancelled) -> None:
        self._log(f"{cancelled.run}: cancelled by the hub")
        if self._local is not None:
            cancel = self._local.cancel(cancelled.run, cancelled.epoch)
            asyncio.run_coroutine_threadsafe(cancel, self._loop)


def _gathered(reports: queue.SimpleQueue[Report]) -> Report:
    """Wait for what is told of a batch, and take what else comes in a moment with it."""
    report = reports.get()
    while not report.ended:
        try:
            more = reports.get(timeout=GATHER)
        except queue.Empty:
            break
        report = replace(report, units=(*report.units, *more.units), ended=more.ended)
    return report
