"""The re-pin: a plan in, every planned host written by the protocol or left alone with a reason, a summary out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from inventory.model import Host
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import Operation, RunRecord, RunState
from orchestrator.domain.repin.plan import Plan
from orchestrator.fleet.admission.room import make_room
from orchestrator.fleet.control.event_sink import EventSink
from orchestrator.fleet.control.events import Stopping
from orchestrator.fleet.control.run_until_abandoned import run_until_abandoned
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.repin import words as repin_words
from orchestrator.fleet.repin.checks import PlanRefused, check_new, refusals
from orchestrator.fleet.repin.events import RepinEvent, RepinListener, RunStarted
from orchestrator.fleet.repin.host import HostWork
from orchestrator.fleet.repin.journal import RunJournal
from orchestrator.fleet.repin.ledger import Books
from orchestrator.fleet.repin.leftovers import gone, resolve
from orchestrator.fleet.repin.limits import Course
from orchestrator.fleet.repin.options import RepinOptions
from orchestrator.fleet.repin.pool import Crew
from orchestrator.fleet.repin.services import RepinServices
from orchestrator.fleet.repin.summary import HostEnd, RepinSummary
from orchestrator.fleet.repin.waves import Waves
from orchestrator.remote.apply import repin_script
from orchestrator.store.errors import StoreError

__all__ = ["RepinServices", "apply", "resume"]


async def apply(
    plan: Plan,
    hosts: Mapping[str, Host],
    *,
    record: RunRecord,
    options: RepinOptions,
    means: RepinServices,
    journal: RunJournal | None,
    stop: StopRequest | None = None,
    on_event: RepinListener | None = None,
) -> RepinSummary:
    """Apply a plan, wave after wave; never raises for a host.

    `hosts` are the inventory's, by name. `record` is the run's, without an id. `journal` is None for a dry run only.
    Raises PlanRefused for a plan that does not hold (`plan_checks`): nothing was sent then. Every logon is asked for
    once, before anything starts: what `means.logons` raises comes out, and so does StoreError where the run cannot
    begin (PlanUsedError among them). Later trouble with the database ends the run and is in the summary.
    """
    check_new(plan)
    reasons = tuple(refusals(plan, hosts, means.clock.now(), repin_script().sha256))
    if reasons:
        raise PlanRefused(plan.id, reasons)
    running = _Repin(plan, hosts, options, means, stop or StopRequest(), on_event)
    return await running.run(record, journal)


async def resume(
    plan: Plan,
    hosts: Mapping[str, Host],
    *,
    record: RunRecord,
    options: RepinOptions,
    means: RepinServices,
    journal: RunJournal,
    stop: StopRequest | None = None,
    on_event: RepinListener | None = None,
) -> RepinSummary:
    """Go on with a run: read every host that it left unresolved, then write those that it never began or did not write.

    `record` is the run's, with its id. What was not begun is left alone where the plan does not hold any more, and a
    remark says why. A waiver binds no run that has begun. Raises as `apply`.
    """
    running = _Repin(
        plan, hosts, replace(options, dry_run=False, waived={}), means, stop or StopRequest(), on_event
    )
    return await running.run(record, journal)


class _Repin:
    """One process's part of a run."""

    def __init__(
        self,
        plan: Plan,
        hosts: Mapping[str, Host],
        options: RepinOptions,
        means: RepinServices,
        stop: StopRequest,
        on_event: RepinListener | None,
    ) -> None:
        self._plan = plan
        self._hosts = hosts
        self._options = options
        self._clock = means.clock
        self._tell: EventSink[RepinEvent] = EventSink(on_event)
        self._course = Course(options.limits, stop, self._tell)
        self._crew = Crew(plan, hosts, options, means, self._course, self._tell)
        self._room = make_room(options.jobs)
        self._books = Books(self._crew)
        self._waves = Waves(self._crew, self._room.jobs)

    async def run(self, record: RunRecord, given: RunJournal | None) -> RepinSummary:
        """Go through the plan, and write down how that ended. Raises StoreError where it cannot begin."""
        started = self._clock.now()
        journal = None if self._options.dry_run else given
        if journal is not None:
            await self._books.open(journal, record)
        self._tell(
            RunStarted(
                run=self._crew.desk.run,
                plan=self._plan.id,
                hosts=len(self._to_begin()),
                unresolved=len(self._books.left),
                jobs=self._room.jobs,
                dry_run=self._options.dry_run,
                at=started,
            )
        )
        if self._room.words:
            self._tell.remark(self._room.words)
        try:
            await run_until_abandoned(self._go(given), self._course.stop, self._stopping)
        finally:
            self._course.close()
            state = await self._finish(journal)
        return self._summary(state, started)

    async def _go(self, journal: RunJournal | None) -> None:
        """Read what was left, then write what was not begun, or found as it was."""
        await self._resolve()
        todo = await self._todo(journal)
        await self._waves.go(todo)

    async def _resolve(self) -> None:
        """Read what an earlier process left."""
        left_rows = self._books.left

        async def one(host: HostWork) -> HostEnd:
            return await resolve(self._crew, host, left_rows[host.turn.host.name])

        known = self._crew.hosts
        for name, left in left_rows.items():
            if name not in known:
                self._course.ended(gone(left.own))
        await self._crew.over([name for name in left_rows if name in known], self._room.jobs, one)

    async def _todo(self, journal: RunJournal | None) -> frozenset[str]:
        """Give the hosts that may be begun: not done, not given away, and planned as they still are."""
        names = list(self._to_begin())
        if self._books.rows and names:
            rest = replace(self._plan, hosts=tuple(self._crew.changes[name] for name in names))
            against = tuple(refusals(rest, self._hosts, self._clock.now(), repin_script().sha256))
            if against:
                more = f" (and {len(against) - 1} more reasons)" if against[1:] else ""
                self._tell.remark(f"{len(names)} hosts not begun are left alone: {against[0]}{more}")
                return frozenset()
        waived = self._options.waived
        for name in [name for name in names if name in waived]:
            names.remove(name)
            await self._crew.refuse(name, waived[name], repin_words.WAIVED_ADVICE)
        given = {} if journal is None else await journal.handed_out(names)
        for name, row in given.items():
            if row.deadline is None or self._clock.now() < row.deadline:
                names.remove(name)
                self._course.ended(_handed_out(row))
        return frozenset(names)

    def _to_begin(self) -> tuple[str, ...]:
        return tuple(each.host for each in self._plan.hosts if self._books.to_begin(each.host))

    def _never_begun(self) -> tuple[str, ...]:
        return tuple(each.host for each in self._plan.hosts if self._books.never_begun(each.host))

    async def _finish(self, journal: RunJournal | None) -> RunState:
        """Write down how the run ended; one that the database has failed stays `running`, and can be resumed."""
        run = self._crew.desk.run
        if journal is None or run is None:
            return self._books.state()
        try:
            await self._waves.come_back()
            return await self._books.close(journal, run)
        except StoreError as error:
            self._course.troubled(str(error))
            return RunState.RUNNING

    def _summary(self, state: RunState, started: datetime) -> RepinSummary:
        course = self._course
        not_started = self._never_begun()
        return RepinSummary(
            run=self._crew.desk.run,
            plan=self._plan.id,
            state=state,
            hosts=len(self._plan.hosts),
            already=len(self._plan.hosts) - len(course.ends) - len(not_started),
            ends=tuple(course.ends.values()),
            not_started=not_started,
            started=started,
            ended=self._clock.now(),
            waves=self._waves.begun,
            dry_run=self._options.dry_run,
            reason=self._books.reason(),
            interrupted=course.interrupted,
            gate=course.gate and bool(not_started),
            abandoned=course.stop.abandoned,
            finished_after_stop=course.finished_after_stop,
            failed_after_stop=course.failed_after_stop,
            trouble=course.trouble,
            given_up=self._crew.given_up(),
            remarks=tuple(self._tell.remarks),
        )

    def _stopping(self, stop: StopRequest) -> None:
        self._tell(Stopping(reason=stop.reason, in_flight=self._course.in_flight, abandoned=stop.abandoned))


def _handed_out(row: Operation) -> HostEnd:
    return HostEnd(
        host=row.host,
        state=State.NOT_STARTED,
        detail=repin_words.HANDED_OUT,
        wave=0,
        advice=repin_words.HANDED_OUT_ADVICE,
    )
