"""Sites in one process, in a loop that leaps: the workers' own dispatchers, and a queue as their broker."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from inventory.errors import SecretError
from inventory.model import Host
from orchestrator.domain.execution.breaker import Account, account
from orchestrator.domain.sites.unit import PROTOCOL, Batch, Hello, Report, UnitOptions
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.dispatch.local import LocalDispatcher
from orchestrator.fleet.dispatch.port import Delivery, Link, Refused
from orchestrator.fleet.dispatch.remote import Remote
from orchestrator.fleet.dispatch.site_run import Refusal
from orchestrator.fleet.options import ScanOptions
from orchestrator.fleet.run import Services
from orchestrator.fleet.scan import scan
from orchestrator.remote.session import Logon
from tests.fleet.fakes import Behaviour, FakeTransport, ListWriter, Scanned, record_of
from tests.fleet.travel import TravelClock, travel

OPTIONS = UnitOptions(mode="auto", canaries=True, timeout=None, width=60)
RUN = "scan of a test"


class Rules:
    """Allows everything but what a test forbids; every credential is there but `missing`."""

    def __init__(self, refusals: Mapping[str, Refusal] | None = None) -> None:
        self.refusals = refusals or {}

    def refusal(self, host: Host) -> Refusal | None:
        """Say what the test says."""
        return self.refusals.get(host.name)

    def logon(self, credential: str | None) -> Logon:
        """Return a logon of the domain."""
        if credential == "missing":
            raise SecretError("no such file")
        return Logon(username=rf"CORP\{credential}", password="secret")


def local(
    transport: FakeTransport, *, width: int = 50, room: int = 4, rules: Rules | None = None
) -> LocalDispatcher:
    """Make a dispatcher over a fake transport; in the running loop."""
    return LocalDispatcher(
        rules or Rules(),
        transport,
        TravelClock(),
        random.Random(1),  # noqa: S311  # jitter
        width=width,
        room=room,
        pace=0,
    )


@dataclass
class Network:
    """A `Dispatcher` whose sites are in this loop. `silent` ones take batches and never say a word.

    `on_batch` may swallow a batch (True), or put other deliveries in its place.
    """

    transports: Mapping[str, FakeTransport]
    silent: frozenset[str] = frozenset()
    width: int = 50
    slots: int = 10
    protocol: int = PROTOCOL
    script: str = "0" * 64
    pace: float = 0.0  # of the scan
    apart: float = 0.0  # seconds that the workers' clocks are ahead
    rules: Rules = field(default_factory=Rules)
    on_batch: Callable[[Batch, Network], bool] = lambda _batch, _network: False
    batches: list[Batch] = field(default_factory=list)
    cancelled: list[tuple[str, int]] = field(default_factory=list)
    settled: int = 0

    def __post_init__(self) -> None:
        """Begin without anything."""
        self.arrived: asyncio.Queue[Delivery] = asyncio.Queue()
        self.sites: dict[str, LocalDispatcher] = {}
        self.tasks: list[asyncio.Task[None]] = []

    def open(self) -> None:
        """Start the sites; in the running loop."""
        self.arrived.put_nowait(Delivery(arrival=Link(up=True, words="")))
        for name, transport in self.transports.items():
            if name not in self.silent:
                self.sites[name] = local(transport, width=self.width, room=self.slots, rules=self.rules)
                self.tasks += [
                    asyncio.create_task(self._pump(self.sites[name])),
                    asyncio.create_task(self._greet(name)),
                ]

    async def _pump(self, site: LocalDispatcher) -> None:
        async for delivery in site.events():
            self.put(delivery.arrival)

    def put(self, arrival: Any) -> None:
        """Let something arrive."""
        self.arrived.put_nowait(Delivery(arrival=arrival, settle=self._settle))

    def _settle(self) -> None:
        self.settled += 1

    async def _greet(self, site: str) -> None:
        while True:
            now = TravelClock().now()
            self.put(
                Hello(
                    site=site,
                    worker=site,
                    version="0",
                    protocol=self.protocol,
                    script=self.script,
                    sent=now + timedelta(seconds=self.apart),
                    started=now,
                    width=self.width,
                    slots=self.slots,
                    in_flight=0,
                )
            )
            await asyncio.sleep(5)

    async def submit(self, batch: Batch) -> None:
        """Hand a batch to its site."""
        self.batches.append(batch)
        if not self.on_batch(batch, self) and batch.site in self.sites:
            self.tasks.append(asyncio.create_task(self.sites[batch.site].submit(batch)))

    def withdraw(self, _batch: str) -> bool:
        """Return whether a batch is taken back: nothing of what is still being sent arrives."""
        return True

    async def events(self) -> AsyncIterator[Delivery]:
        """Yield what arrives."""
        while True:
            yield await self.arrived.get()

    async def cancel(self, run: str, epoch: int) -> None:
        """Tell the sites."""
        self.cancelled.append((run, epoch))
        for site in self.sites.values():
            await site.cancel(run, epoch)

    async def close(self) -> None:
        """End everything."""
        for task in self.tasks:
            task.cancel()


def domain_account(host: Host) -> Account | None:
    """Return the account of the domain that a host's credential names."""
    return account(host.credential or "", rf"CORP\{host.credential}", host=host.name)


@dataclass
class SitesScanned:
    """What came of a scan over sites."""

    scanned: Scanned
    network: Network
    refused: list[Refused]

    def causes(self) -> dict[str, str]:
        """Return the cause of each host that failed."""
        return {
            record.host: str(getattr(record.outcome, "cause", "")) for record in self.scanned.writer.records
        }


def scan_sites(
    network: Network,
    there: Sequence[Host],
    here: Sequence[Host] = (),
    *,
    here_transport: FakeTransport | None = None,
    stop_after: float | tuple[float, ...] = (),
    patience: float = 60.0,
    sites: int = 3,
    writer: ListWriter | None = None,
) -> SitesScanned:
    """Scan `there` at the network's sites and `here` from here, in a loop that leaps."""
    transport, writer = here_transport or FakeTransport({}), writer or ListWriter()
    events, refused = [], []
    clock = TravelClock()

    async def main() -> Scanned:
        network.open()
        stop = StopRequest()
        for moment in (stop_after,) if isinstance(stop_after, float) else stop_after:
            asyncio.get_running_loop().call_later(moment, stop.ask, "Ctrl-C")

        async def note(what: Refused) -> None:
            refused.append(what)

        remote = Remote(
            dispatcher=network,
            hosts=there,
            account_of=domain_account,
            refused=note,
            run=RUN,
            epoch=1,
            script="0" * 64,
            options=OPTIONS,
            patience=patience,
            sites=sites,
        )
        summary = await scan(
            record_of([*here, *there]),
            here,
            options=ScanOptions(ramp_up=0, pace=network.pace),
            services=Services(
                transport=transport,
                writer=writer,
                logons=lambda name: Logon(username=rf"CORP\{name}", password="secret"),
                clock=clock,
                chance=random.Random(1),  # noqa: S311  # jitter
            ),
            stop=stop,
            on_event=events.append,
            remote=remote,
        )
        await network.close()
        return Scanned(summary, transport, writer, events, clock.monotonic())

    scanned = travel(main())
    return SitesScanned(scanned, network, refused)


def batch_of(there: Sequence[Host], **changes: Any) -> Batch:
    """Make a batch of hosts of one site."""
    now = TravelClock().now()
    base: dict[str, Any] = {
        "id": "b1",
        "site": "berlin",
        "run": RUN,
        "epoch": 1,
        "hosts": tuple(there),
        "options": OPTIONS,
        "script": "0" * 64,
        "sent": now,
        "not_after": now + timedelta(hours=1),
    }
    return Batch(**{**base, **changes})


def report_of(batch: Batch, **changes: Any) -> Report:
    """Make a report about a batch."""
    base: dict[str, Any] = {"site": batch.site, "run": batch.run, "epoch": batch.epoch, "batch": batch.id}
    return Report(**{**base, **changes})


def transports(
    behaviours: Mapping[str, Behaviour], default: Behaviour, *sites: str
) -> dict[str, FakeTransport]:
    """Make a transport for each site."""
    return {site: FakeTransport(behaviours, default) for site in sites}
