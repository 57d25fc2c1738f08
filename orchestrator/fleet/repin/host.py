"""What the words of the re-pin's policy do on one host."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.domain.outcome import Failed, Outcome, Probed
from orchestrator.domain.reading import Reading
from orchestrator.domain.repin import guard
from orchestrator.domain.repin.guard import Go, Refusal
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.plan import PlannedHost
from orchestrator.domain.repin.uptake import taken_up
from orchestrator.fleet.admission.queue import QueuedHost
from orchestrator.fleet.repin import words as repin_words
from orchestrator.fleet.repin.options import RepinOptions
from orchestrator.fleet.repin.readings import NotRead, afterwards, ask, before, read_again
from orchestrator.fleet.repin.row import Row
from orchestrator.fleet.repin.summary import HostEnd
from orchestrator.fleet.repin.write import NoAnswerError, NotSentError, Sending
from orchestrator.fleet.run import Execution


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A host's part of a plan: what to change, whether closed ports are forced, how."""

    change: PlannedHost
    options: RepinOptions
    force_closed: bool = False


class HostWork:
    """The work on one host. `stays`: it goes on whatever else the run does (a revert, which belongs to its write).

    `no_answer`: a write was sent by an earlier process, and may begin until its deadline.
    """

    def __init__(
        self,
        turn: QueuedHost,
        run: Execution,
        task: Task,
        row: Row,
        *,
        stays: bool = False,
        no_answer: bool = False,
    ) -> None:
        self.turn = turn
        self.task = task
        self.row = row
        self.run = run
        self.confirmed = 0.0  # when the write was confirmed, by the run's monotonic clock
        self._stays = stays
        self._after = afterwards(run)
        self._read_at = 0.0
        self._advice = ""
        self._no_answer = no_answer
        self._stumbled = False  # by itself: that its controller died is no failure of a host's

    @property
    def dry_run(self) -> bool:
        """Whether nothing is written."""
        return self.task.options.dry_run

    @property
    def waits(self) -> bool:
        """Whether it is written, and its agent has not taken it up yet."""
        return self.row.state is State.CONFIRMED

    async def read(self) -> Outcome | None:
        """Read it before the write: its values, its clock, and whether the new ports connect to the gateways now."""
        outcome = await ask(before(self.turn), self.run, stays=self._stays)
        self._read_at = self.run.clock.monotonic()
        return outcome

    def rule(self, before: Outcome) -> Go | Refusal:
        """Say whether it may be written."""
        if isinstance(before, Failed):
            self._advice = before.advice
            return Refusal(State.UNREACHABLE, repin_words.failed(before))
        ruling = guard.guard(self.task.change, before.reading, force_closed=self.task.force_closed)
        if isinstance(ruling, Go) and before.reading.identity.clock is None:
            return Refusal(State.REFUSED, repin_words.NO_CLOCK)
        return ruling

    async def leave(self, ruling: Refusal) -> HostEnd:
        """Leave it alone: a row that ends as it begins."""
        await self.row.open(ruling.state, detail=ruling.reason)
        return self.row.end(advice=self._advice)

    def would_write(self) -> HostEnd:
        """Say what a dry run would have done."""
        changes = (f"{each.role} {each.old} -> {each.new}" for each in self.task.change.roles)
        return self.row.end(detail="; ".join(changes))

    async def intend(self, before: Outcome) -> None:
        """Write down, on the disk, that it is about to be written."""
        assert isinstance(before, Probed)  # noqa: S101  # what is not has been left alone
        await self.row.open(State.INTENT, before=guard.held(self.task.change.targets, before.reading))

    async def write(self, before: Outcome) -> None:
        """Send the write, once, and write down what came back."""
        deadline = self._deadline(before)
        sending = Sending(self.turn, self._after, self.task.change)

        async def before_sending() -> None:
            await self.row.move(State.SENT, deadline=deadline)

        try:
            answer = await sending.send(
                operation=str(self.row.number),
                deadline=deadline,
                window=self.task.options.window,
                before_sending=before_sending,
            )
        except NotSentError as error:
            self._advice, self._stumbled = error.advice, True
            await self.row.move(State.NOT_STARTED, detail=error.detail)
        except NoAnswerError as error:
            self._advice, self._stumbled, self._no_answer = error.advice, True, True
            await self.row.move(State.UNKNOWN, detail=error.detail)
        else:
            said = repin_words.answered(self.task.change, answer)
            self._stumbled = answer.state is State.UNKNOWN
            await self.row.move(answer.state, detail=said, before=answer.before, after=answer.after)
            self.confirmed = self.run.clock.monotonic()

    async def conclude(self) -> HostEnd:
        """Read it again in a fresh session, where that decides, and write down what that says."""
        if self.row.state not in (State.CONFIRMED, State.UNKNOWN):
            return self.end()
        reading = await self.look()
        if isinstance(reading, NotRead):
            return await self.unread(reading)
        await self.settle(reading)
        return self.end()

    async def look(self) -> Reading | NotRead:
        """Read it in a fresh session, after the deadline of a write that may still begin."""
        operation = self.row.operation
        deadline = operation.deadline if operation is not None and self._no_answer else None
        return await read_again(self.turn, self._after, self.task.change, deadline=deadline)

    async def settle(self, reading: Reading) -> None:
        """End the row by a reading; a confirmed one stays so while its agent may still take it up."""
        task = self.task
        ruling = guard.conclude(task.change, reading)
        if ruling.state is State.NOT_WRITTEN and self._was_written():
            ruling = Refusal(State.CONFLICT, repin_words.PUT_BACK)
        watched = self.row.state is State.CONFIRMED and task.options.wait_live is not None
        if watched and ruling.state is State.VERIFIED and not taken_up(task.change, reading, self.turn.host):
            return
        after = guard.held(task.change.targets, reading)
        await self.row.move(ruling.state, detail=ruling.reason, after=after)

    def _was_written(self) -> bool:
        row = self.row.operation
        told = None if row is None else row.after
        return self.waits or guard.are_new(self.task.change.targets, told)

    def says(self, reading: Reading) -> State:
        """Say where a reading would let the row end."""
        return guard.conclude(self.task.change, reading).state

    async def unread(self, why: NotRead) -> HostEnd:
        """Nobody could read it: it stays unknown, or becomes so."""
        self._advice = why.advice or self._advice
        detail = f"{self.row.operation.detail if self.row.operation else ''}; read again: {why.detail}"
        if self.row.state is State.CONFIRMED:
            await self.row.move(State.UNKNOWN, detail=detail)
        return self.end(detail)

    def end(self, detail: str | None = None) -> HostEnd:
        """Say what became of it."""
        advice = "" if self.row.state is State.VERIFIED else self._advice
        return self.row.end(detail=detail, advice=advice, stumbled=self._stumbled)

    def _deadline(self, before: Outcome) -> datetime:
        """Until when the host may begin to write, by its own clock, which stood at least where the reading says."""
        assert isinstance(before, Probed)  # noqa: S101  # as above
        clock = before.reading.identity.clock
        assert clock is not None  # noqa: S101  # the ruling saw to it
        passed = self.run.clock.monotonic() - self._read_at
        return clock + timedelta(seconds=passed + self.task.options.window)
