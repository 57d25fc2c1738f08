"""One host of a run, from its turn to its outcome: pace, tries, back-off, and a deadline that really ends it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

from orchestrator.domain import backoff
from orchestrator.domain.breaker import Account
from orchestrator.domain.cause import Cause
from orchestrator.domain.effort import (
    actual_attempts,
    host_deadline,
    script_deadline,
    script_need,
    usual_attempts,
)
from orchestrator.domain.outcome import Failed, Outcome, Phase, Probed, Trace
from orchestrator.domain.reading import Reading
from orchestrator.fleet import words
from orchestrator.fleet.events import HostPutBack, HostRetrying, HostStarted
from orchestrator.fleet.gate import Permit
from orchestrator.fleet.line import Turn
from orchestrator.fleet.run import Run
from orchestrator.remote.faults import Again, Fault
from orchestrator.remote.probe import endpoint, probe, probe_script
from orchestrator.remote.session import Reply, Session

HELD = 2.0  # seconds that a connected host waits for the answer to another one's logon before it steps aside
PATIENCE = 5.0  # seconds that a host which holds others up may take before a user name is sent to it
CLOSING = 5.0  # seconds at most for closing a session whose reply is already here
CUT_CLOSING = 1.0  # ... and one that was cut
BACKSTOP = (
    1.0  # seconds by which a session's own end is later than ours: two cuts at once would disturb each other
)
LEAST_TRY = 3.0  # seconds: a try that has less left is not begun

_NO_NAME_SENT = {Phase.RESOLVE, Phase.CONNECT, Phase.TLS}
_LOGGED_ON = {Phase.OPEN, Phase.RUN, Phase.DECODE}
_REJECTED = {Cause.LOGON_FAILED, Cause.LOGON_LOOP}
_TRIES = {Again.NEVER: 1, Again.ONCE: 2, Again.BACKOFF: backoff.MOST_TRIES, Again.LATER: backoff.MOST_TRIES}


class HeldError(Exception):
    """This host's logon was not begun: another's is under way, its account was given up, or the end was asked for."""


class Asking:
    """The work on one host. `outcome` is called once; `phase` is how far it came."""

    def __init__(self, turn: Turn, run: Run) -> None:
        options = run.options
        self._host = turn.host
        self._turn = turn
        self._run = run
        self._permit: Permit | None = None
        self._deadline = options.timeout or host_deadline(
            turn.host, options.mode, canaries=options.canaries, width=options.width
        )
        self._started: datetime | None = None
        self._began = self._try_began = 0.0
        self._tries = 0
        self._fault: Fault | None = None
        self._session: Session | None = None
        self._reply: Reply | None = None
        self._remarks: list[str] = []
        self._cut = run.clock.timeout(None)
        self._watch: asyncio.Task[None] | None = None
        self._trying = False
        self.phase = Phase.RESOLVE

    async def outcome(self) -> Outcome | None:
        """Ask the host. None: it was not started after all (the end was asked for), or was put back into the line.

        Takes no longer than its deadline and what closing may take. What nobody foresaw comes out as it was raised;
        `broke` makes an outcome of that.
        """
        run = self._run
        charged = usual_attempts(self._host, run.options.mode, canaries=run.options.canaries)
        try:
            if not await run.pace.charge(charged, run.stop):
                return None
            outcome = await self._within_deadline()
        finally:
            self._release()
        if isinstance(outcome, Probed):
            run.pace.settle(charged, actual_attempts(outcome.reading, self._host.gateways))
        elif self.phase not in _LOGGED_ON:
            run.pace.settle(charged, {})  # no script ran, so no gateway was asked
        return outcome

    def broke(self, error: BaseException) -> Failed:
        """Make an outcome of what nobody foresaw."""
        return self._failed(self.phase, Cause.BUG, words.place(error), words.BUG_ADVICE)

    async def _within_deadline(self) -> Outcome | None:
        run = self._run
        self._started, self._began = run.clock.now(), run.clock.monotonic()
        run.tell(HostStarted(host=self._host.name, at=self._started, deadline=self._deadline))
        deadline = run.clock.timeout(self._deadline)
        try:
            async with deadline:
                end = await self._until_done()
        except HeldError:
            return self._step_aside()
        except TimeoutError:
            if not deadline.expired():
                raise  # not ours: somebody let a time-out of theirs slip
            if self._trying or self._fault is None:
                return self._hung()
            end = self._fault  # it passed between two tries: nothing hung here
        if isinstance(end, Fault):
            return self._failed(end.phase, end.cause, end.detail, end.advice)
        await self._close(
            CLOSING
        )  # the reading is here already: a deadline that passes now takes nothing away
        return Probed(host=self._host.name, reading=end, trace=self._trace())

    async def _until_done(self) -> Reading | Fault:
        while True:
            self._tries += 1
            self._try_began = self._run.clock.monotonic()
            self._trying, self.phase = True, Phase.RESOLVE
            try:
                return await self._one_try()
            except Fault as fault:
                self._fault = self._judge_logon(fault)
            finally:
                self._release()
                if self._reply is None:
                    await self._close(CUT_CLOSING)
            self._trying = False
            if not await self._may_try_again(self._fault):
                return self._fault

    async def _one_try(self) -> Reading:
        run, host, options = self._run, self._host, self._run.options
        left = self._left()
        need = script_need(host, options.mode, canaries=options.canaries, width=options.width)
        self._session = run.transport.session(
            endpoint(host),
            run.logon_of[host.credential],
            deadline=left + BACKSTOP,
            before_logon=self._before_logon,
            accepted=self._accepted,
        )
        self._cut = cut = run.clock.timeout(None)
        try:
            async with cut:
                reading, self._reply = await probe(
                    self._session,
                    host,
                    mode=options.mode,
                    canaries=options.canaries,
                    deadline_ms=round(script_deadline(need, left) * 1000),
                    width=options.width,
                )
        except TimeoutError:
            if cut.expired():
                self._turn = replace(self._turn, patient=True)
                raise HeldError from None
            raise
        finally:
            if self._watch is not None:
                self._watch.cancel()
        return reading

    async def _before_logon(self) -> None:
        """Wait for the right to log on. Raises HeldError."""
        run, account = self._run, self._turn.account
        if account is None:
            return
        try:
            async with run.clock.timeout(None if self._fault else HELD):
                self._permit = await run.gate.enter(account, self._host.name, run.stop)
        except TimeoutError:
            raise HeldError from None
        if self._permit is None:
            raise HeldError
        if self._permit.crowded and not self._turn.patient:
            self._watch = asyncio.create_task(self._cut_when_silent(account))

    async def _cut_when_silent(self, account: Account) -> None:
        """Leave a host that holds others up and to which no user name was sent yet; once, then it has all its time."""
        await self._run.clock.sleep(PATIENCE)
        if self._session and self._session.phase in _NO_NAME_SENT and self._run.line.waits_for(account):
            self._cut.reschedule(asyncio.get_running_loop().time())

    def _accepted(self) -> None:
        if self._permit is not None:
            self._permit.accepted()

    def _step_aside(self) -> Failed | None:
        """Be as if never started; where a try has failed already, that is the result."""
        if self._fault is not None:
            return self._failed(self._fault.phase, self._fault.cause, self._fault.detail, self._fault.advice)
        self._run.tell(HostPutBack(host=self._host.name))
        self._run.line.put_back(self._turn)
        return None

    async def _may_try_again(self, fault: Fault) -> bool:
        """Wait out the back-off; True where the next try may begin."""
        run = self._run
        wait = backoff.next_wait(
            self._tries,
            left=self._left(),
            need=LEAST_TRY,
            chance=run.chance,
            curve=backoff.LONG if fault.again is Again.LATER else backoff.SHORT,
            tries=_TRIES[fault.again],
        )
        if wait is None or run.stop.requested:
            return False
        run.tell(
            HostRetrying(
                host=self._host.name, tried=self._tries, phase=fault.phase, cause=fault.cause, wait=wait
            )
        )
        return not await run.stop.within(wait, run.clock)

    def _judge_logon(self, fault: Fault) -> Fault:
        """Tell the breaker what a fault says of the logon; a rejection where it worked before is a quota suspect."""
        if self._permit is None:
            return fault
        if fault.cause is Cause.ACCESS_DENIED or fault.phase in _LOGGED_ON:
            self._permit.accepted()
        elif fault.cause in _REJECTED and self._permit.rejected():
            return Fault(
                phase=fault.phase,
                cause=Cause.QUOTA_SUSPECT,
                detail=fault.detail,
                advice=f"{words.SUSPECT}; {fault.advice}" if fault.advice else words.SUSPECT,
                again=fault.again,
                code=fault.code,
            )
        return fault

    def _release(self) -> None:
        """Note how far the try came, and give its permit back by that where nobody told its end."""
        if self._session is not None:
            self.phase = self._session.phase
        if self._permit is not None:
            (self._permit.accepted if self.phase in _LOGGED_ON else self._permit.dead)()

    async def _close(self, seconds: float) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        try:
            async with self._run.clock.timeout(seconds):
                self._remarks.extend(await session.close())
        except TimeoutError:
            self._remarks.append(words.CLOSE_SLOW)

    def _left(self) -> float:
        return self._deadline - (self._run.clock.monotonic() - self._began)

    def _hung(self) -> Failed:
        detail = words.hung(
            self.phase,
            deadline=self._deadline,
            tried=self._tries,
            since=self._run.clock.monotonic() - self._try_began,
            earlier=self._fault,
        )
        return self._failed(self.phase, Cause.DEADLINE, detail, words.HUNG_ADVICE[self.phase])

    def _failed(self, phase: Phase, cause: Cause, detail: str, advice: str) -> Failed:
        return Failed(
            host=self._host.name, phase=phase, cause=cause, detail=detail, advice=advice, trace=self._trace()
        )

    def _trace(self) -> Trace:
        ended = self._run.clock.now()
        started = self._started or ended
        reply = self._reply
        if reply is None:
            return Trace(
                started=started, ended=ended, tries=max(1, self._tries), remarks=tuple(self._remarks)
            )
        return Trace(
            started=started,
            ended=ended,
            tries=self._tries,
            auth=reply.auth,
            certificate=reply.certificate,
            script=probe_script().sha256,
            timings=reply.timings,
            received=reply.received,
            remarks=(*reply.remarks, *self._remarks),
        )
