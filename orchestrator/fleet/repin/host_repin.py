"""What the words of the re-pin's policy do on one host: read, rule, intend, write, read again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orchestrator.domain.outcome import Failed, Outcome, Probed
from orchestrator.domain.reading import Reading
from orchestrator.domain.repin import guard
from orchestrator.domain.repin.guard import Conclusion, Go, Refusal
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.uptake import taken_up
from orchestrator.fleet.admission.queue import QueuedHost
from orchestrator.fleet.control.stop import StopRequest
from orchestrator.fleet.repin import details
from orchestrator.fleet.repin.host_write import HostWrite, NoAnswer, NotSent, Sent, SentEarlier
from orchestrator.fleet.repin.input import WriteRequest
from orchestrator.fleet.repin.journal_row import JournalRow
from orchestrator.fleet.repin.readings import NotRead, ask, for_precheck, for_read_back, read_again
from orchestrator.fleet.repin.summary import HostEnd
from orchestrator.fleet.repin.undo import reversed_change
from orchestrator.fleet.run import Execution


@dataclass(frozen=True, slots=True)
class FreshReading:
    """What the host answered before the write, and when, by the run's monotonic clock."""

    outcome: Outcome
    at: float


@dataclass(frozen=True, slots=True)
class Unreachable(Refusal):
    """Do not write: the host could not be read. `advice`: what to do about it."""

    advice: str = ""


class HostRepin:
    """The re-pin of one host. `policy.repin_host` calls each of the five words once, in order.

    `stays`: it goes on whatever else the run does (a revert, which belongs to its write). `sent`: what came
    of a write that was sent already, by an earlier process.
    """

    def __init__(
        self,
        queued: QueuedHost,
        execution: Execution,
        request: WriteRequest,
        row: JournalRow,
        *,
        stays: bool = False,
        sent: SentEarlier | None = None,
    ) -> None:
        self.row = row
        self._queued = queued
        self._execution = execution
        self._clock = execution.clock
        self._after = for_read_back(execution)
        self._change = request.change
        self._options = request.options
        self._request = request
        self._stays = stays
        self._sent: Sent | NotSent | NoAnswer | SentEarlier | None = sent

    @property
    def dry_run(self) -> bool:
        """Whether nothing is written."""
        return self._options.dry_run

    @property
    def waits(self) -> bool:
        """Whether it is written, and its agent has not taken it up yet."""
        return self.row.state is State.CONFIRMED

    async def read(self) -> FreshReading | None:
        """Read the host before the write: values, clock, whether the new ports connect to the gateways."""
        outcome = await ask(for_precheck(self._queued), self._execution, stays=self._stays)
        return None if outcome is None else FreshReading(outcome, self._clock.monotonic())

    def rule(self, before: FreshReading) -> Go | Refusal:
        """Return whether the host may be written."""
        outcome = before.outcome
        if isinstance(outcome, Failed):
            return Unreachable(State.UNREACHABLE, details.failed(outcome), outcome.advice)
        ruling = guard.guard(self._change, outcome.reading, force_closed=self._request.force_closed)
        if isinstance(ruling, Go) and outcome.reading.identity.clock is None:
            return Refusal(State.REFUSED, details.NO_CLOCK)
        return ruling

    async def leave(self, ruling: Refusal) -> HostEnd:
        """Leave the host alone: (no row) -> the ruling's state."""
        await self.row.open(ruling.state, detail=ruling.reason)
        return self.row.end(advice=ruling.advice if isinstance(ruling, Unreachable) else "")

    def would_write(self) -> HostEnd:
        """Return what a dry run would have done."""
        changes = (f"{each.role} {each.old} -> {each.new}" for each in self._change.roles)
        return self.row.end(detail="; ".join(changes))

    async def intend(self, before: FreshReading) -> None:
        """Write down, on the disk, that the host is about to be written: (no row) -> intent."""
        held = guard.held(self._change.targets, _read(before))
        await self.row.open(State.INTENT, before=held)

    async def write(self, before: FreshReading) -> None:
        """Send the write, once: intent -> sent -> the state that the answer, or its lack, gives."""
        sent = self._sent = await self._send(self._deadline(before))
        match sent:
            case NotSent():
                await self.row.move(State.NOT_STARTED, detail=sent.detail)
            case NoAnswer():
                await self.row.move(State.UNKNOWN, detail=sent.detail)
            case Sent(answer):
                said = details.answered(self._change, answer)
                await self.row.move(answer.state, detail=said, before=answer.before, after=answer.after)

    async def conclude(self) -> HostEnd:
        """Read the host again in a fresh session, where that decides, and write down what that says."""
        if self.row.state not in (State.CONFIRMED, State.UNKNOWN):
            return self.end()
        reading = await self.look()
        if isinstance(reading, NotRead):
            return await self.unread(reading)
        await self.settle(reading)
        return self.end()

    async def look(self) -> Reading | NotRead:
        """Read the host in a fresh session, after the deadline of a write that may still begin."""
        match self._sent:
            case NoAnswer() | SentEarlier(unanswered=True):
                deadline = self.row.deadline
            case _:
                deadline = None
        return await read_again(self._queued, self._after, self._change, deadline=deadline)

    async def settle(self, reading: Reading) -> None:
        """Move the row to what a reading says; it stays confirmed while the agent may still take it up."""
        ruling = self.ruling(reading)
        watched = self.waits and self._options.wait_live is not None
        if watched and ruling.state is State.VERIFIED and not self._taken_up(reading):
            return
        after = guard.held(self._change.targets, reading)
        await self.row.move(ruling.state, detail=ruling.reason, after=after)

    def ruling(self, reading: Reading) -> Conclusion:
        """Return what a reading after the write says; old values after a confirmed write are a conflict."""
        ruling = guard.conclude(self._change, reading)
        written = self.waits or guard.are_new(self._change.targets, self.row.after)
        if ruling.state is State.NOT_WRITTEN and written:
            return Conclusion(State.CONFLICT, details.PUT_BACK)
        return ruling

    async def unread(self, why: NotRead) -> HostEnd:
        """Leave the row unknown, or move it there, since nobody could read the host."""
        detail = f"{self.row.detail}; read again: {why.detail}"
        if self.waits:
            await self.row.move(State.UNKNOWN, detail=detail)
        return self.end(detail, why.advice)

    def end(self, detail: str | None = None, advice: str = "") -> HostEnd:
        """Return what became of the host; `detail` and `advice` overrule the row's and the write's."""
        sent = self._sent
        advice = advice or (sent.advice if sent else "")
        shown = "" if self.row.state is State.VERIFIED else advice
        return self.row.end(detail=detail, advice=shown, stumbled=bool(sent and sent.failed))

    def way_back(self, row: JournalRow) -> HostRepin:
        """Return the re-pin that takes this write back, by a row of its own; a stop does not end it."""
        change = reversed_change(self._change)
        request = replace(self._request, change=change).unwatched()
        host = replace(self._queued.host, desired={role.role: role.new for role in change.roles})
        queued = replace(self._queued, host=host, patient=True)
        execution = replace(self._execution, stop=StopRequest())
        return HostRepin(queued, execution, request, row, stays=True)

    async def _send(self, deadline: datetime) -> Sent | NotSent | NoAnswer:
        async def before_sending() -> None:
            await self.row.move(State.SENT, deadline=deadline)

        return await HostWrite(self._queued, self._after, self._change).send(
            operation=str(self.row.number),
            deadline=deadline,
            window=self._options.window,
            before_sending=before_sending,
        )

    def _taken_up(self, reading: Reading) -> bool:
        return taken_up(self._change, reading, self._queued.host)

    def _deadline(self, before: FreshReading) -> datetime:
        """Return until when the host may begin to write, by its own clock, as the reading told it."""
        clock = _read(before).identity.clock
        assert clock is not None  # noqa: S101  # the ruling saw to it
        passed = self._clock.monotonic() - before.at
        return clock + timedelta(seconds=passed + self._options.window)


def _read(before: FreshReading) -> Reading:
    assert isinstance(before.outcome, Probed)  # noqa: S101  # what is not has been left alone
    return before.outcome.reading
