"""Goes over hosts of a plan, a few at a time, whatever is done with each: logons, pace, breakers, and what breaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import replace

from inventory.model import Host
from orchestrator.domain.execution.breaker import Account
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import Operation
from orchestrator.domain.repin.plan import Plan, PlannedHost
from orchestrator.fleet import words
from orchestrator.fleet.admission.accounts import Accounts
from orchestrator.fleet.admission.pace import Pace
from orchestrator.fleet.admission.queue import HostQueue, QueuedHost
from orchestrator.fleet.admission.ramp import Ramp
from orchestrator.fleet.control.event_sink import EventSink
from orchestrator.fleet.control.events import BreakerTripped
from orchestrator.fleet.repin.events import RepinEvent
from orchestrator.fleet.repin.host import HostWork, Task
from orchestrator.fleet.repin.journal import RunJournal
from orchestrator.fleet.repin.limits import Course
from orchestrator.fleet.repin.options import RepinOptions
from orchestrator.fleet.repin.readings import BEFORE
from orchestrator.fleet.repin.row import Desk, Row
from orchestrator.fleet.repin.services import RepinServices
from orchestrator.fleet.repin.summary import HostEnd
from orchestrator.fleet.run import Execution
from orchestrator.fleet.runner import Broke, fan_out
from orchestrator.fleet.summary import GivenUp
from orchestrator.store.errors import InFlightError, StoreError

Doing = Callable[[HostWork], Awaitable[HostEnd | None]]


class Crew:
    """What the hosts of a run share. What `means.logons` raises comes out."""

    def __init__(
        self,
        plan: Plan,
        hosts: Mapping[str, Host],
        options: RepinOptions,
        means: RepinServices,
        course: Course,
        tell: EventSink[RepinEvent],
    ) -> None:
        self.plan = plan
        self.options = options
        self.means = means
        self.course = course
        self.tell = tell
        self.changes = {planned.host: planned for planned in plan.hosts}
        self.hosts = {
            name: _wanting(hosts[name], each, options.credential)
            for name, each in self.changes.items()
            if name in hosts
        }
        self.undoes: Mapping[str, int] = {}
        self.begun: dict[str, Row] = {}  # by host: what this process has begun, or was about to
        self.desk = Desk(journal=None, run=None, plan=plan.id, clock=means.clock, tell=tell)
        self._accounts = Accounts(self.hosts.values(), means.logons, options.rejections, self._tripped)
        self._pace = Pace(options.pace, means.clock)
        self._barred: dict[Account, list[str]] = {}

    def keeps(self, journal: RunJournal, run: int) -> None:
        """Keep rows in this journal from now on."""
        self.desk = replace(self.desk, journal=journal, run=run)

    async def over(self, names: Iterable[str], jobs: int, do: Doing, *, wave: int = 0) -> None:
        """Do something with each of these hosts; never raises for a host. Trouble of ours stops the run."""
        wanted = list(names)
        line = HostQueue(
            [self.hosts[name] for name in wanted],
            self._accounts.of,
            self._accounts.gate,
            self.course.stop,
            per_site=self.options.per_site,
            ramp=Ramp(self.options.ramp_up, self.means.clock),
        )
        run = self._run(line)

        async def work(turn: QueuedHost) -> None:
            self.course.in_flight += 1
            try:
                try:
                    end = await self._one(self.work(turn, run, wave), do)
                finally:
                    self.course.in_flight -= 1
                if end is not None:
                    self.course.ended(end)
            finally:  # counted first: whoever takes its place on the site may have to stop for it
                line.leave(turn)

        stop = self.course.stop
        fanned = fan_out(line, work, jobs=max(1, min(jobs, len(wanted))), stopped=lambda: stop.requested)
        async with aclosing(fanned) as landed:
            async for item in landed:
                if isinstance(item, Broke):
                    self.course.troubled(words.place(item.error))
        for each, barred in line.barred.items():
            self._barred.setdefault(each, []).extend(barred)

    def work(self, turn: QueuedHost, run: Execution, wave: int) -> HostWork:
        """Make the work on a host, with a row that is yet to be made."""
        name = turn.host.name
        turn = replace(turn, host=self.hosts[name])  # one that was put back may still be the fresh reading's
        row = self.begun[name] = Row(self.desk, name, wave, undoes=self.undoes.get(name))
        return HostWork(turn, run, self._task(self.changes[name]), row)

    def resumed(self, host: HostWork, operation: Operation, change: PlannedHost) -> HostWork:
        """Make the work on a row that an earlier process left; nobody watches its agent any more."""
        row = Row(self.desk, operation.host, operation.wave, undoes=operation.undoes, operation=operation)
        task = replace(self._task(change), options=replace(self.options, wait_live=None))
        return HostWork(host.turn, host.run, task, row, no_answer=operation.state is State.UNKNOWN)

    async def refuse(self, name: str, why: str, advice: str) -> None:
        """End a host that nobody is sent to as refused, with a row that says why. Trouble of ours stops the run."""
        row = self.begun[name] = Row(self.desk, name, 0, undoes=self.undoes.get(name))
        try:
            await row.open(State.REFUSED, detail=why)
        except StoreError as error:
            self.course.troubled(str(error))
        else:
            self.course.ended(row.end(advice=advice))

    def revert_row(self, host: HostWork) -> Row:
        """Make the row that takes a host's write back."""
        return Row(self.desk, host.turn.host.name, host.row.wave, undoes=host.row.number)

    def given_up(self) -> tuple[GivenUp, ...]:
        """Say which accounts were given up."""
        return self._accounts.given_up(
            self._barred, f"`fleetcheck repin resume {self.desk.run or ''}`".rstrip()
        )

    async def _one(self, host: HostWork, do: Doing) -> HostEnd | None:
        try:
            return await do(host)
        except InFlightError as error:
            return host.row.end(state=State.NOT_STARTED, detail=str(error))
        except StoreError as error:
            self.course.troubled(str(error))
        except Exception as error:  # noqa: BLE001  # a fault of ours: nothing more is begun, and the run says so
            self.course.troubled(words.place(error))
        return None

    def _task(self, change: PlannedHost) -> Task:
        return Task(change=change, options=self.options, force_closed=self.plan.force_closed is not None)

    def _run(self, line: HostQueue) -> Execution:
        means = self.means
        return Execution(
            options=self.options.reading(BEFORE),
            transport=means.transport,
            secrets=self._accounts.secrets,
            gate=self._accounts.gate,
            line=line,
            pace=self._pace,
            clock=means.clock,
            chance=means.chance,
            stop=self.course.stop,
            tell=self.tell,
        )

    def _tripped(self, event: BreakerTripped) -> None:
        """Stop a run of writes at the first account that is given up, whatever other accounts it has."""
        self.tell(event)
        self.course.at_gate(
            f"credential {event.credential} ({event.username}) was rejected: lock-out breaker"
        )


def _wanting(host: Host, change: PlannedHost, credential: str | None) -> Host:
    """Let a host desire what is planned for it, so that a probe tries just that, and be logged on to as was asked."""
    desired = {role.role: role.new for role in change.roles}
    return replace(host, desired=desired, credential=credential or host.credential)
