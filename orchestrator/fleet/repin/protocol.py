"""The re-pin protocol: a plan in, every planned host written or left alone with a reason, a summary out.

1. A plan is applied only where it holds (`checks`).
2. The run is in the journal before any host is asked (`ledger`).
3. What an earlier process left is read first (`leftovers`).
4. Hosts with a new waiver, or with a stand-alone script at work, are left alone.
5. The rest is written in waves (`waves`, `wave_writer`), each host by `policy.repin_host`: read, rule,
   intend, write, read again. The row says `intent` on the disk before the first byte of the write leaves.
6. Agents are watched where that was asked for, and their writes taken back (`watch`).
7. The run's end is in the journal: no row stays in the middle, and every host has one (`ledger`).

How a row may move is one table: `orchestrator.domain.repin.journal.MOVES`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

from inventory.words import plural
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import Operation, RunState
from orchestrator.domain.repin.plan import Plan, PlannedHost
from orchestrator.fleet.admission.queue import QueuedHost
from orchestrator.fleet.admission.room import make_room
from orchestrator.fleet.control.events import EventSink, Stopping
from orchestrator.fleet.control.stop import (
    LeftError,
    StopRequest,
    result_until_abandoned,
    run_until_abandoned,
)
from orchestrator.fleet.repin import details
from orchestrator.fleet.repin.checks import PlanRefused, check_new, refusals
from orchestrator.fleet.repin.events import RepinEvent, RunStarted
from orchestrator.fleet.repin.host_repin import HostRepin
from orchestrator.fleet.repin.host_write import SentEarlier
from orchestrator.fleet.repin.input import RepinServices, RunInput
from orchestrator.fleet.repin.ledger import RunLedger
from orchestrator.fleet.repin.leftovers import gone, resolve
from orchestrator.fleet.repin.limits import RunLimits
from orchestrator.fleet.repin.pause import JournalPause
from orchestrator.fleet.repin.pool import HostPool
from orchestrator.fleet.repin.summary import HostEnd, RepinSummary
from orchestrator.fleet.repin.wave_writer import WaveWriter
from orchestrator.fleet.repin.waves import Waves
from orchestrator.fleet.run import Execution
from orchestrator.remote.apply import repin_script
from orchestrator.store.errors import StoreError, UnansweredError

__all__ = ["RepinServices", "RunInput", "apply", "resume"]


async def apply(given: RunInput) -> RepinSummary:
    """Apply a plan, wave after wave, and return how that ended; never raise for a host.

    Raise PlanRefused for a plan that does not hold (`checks`): nothing was sent then. Every logon is asked
    for once, before anything starts: raise what `services.logons` raises, and StoreError where the run cannot
    begin (PlanUsedError among them). Later trouble with the database ends the run and is in the summary.
    """
    check_new(given.plan)
    reasons = _refusals(given, given.plan)
    if reasons:
        raise PlanRefused(given.plan.id, reasons)
    return await _RunExecution(given).to_its_end()


async def resume(given: RunInput) -> RepinSummary:
    """Go on with a run: read every host that it left unresolved, then write those not begun or not written.

    What was not begun is left alone where the plan does not hold any more, or its approval, and a remark says
    why. A waiver binds no run that has begun. Raise as `apply`.
    """
    options = replace(given.options, dry_run=False, waived={})
    return await _RunExecution(replace(given, options=options)).to_its_end()


class _RunExecution:
    """One process's part of a run."""

    def __init__(self, given: RunInput) -> None:
        self._given = given
        self._requests = given.requests()
        self._clock = given.services.clock
        self._emit: EventSink[RepinEvent] = EventSink(given.on_event)
        self._limits = RunLimits(given.options.limits, given.stop, self._emit)
        self._pool = HostPool(given.hosts_to_probe(), given.options, given.services, self._limits, self._emit)
        self._room = make_room(given.options.jobs)
        self._ledger = RunLedger(given, self._limits, self._emit)
        journal = self._ledger.journal
        self._pause = None if journal is None else JournalPause(journal)
        self._waves = Waves(given, self._limits, self._pause, self._emit)
        self._asking = False  # the database, between hosts
        self._unapproved = False  # hosts were left alone for that
        self._unanswered = False  # by the database, when the user had enough

    async def to_its_end(self) -> RepinSummary:
        """Go through the plan, and write down how that ended. Raise StoreError where it cannot begin."""
        started = self._clock.now()
        await self._open()
        self._announce(started)
        try:
            await run_until_abandoned(self._work(), self._limits.stop, self._stopping)
        finally:
            self._limits.close()
            state = await self._close()
        return self._summary(state, started)

    async def _open(self) -> None:
        """Begin the run in the journal. Raise StoreError; the user has enough of waiting at a second stop."""
        step = partial(self._stopping, unstored="the run's start")
        try:
            await result_until_abandoned(self._ledger.open(), self._given.stop, step)
        except LeftError:
            run = self._given.record.id
            shows = "`fleetcheck repin status` shows whether the run was begun"
            more = shows if run is None else f"go on with `fleetcheck repin resume {run}`"
            raise UnansweredError(f"no host was asked; once it answers again, {more}") from None

    async def _work(self) -> None:
        """Read what was left, leave alone what may not be written, write the rest in waves."""
        await self._read_leftovers()
        names = self._still_planned(self._ledger.to_begin())
        self._asking = True
        names = await self._without_waived(names)
        names = await self._without_handed_out(names)
        self._asking = False
        writer = WaveWriter(self._given, self._room.jobs, self._pool, self._ledger, self._limits, self._emit)
        await self._waves.go(frozenset(names), writer.write)

    async def _read_leftovers(self) -> None:
        """Read the hosts that an earlier process left unresolved; end their rows by what the values are."""
        leftovers, known = self._ledger.leftovers, self._pool.hosts
        for name, left in leftovers.items():
            if name not in known:
                self._limits.ended(gone(left.own))

        async def one(queued: QueuedHost, execution: Execution) -> HostEnd:
            request = self._requests[queued.host.name].unwatched()

            def resumed(operation: Operation, change: PlannedHost) -> HostRepin:
                sent = SentEarlier(unanswered=operation.state is State.UNKNOWN)
                row = self._ledger.left_row(operation)
                return HostRepin(queued, execution, replace(request, change=change), row, sent=sent)

            return await resolve(leftovers[queued.host.name], request.change, resumed)

        await self._pool.over([name for name in leftovers if name in known], self._room.jobs, one)

    def _still_planned(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the hosts that may be begun: none where a resumed run's plan does not hold for them now."""
        if self._given.unapproved and names:
            self._unapproved = True
            self._limits.stop_at_gate("its approval does not hold any more")
            self._emit.remark(f"{_left_alone(names)}: {self._given.unapproved}")
            return ()
        if self._given.record.id is None or not names:
            return names
        changes = tuple(self._requests[name].change for name in names)
        against = _refusals(self._given, replace(self._given.plan, hosts=changes))
        if not against:
            return names
        more = f" (and {plural(len(against) - 1, 'more reason')})" if against[1:] else ""
        self._emit.remark(f"{_left_alone(names)}: {against[0]}{more}")
        return ()

    async def _without_waived(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse the hosts with a waiver that the plan does not know; return the others."""
        waived = self._given.options.waived
        for name in names:
            if name in waived:
                await self._refuse(name, waived[name])
        return tuple(name for name in names if name not in waived)

    async def _refuse(self, name: str, why: str) -> None:
        row = self._ledger.new_row(name, 0)
        try:
            await row.open(State.REFUSED, detail=why)
        except StoreError as error:
            self._limits.stop_for_trouble(str(error))
        else:
            self._limits.ended(row.end(advice=details.WAIVED_ADVICE))

    async def _without_handed_out(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """End the hosts whose stand-alone script may be at work; return the others. A dry run asks, too."""
        journal, now = self._given.journal, self._clock.now
        handed = {} if journal is None or not names else await journal.handed_out(names)
        at_work = {name: row for name, row in handed.items() if row.deadline is None or now() < row.deadline}
        for row in at_work.values():
            self._limits.ended(_handed_out(row))
        return tuple(name for name in names if name not in at_work)

    async def _close(self) -> RunState:
        """Write how the run ended; one that the database has failed stays `running`, and can be resumed."""
        step = partial(self._stopping, unstored="the run's end")
        try:
            return await result_until_abandoned(self._write_end(), self._given.stop, step)
        except LeftError:
            self._unanswered = True
            error: StoreError = UnansweredError("how the run ended was not stored")
        except StoreError as found:
            error = found
        self._limits.stop_for_trouble(str(error))
        return RunState.RUNNING

    async def _write_end(self) -> RunState:
        if self._pause is not None:
            await self._pause.end()
        return await self._ledger.close()

    def _announce(self, started: datetime) -> None:
        self._emit(
            RunStarted(
                run=self._ledger.run,
                plan=self._given.plan.id,
                hosts=len(self._ledger.to_begin()),
                unresolved=len(self._ledger.leftovers),
                jobs=self._room.jobs,
                dry_run=self._given.options.dry_run,
                at=started,
            )
        )
        if self._room.words:
            self._emit.remark(self._room.words)

    def _stopping(self, stop: StopRequest, unstored: str = "") -> None:
        flying, left = self._limits.hosts_in_flight, stop.abandoned
        asking = self._asking or (self._pause is not None and self._pause.lasts)
        self._emit(
            Stopping(reason=stop.reason, in_flight=flying, abandoned=left, unstored=unstored, asking=asking)
        )

    def _summary(self, state: RunState, started: datetime) -> RepinSummary:
        limits, ledger = self._limits, self._ledger
        hosts, not_started = len(self._given.names), ledger.never_begun()
        return RepinSummary(
            run=ledger.run,
            plan=self._given.plan.id,
            state=state,
            hosts=hosts,
            already=hosts - len(limits.ends) - len(not_started),
            ends=tuple(limits.ends.values()),
            not_started=not_started,
            started=started,
            ended=self._clock.now(),
            waves=self._waves.begun,
            dry_run=self._given.options.dry_run,
            reason=ledger.reason(),
            interrupted=limits.interrupted,
            gate=limits.gate and (bool(not_started) or self._unapproved),
            abandoned=limits.stop.abandoned,
            finished_after_stop=limits.finished_after_stop,
            failed_after_stop=limits.failed_after_stop,
            trouble=limits.trouble,
            unanswered=self._unanswered,
            earlier=tuple(row for name, row in ledger.rows.items() if name not in limits.ends),
            given_up=self._pool.given_up(),
            remarks=tuple(self._emit.remarks),
        )


def _left_alone(names: tuple[str, ...]) -> str:
    return f"{plural(len(names), 'host not begun is', 'hosts not begun are')} left alone"


def _refusals(given: RunInput, plan: Plan) -> tuple[str, ...]:
    return tuple(refusals(plan, given.hosts, given.services.clock.now(), repin_script().sha256))


def _handed_out(row: Operation) -> HostEnd:
    return HostEnd(
        host=row.host,
        state=State.NOT_STARTED,
        detail=details.HANDED_OUT,
        wave=0,
        advice=details.HANDED_OUT_ADVICE,
    )
