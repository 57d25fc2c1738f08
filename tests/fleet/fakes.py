"""A fleet at the seam: sessions whose behaviour a test writes in a few lines,
and a writer that keeps a list.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from inventory.model import Host, ListedPort, Profile, RoleValues, Waiver
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.domain.record import HostRecord, ScanRecord, ScanState
from orchestrator.fleet.control.clock import Clock
from orchestrator.fleet.control.events import Event
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.options import ScanOptions
from orchestrator.fleet.run import Services
from orchestrator.fleet.scan import scan
from orchestrator.fleet.summary import ScanSummary
from orchestrator.remote.faults.fault import Again, Fault, RefusedBy
from orchestrator.remote.session import Endpoint, Logon, Parameter, Reply, Script, TryFacts
from tests.fleet.travel import NEW_YEAR, TravelClock, travel

PROFILE = Profile(
    name="small",
    title="Small",
    key=r"SOFTWARE\Small",
    roles=(RoleValues(role="primary", port_value="PrimaryTunnelPort"),),
    ports=(ListedPort(number=2147), ListedPort(number=443)),
)
NO_AGENT = json.dumps(
    {
        "v": 1,
        "script": "probe",
        "language": "FullLanguage",
        "mode": "auto",
        "whole": False,
        "deadline": False,
        "cut": 0,
        "parts": [
            {"n": name, "ms": 1, "e": None} for name in ("identity", "registry", "connections", "attempts")
        ],
        "identity": {
            **dict.fromkeys(
                ("computer", "fqdn", "machine_id", "os_name", "os_version", "powershell", "edition", "clr")
            ),
            **dict.fromkeys(("clock", "time_zone", "utc_offset", "elevated", "bits")),
            "interfaces": [],
        },
        "views": [
            {
                "view": bits,
                "state": "absent",
                "path": r"SOFTWARE\Small",
                "e": None,
                "dropped": 0,
                "values": [],
            }
            for bits in (64, 32)
        ],
        "connections": {"complete": True, "rows": []},
        "targets": [],
        "attempts": [],
        "canaries": [],
    }
)


@dataclass
class FakeSession:
    """Runs what the test wrote for its host."""

    endpoint: Endpoint
    logon: Logon
    deadline: float
    before_logon: Callable[[], Awaitable[None]]
    accepted: Callable[[], None]
    behave: Behaviour
    phase: Phase = Phase.RESOLVE
    closing: Callable[[], Awaitable[tuple[str, ...]]] | None = None
    cut: bool = False
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    @property
    def facts(self) -> TryFacts:
        """Say how far it came, in no time."""
        return TryFacts(phase=self.phase, timings={})

    async def run(self, _script: Script, parameters: Mapping[str, Parameter]) -> Reply:
        """Answer as the test says."""
        self.parameters = parameters
        try:
            return Reply(text=await self.behave(self), auth="ntlm")
        except asyncio.CancelledError:
            self.cut = True
            raise

    async def close(self) -> tuple[str, ...]:
        """Close at once, or as the test says."""
        return await self.closing() if self.closing else ()

    async def reach(self, phase: Phase) -> None:
        """Come as far as a phase: wait for the right to log on, have the logon taken,
        as far as that lies before it.
        """
        if phase not in {Phase.RESOLVE, Phase.CONNECT}:
            await self.before_logon()
        if phase in {Phase.OPEN, Phase.RUN, Phase.DECODE}:
            self.accepted()
        self.phase = phase


Behaviour = Callable[[FakeSession], Awaitable[str]]


@dataclass
class FakeTransport:
    """Gives each host the behaviour that stands under its name, else `default`;
    keeps the sessions it made.
    """

    behaviours: Mapping[str, Behaviour] = field(default_factory=dict)
    default: Behaviour | None = None
    sessions: list[FakeSession] = field(default_factory=list)

    def session(
        self,
        endpoint: Endpoint,
        logon: Logon,
        *,
        deadline: float,
        before_logon: Callable[[], Awaitable[None]] | None = None,
        accepted: Callable[[], None] | None = None,
    ) -> FakeSession:
        """Make a session."""
        assert before_logon is not None
        assert accepted is not None
        behave = self.behaviours.get(endpoint.host, self.default or answers())
        made = FakeSession(endpoint, logon, deadline, before_logon, accepted, behave)
        self.sessions.append(made)
        return made

    async def aclose(self) -> None:
        """Nothing to give back."""

    def tried(self, host: str) -> int:
        """Count the sessions of a host."""
        return sum(made.endpoint.host == host for made in self.sessions)


class ListWriter:
    """Keeps what a database would."""

    def __init__(self) -> None:
        self.begun: list[ScanRecord] = []
        self.records: list[HostRecord] = []
        self.ended: list[tuple[int, ScanState, datetime]] = []

    async def begin_scan(self, scan: ScanRecord) -> int:
        """Keep the scan's record."""
        self.begun.append(scan)
        return 7

    async def put(self, _scan_id: int, record: HostRecord) -> None:
        """Keep a host's record."""
        await asyncio.sleep(0)
        self.records.append(record)

    def flush(self) -> None:
        """Nothing waits for more."""

    async def end_scan(self, scan_id: int, state: ScanState, ended: datetime) -> None:
        """Keep the end."""
        self.ended.append((scan_id, state, ended))

    def of(self, host: str) -> HostRecord:
        """Return a host's record."""
        return next(record for record in self.records if record.host == host)


def answers(seconds: float = 1.0, text: str = NO_AGENT) -> Behaviour:
    """Log on at once, answer later."""

    async def behave(session: FakeSession) -> str:
        await session.reach(Phase.RUN)
        await asyncio.sleep(seconds)
        session.phase = Phase.DECODE
        return text

    return behave


def hangs(phase: Phase) -> Behaviour:
    """Come as far as a phase, and no farther."""

    async def behave(session: FakeSession) -> str:
        await session.reach(phase)
        await asyncio.sleep(1e9)
        return ""

    return behave


def fails(
    phase: Phase,
    cause: Cause,
    again: Again = Again.NEVER,
    seconds: float = 0.5,
    refused_by: RefusedBy | None = None,
) -> Behaviour:
    """Fail in a phase, always."""

    async def behave(session: FakeSession) -> str:
        await session.reach(phase)
        await asyncio.sleep(seconds)
        raise Fault(
            phase=phase,
            cause=cause,
            detail="as told",
            advice="do this",
            again=again,
            refused_by=refused_by,
        )

    return behave


def then(*behaviours: Behaviour) -> Behaviour:
    """Behave as the first at the first try, as the second at the second, ..."""
    rest = iter(behaviours)

    async def behave(session: FakeSession) -> str:
        return await next(rest)(session)

    return behave


CHANCE = random.Random(1)  # noqa: S311  # jitter, not a secret
REJECTS = fails(Phase.AUTH, Cause.LOGON_FAILED, refused_by=RefusedBy.HOST)
REFUSED_BY_DOMAIN = fails(Phase.AUTH, Cause.LOGON_FAILED, refused_by=RefusedBy.DOMAIN)


def host(name: str, **changes: Any) -> Host:
    """Make a host of the inventory."""
    base = Host(name=name, address=name, port=5986, profile=PROFILE, credential="ops", timeout=60.0)
    return replace(base, **changes)


def hosts(count: int, **changes: Any) -> list[Host]:
    """Make h1, h2, ..."""
    return [host(f"h{number}", **changes) for number in range(1, count + 1)]


def record_of(selected: Sequence[Host], **changes: Any) -> ScanRecord:
    """Make the record of a scan that is about to begin."""
    base = ScanRecord(
        id=None,
        started=NEW_YEAR,
        mode="auto",
        inventory="fleet.yaml",
        inventory_digest="0" * 64,
        selection="",
        hosts=tuple(one.name for one in selected),
        command="fleetcheck scan",
        user="me",
        version="0",
        script="0" * 64,
    )
    return replace(base, **changes)


@dataclass
class Scanned:
    """What came of a scan over a fake fleet; `seconds` is how long it took in the leaping loop."""

    summary: ScanSummary
    transport: FakeTransport
    writer: ListWriter
    events: list[Event]
    seconds: float

    def told(self, kind: type) -> list[Any]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


def run_scan(  # noqa: PLR0913  # what a test may want to be different, by keyword
    selected: Sequence[Host],
    behaviours: Mapping[str, Behaviour] | None = None,
    *,
    default: Behaviour | None = None,
    writer: ListWriter | None = None,
    stop: StopRequest | None = None,
    before: Callable[[StopRequest, Clock], Awaitable[None]] | None = None,
    logons: Callable[[str | None], Logon] = lambda name: Logon(username=rf"CORP\{name}", password="secret"),
    listener: Callable[[Event], None] | None = None,
    scanned: ScanRecord | None = None,
    waivers: Sequence[Waiver] = (),
    **options: Any,
) -> Scanned:
    """Scan a fake fleet in a loop that leaps; `before` runs beside the scan, to stop it or look at it."""
    transport, kept, events = FakeTransport(behaviours or {}, default), writer or ListWriter(), []
    clock, ending = TravelClock(), stop or StopRequest()

    async def main() -> Scanned:
        beside = asyncio.create_task(before(ending, clock)) if before else None
        summary = await scan(
            scanned or record_of(selected),
            selected,
            options=ScanOptions(**options),
            services=Services(transport=transport, writer=kept, logons=logons, clock=clock, chance=CHANCE),
            waivers=waivers,
            stop=ending,
            on_event=listener or events.append,
        )
        if beside:
            beside.cancel()
        return Scanned(summary, transport, kept, events, clock.monotonic())

    return travel(main())
