"""Write one host: one session, one run of the script, never a second one; what came of it is a value."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.plan import PlannedHost
from orchestrator.fleet import words
from orchestrator.fleet.admission.queue import QueuedHost
from orchestrator.fleet.control.close_session import BACKSTOP, CLOSING, CUT_CLOSING, close_within
from orchestrator.fleet.host_logon import HeldError, HostLogon
from orchestrator.fleet.run import Execution
from orchestrator.remote.apply import apply, never_sent
from orchestrator.remote.contract.repin_answer import RepinAnswer
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.probe import endpoint
from orchestrator.remote.session import Session

LATE = 10.0  # seconds beyond the host's window that an answer may take


@dataclass(frozen=True, slots=True)
class Sent:
    """The script was sent, and it answered."""

    answer: RepinAnswer
    advice: str = ""

    @property
    def failed(self) -> bool:
        """Whether nobody knows what it did although it answered."""
        return self.answer.state is State.UNKNOWN


@dataclass(frozen=True, slots=True)
class NotSent:
    """It failed before the script left: nothing can have been written. `detail` is what was seen."""

    detail: str
    advice: str
    failed: bool = True


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """It failed after the script left: only a reading tells what was written. `detail` is what was seen."""

    detail: str
    advice: str
    failed: bool = True


@dataclass(frozen=True, slots=True)
class SentEarlier:
    """An earlier process sent the script. That its controller died is no failure of the host's.

    `unanswered`: it took no answer in, so the write may begin until its deadline.
    """

    unanswered: bool
    advice: str = ""
    failed: bool = False


class HostWrite:
    """The write of one host; `send` is called once."""

    def __init__(self, queued: QueuedHost, execution: Execution, change: PlannedHost) -> None:
        self._queued = replace(queued, patient=True)
        self._execution = execution
        self._change = change
        self._logon = HostLogon(self._queued, execution)

    async def send(
        self,
        *,
        operation: str,
        deadline: datetime,
        window: float,
        before_sending: Callable[[], Awaitable[None]],
    ) -> Sent | NotSent | NoAnswer:
        """Send the write, and return what came of it; never raise for the host.

        `deadline` is the host's own time, `window` seconds ahead; `operation` is the journal row's id.
        `before_sending` is awaited when the connection stands and the right to log on is had: the script
        leaves only after it, and what it raises comes out.
        """
        execution, host = self._execution, self._queued.host
        try:
            logon = await execution.secrets.logon(host)
        except Fault as fault:
            return NotSent(f"nothing was sent: {fault}", fault.advice)
        seconds = window + LATE
        cut = execution.clock.timeout(seconds)

        async def before_logon() -> None:
            await self._logon.begin(session, cut, patiently=True)
            await before_sending()

        session = execution.transport.session(
            endpoint(host),
            logon,
            deadline=seconds + BACKSTOP,
            before_logon=before_logon,
            accepted=self._logon.accepted,
        )
        closing = CUT_CLOSING
        try:
            async with cut:
                answer = await apply(session, host, self._change, operation=operation, deadline=deadline)
        except Fault as fault:
            told = self._logon.judged(fault)
            return _without_answer(session, str(told), told.advice)
        except HeldError:
            return NotSent(words.GIVEN_UP, words.GIVEN_UP_ADVICE)
        except TimeoutError:
            if not cut.expired():
                raise
            detail = f"no answer within {seconds:g} s: hung in phase {session.phase}"
            return _without_answer(session, detail, words.HUNG_ADVICE[session.phase])
        else:
            closing = CLOSING
            return Sent(answer)
        finally:
            self._logon.release(session.phase)
            await close_within(session, closing, execution.clock)


def _without_answer(session: Session, detail: str, advice: str) -> NotSent | NoAnswer:
    if never_sent(session):
        return NotSent(f"nothing was sent: {detail}", advice)
    return NoAnswer(detail, advice)
