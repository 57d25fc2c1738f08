"""The scan: hosts in, one committed result per host that was started, a summary out."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from inventory.model import Host, Waiver
from inventory.words import plural
from orchestrator.domain.execution.breaker import Account
from orchestrator.domain.outcome import Outcome
from orchestrator.domain.record import HostRecord, ScanRecord, ScanState
from orchestrator.domain.waiver import Waived, unexpired
from orchestrator.fleet import words
from orchestrator.fleet.admission.accounts import Accounts
from orchestrator.fleet.admission.pace import Pace
from orchestrator.fleet.admission.queue import HostQueue, QueuedHost
from orchestrator.fleet.admission.ramp import Ramp
from orchestrator.fleet.admission.room import make_room
from orchestrator.fleet.control.events import Event, EventSink, HostFinished, Listener, ScanStarted, Stopping
from orchestrator.fleet.control.stop import StopRequest, run_until_abandoned
from orchestrator.fleet.host_probe import HostProbe
from orchestrator.fleet.options import ScanOptions
from orchestrator.fleet.ports import as_part, asking_ports
from orchestrator.fleet.results import Score, host_record
from orchestrator.fleet.run import Execution, Services
from orchestrator.fleet.runner import Broke, fan_out, told_to_end
from orchestrator.fleet.storing import Storing, begin, end
from orchestrator.fleet.summary import RemoteEnd, ScanSummary
from orchestrator.store.errors import StoreError, UnansweredError

if TYPE_CHECKING:
    from orchestrator.fleet.dispatch.remote import Remote


async def scan(
    record: ScanRecord,
    hosts: Sequence[Host],
    *,
    options: ScanOptions,
    services: Services,
    waivers: Iterable[Waiver] = (),
    stop: StopRequest | None = None,
    on_event: Listener | None = None,
    remote: Remote | None = None,
) -> ScanSummary:
    """Probe `hosts`, a few at a time, and store what became of each; never raise for a host.

    `record` without an id begins a new scan; with one it goes on with that scan, and `hosts` are those that
    have no result yet. Every logon is asked for once, before anything starts: what `services.logons` raises
    comes out, and so does StoreError where the scan cannot begin. Later trouble with the database ends the
    run and is in the summary. `remote`: hosts beside these that sites are asked for.
    """
    running = _Scan(record, hosts, options, services, stop or StopRequest(), on_event, remote)
    return await running.run(unexpired(waivers, services.clock.now().date()))


class _Scan:
    """One execution of `scan`: what its workers share and count."""

    def __init__(
        self,
        record: ScanRecord,
        hosts: Sequence[Host],
        options: ScanOptions,
        services: Services,
        stop: StopRequest,
        on_event: Listener | None,
        remote: Remote | None,
    ) -> None:
        self._record = record
        self._hosts = hosts
        self._named = {host.name: host for host in hosts} if options.ports is not None else {}
        self._options = options
        self._services = services
        self._stop = stop
        self._emit: EventSink[Event] = EventSink(on_event)
        self._accounts = Accounts(hosts, services.logons, options.rejections, self._emit)
        self._queue = HostQueue(
            hosts,
            self._accounts.of,
            self._accounts.gate,
            stop,
            per_site=options.per_site,
            ramp=Ramp(options.ramp_up, services.clock),
        )
        self._remote = remote
        self._shares = self._shared_pace()
        self._selected = len(hosts) + (len(remote.hosts) if remote else 0)
        self._sites = RemoteEnd()
        self._score = Score(self._selected)
        self._in_flight = 0
        self._trouble = ""
        self._storing: Storing | None = None
        self._unanswered = False  # by the database, when the user had enough
        self._waived: Waived = {}

    def _shared_pace(self) -> Mapping[str, Mapping[str, float]]:
        """Part the pace of each gateway among the sites that ask it, and this machine ("")."""
        if self._remote is None:
            return {}
        from orchestrator.fleet.dispatch.shares import shares

        return shares(self._hosts, self._remote.hosts, self._options.pace)

    async def run(self, waived: Waived) -> ScanSummary:
        services, self._waived = self._services, waived
        started = services.clock.now()
        room = make_room(self._options.jobs)
        step = partial(self._stopping, unstored="the scan's start")
        scan_id = self._record.id or await begin(services.writer, self._record, self._stop, step)
        self._emit(
            ScanStarted(
                scan=scan_id,
                hosts=self._selected,
                selected=len(self._record.hosts),
                jobs=room.jobs,
                at=started,
            )
        )
        if room.words:
            self._emit.remark(room.words)
        try:
            await self._run_queue(scan_id, room.jobs)
        finally:
            state = await self._end(scan_id)
        return self._summary(scan_id, state, started)

    async def _run_queue(self, scan_id: int, jobs: int) -> None:
        """Start the hosts, wait for them and their results, or until they are to be abandoned."""
        services = self._services
        self._storing = storing = Storing(
            services.writer, scan_id, jobs=jobs, kept=self._kept, failed=self._not_stored
        )
        execution = Execution(
            options=self._options,
            transport=services.transport,
            secrets=self._accounts.secrets,
            gate=self._accounts.gate,
            queue=self._queue,
            pace=Pace(self._options.pace, services.clock, self._shares.get("")),
            clock=services.clock,
            chance=services.chance,
            stop=self._stop,
            emit=self._emit,
        )

        async def work(queued: QueuedHost) -> None:
            self._in_flight += 1
            try:
                await self._one_host(queued, execution, storing)
            finally:
                self._in_flight -= 1
                self._queue.leave(queued)

        async def consume() -> None:
            async with aclosing(
                fan_out(
                    self._queue,
                    work,
                    jobs=max(1, min(jobs, len(self._hosts))),
                    stopped=lambda: self._stop.requested,
                )
            ) as landed:
                async for item in landed:
                    if isinstance(item, Broke):  # the run's own fault: `_one_host` keeps a host's
                        self._trouble = self._trouble or words.place(item.error)
                        self._stop.abandon("a fault in fleetcheck")

        work_on_all = consume() if self._remote is None else self._beside_sites(consume(), storing)
        try:
            await run_until_abandoned(work_on_all, self._stop, self._stopping)
        finally:
            if late := await storing.land(self._stop, self._stopping):
                self._not_answered(f"{plural(late, 'result was', 'results were')} not stored")

    async def _beside_sites(self, here: Coroutine[Any, Any, None], storing: Storing) -> None:
        """Ask the sites for their hosts while those of here are asked."""
        from orchestrator.fleet.dispatch.results import broke, judged
        from orchestrator.fleet.dispatch.sites import SitesRun

        assert self._remote is not None  # noqa: S101  # the caller has looked

        async def keep(host: Host, outcome: Outcome) -> bool:
            record = judged(host, outcome, self._waived)
            return await storing.keep(record, lambda error: broke(host, outcome, error, self._waived))

        run = SitesRun(
            self._remote,
            self._accounts.gate,
            clock=self._services.clock,
            stop=self._stop,
            remark=self._emit.remark,
            keep=keep,
            shares=self._shares,
        )
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(here)
                group.create_task(run.run())
        finally:
            self._sites = run.end()

    async def _one_host(self, queued: QueuedHost, execution: Execution, storing: Storing) -> None:
        """Ask a host, judge it, hand its result on: whatever happens to it, it has one."""
        host, ports = queued.host, self._options.ports
        if ports is not None:  # one that was put back is asked so already
            host = self._named[host.name]
            queued = asking_ports(replace(queued, host=host), ports)
        probing = HostProbe(queued, execution)

        def broke(error: BaseException) -> HostRecord:
            return host_record(host, probing.broke(error), self._waived)

        try:
            outcome = await probing.outcome()
            if outcome is None:
                return
            outcome = outcome if ports is None else as_part(outcome)
            record = host_record(host, outcome, self._waived)
        except asyncio.CancelledError as error:
            if told_to_end():
                raise
            record = broke(error)
        except Exception as error:  # noqa: BLE001  # the promise: what nobody foresaw is this host's result
            record = broke(error)
        await storing.add(record, broke)

    def _not_stored(self, error: Exception) -> None:
        """End the scan where the database fails."""
        self._trouble = self._trouble or (str(error) if isinstance(error, StoreError) else words.place(error))
        self._stop.abandon("the database" if isinstance(error, StoreError) else "a fault in fleetcheck")

    def _not_answered(self, what: str) -> None:
        self._unanswered = True
        self._trouble = self._trouble or f"the database does not answer: {what}"

    def _kept(self, record: HostRecord) -> None:
        self._score.add(record)
        self._emit(HostFinished(record=record))

    async def _end(self, scan_id: int) -> ScanState:
        """Write how the scan ended; one that the database has failed stays `running`, and can be resumed."""
        told = self._score.done + sum(map(len, self._barred().values()))
        if not self._stop.requested:  # hosts of a silent site are not started, and nobody waits for them
            told += len(self._sites.not_started)
        everyone = told >= self._selected
        state = ScanState.FINISHED if everyone else ScanState.INTERRUPTED
        if not self._trouble:
            await self._write_end(scan_id, state)
        return state

    async def _write_end(self, scan_id: int, state: ScanState) -> None:
        now, step = self._services.clock.now(), partial(self._stopping, unstored="the scan's end")
        try:
            await end(self._services.writer, scan_id, state, now, self._stop, step)
        except StoreError as error:
            self._trouble, self._unanswered = str(error), isinstance(error, UnansweredError)

    def _summary(self, scan_id: int, state: ScanState, started: datetime) -> ScanSummary:
        return ScanSummary(
            scan=scan_id,
            state=state,
            counts=self._score.counts,
            started=started,
            ended=self._services.clock.now(),
            already=len(self._record.hosts) - self._selected,
            causes=self._score.causes,
            tries_again=self._score.tries_again,
            given_up=self._accounts.given_up(self._barred()),
            reason=self._stop.reason,
            abandoned=self._stop.abandoned,
            trouble=self._trouble,
            unanswered=self._unanswered,
            remarks=tuple(self._emit.remarks),
            sites=self._sites,
        )

    def _barred(self) -> Mapping[Account, Sequence[str]]:
        """Return the hosts that were not begun for their account, here and at the sites."""
        here, there = self._queue.barred, self._sites.barred
        return {key: (*here.get(key, ()), *there.get(key, ())) for key in {**here, **there}}

    def _stopping(self, stop: StopRequest, unstored: str = "") -> None:
        self._emit(
            Stopping(
                reason=stop.reason,
                in_flight=self._in_flight,
                abandoned=stop.abandoned,
                storing=0 if self._storing is None else self._storing.under_way,
                unstored=unstored,
            )
        )
