"""The write of one host: one session, one run of the script, never a second one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from orchestrator.domain.repin.plan import PlannedHost
from orchestrator.fleet import words
from orchestrator.fleet.admission.queue import QueuedHost
from orchestrator.fleet.control.close_session import BACKSTOP, CLOSING, CUT_CLOSING, close_within
from orchestrator.fleet.logon import HeldError, HostLogon
from orchestrator.fleet.run import Execution
from orchestrator.remote.apply import apply, never_sent
from orchestrator.remote.contract.repin_answer import RepinAnswer
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.probe import endpoint
from orchestrator.remote.session import Session

LATE = 10.0  # seconds beyond the host's window that an answer may take


class SendError(Exception):
    """The write gave no answer. `detail` is what was seen, `advice` what to do about it."""

    def __init__(self, detail: str, advice: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.advice = advice


class NotSentError(SendError):
    """It failed before the script left: nothing can have been written."""


class NoAnswerError(SendError):
    """It failed after that: only a reading tells what was written."""


class Sending:
    """One write. `send` is called once."""

    def __init__(self, turn: QueuedHost, run: Execution, change: PlannedHost) -> None:
        self._turn = replace(turn, patient=True)
        self._run = run
        self._change = change
        self._logon = HostLogon(self._turn, run)

    async def send(
        self,
        *,
        operation: str,
        deadline: datetime,
        window: float,
        before_sending: Callable[[], Awaitable[None]],
    ) -> RepinAnswer:
        """Write. `deadline` is the host's own time, `window` seconds ahead; `operation` is the journal row's id.

        `before_sending` is awaited when the connection stands and the right to log on is had: the script leaves only
        after it, and what it raises comes out. Raises SendError besides.
        """
        run, host = self._run, self._turn.host
        try:
            logon = await run.secrets.logon(host)
        except Fault as fault:
            raise NotSentError(f"nothing was sent: {fault}", fault.advice) from fault
        seconds = window + LATE
        cut = run.clock.timeout(seconds)

        async def before_logon() -> None:
            await self._logon.begin(session, cut, patiently=True)
            await before_sending()

        session = run.transport.session(
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
            raise _error(session, str(told), told.advice) from fault
        except HeldError:
            raise NotSentError(words.GIVEN_UP, words.GIVEN_UP_ADVICE) from None
        except TimeoutError:
            if not cut.expired():
                raise
            detail = f"no answer within {seconds:g} s: hung in phase {session.phase}"
            raise _error(session, detail, words.HUNG_ADVICE[session.phase]) from None
        else:
            closing = CLOSING
            return answer
        finally:
            self._logon.release(session.phase)
            await close_within(session, closing, run.clock)


def _error(session: Session, detail: str, advice: str) -> SendError:
    if never_sent(session):
        return NotSentError(f"nothing was sent: {detail}", advice)
    return NoAnswerError(detail, advice)
