"""Probe one host, from the queue to its outcome: pace, tries, back-off, and a total deadline."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from orchestrator.domain.cause import Cause
from orchestrator.domain.execution import backoff
from orchestrator.domain.execution.effort import (
    actual_attempts,
    host_deadline,
    script_deadline,
    script_need,
    usual_attempts,
)
from orchestrator.domain.outcome import Failed, Outcome, Phase, Probed, Trace
from orchestrator.domain.reading import Reading
from orchestrator.fleet import words
from orchestrator.fleet.admission.queue import QueuedHost
from orchestrator.fleet.control.close_session import BACKSTOP, CLOSING, CUT_CLOSING, close_within
from orchestrator.fleet.control.events import HostRequeued, HostRetrying, HostStarted
from orchestrator.fleet.host_logon import LOGGED_ON, HeldError, HostLogon
from orchestrator.fleet.run import Execution
from orchestrator.remote.faults.fault import Again, Fault, RefusedBy
from orchestrator.remote.probe import endpoint, probe, probe_script
from orchestrator.remote.session import Reply, Session, TryFacts

LEAST_TRY = 3.0  # seconds: a try that has less left is not begun

_TRIES = {Again.NEVER: 1, Again.ONCE: 2, Again.BACKOFF: backoff.MOST_TRIES, Again.LATER: backoff.MOST_TRIES}


class HostProbe:
    """Probe one host, once: `outcome` is called a single time; `phase` is how far the probe came.

    `stays`: it never steps aside for other hosts' logons, since a write there hangs on what it reads.
    """

    def __init__(self, queued: QueuedHost, execution: Execution, *, stays: bool = False) -> None:
        options = execution.options
        self._stays = stays
        self._host = queued.host
        self._queued = queued
        self._execution = execution
        self._logon = HostLogon(queued, execution)
        self._deadline = options.timeout or host_deadline(
            queued.host, options.mode, canaries=options.canaries, width=options.width
        )
        self._started: datetime | None = None
        self._began = self._try_began = 0.0
        self._tries = 0
        self._fault: Fault | None = None
        self._session: Session | None = None
        self._reply: Reply | None = None
        self._facts: TryFacts | None = None  # of the last try
        self._remarks: list[str] = []
        self._trying = False
        self.phase = Phase.RESOLVE

    async def outcome(self) -> Outcome | None:
        """Return what the host answered, or how it failed; None: it was not started, or queued again.

        Take no longer than its deadline and what closing may take. Raise what nobody foresaw as it came;
        `broke` makes an outcome of that.
        """
        execution = self._execution
        try:  # before its deadline begins: other hosts' secrets may come first
            await execution.secrets.logon(self._host)
        except Fault as fault:
            return self._failed(fault.phase, fault.cause, fault.detail, fault.advice)
        charged = usual_attempts(self._host, execution.options.mode, canaries=execution.options.canaries)
        try:
            if not await execution.pace.charge(charged, execution.stop):
                return None
            outcome = await self._within_deadline()
        finally:
            self._release()
        if isinstance(outcome, Probed):
            execution.pace.settle(charged, actual_attempts(outcome.reading, self._host.gateways))
        elif self.phase not in LOGGED_ON:
            execution.pace.settle(charged, {})  # no script ran, so no gateway was asked
        return outcome

    def broke(self, error: BaseException) -> Failed:
        """Return the outcome of an unforeseen exception."""
        return self._failed(self.phase, Cause.BUG, words.place(error), words.BUG_ADVICE)

    async def _within_deadline(self) -> Outcome | None:
        execution = self._execution
        self._started, self._began = execution.clock.now(), execution.clock.monotonic()
        execution.emit(HostStarted(host=self._host.name, at=self._started, deadline=self._deadline))
        deadline = execution.clock.timeout(self._deadline)
        try:
            async with deadline:
                end = await self._until_done()
        except HeldError:
            return self._step_aside()
        except TimeoutError:
            if not deadline.expired():
                raise  # not ours: somebody let a time-out of theirs slip
            if self._fault is None or (self._trying and not self._logon.waiting):
                return self._hung()
            end = self._fault  # it passed while this host waited its turn: nothing hung here
        if isinstance(end, Fault):
            return self._failed(end.phase, end.cause, end.detail, end.advice)
        await self._close(CLOSING)  # the reading is here: a deadline that passes now takes nothing away
        return Probed(host=self._host.name, reading=end, trace=self._trace())

    async def _until_done(self) -> Reading | Fault:
        execution = self._execution
        while True:
            self._tries += 1
            self._try_began = execution.clock.monotonic()
            self._trying, self.phase = True, Phase.RESOLVE
            try:
                return await self._one_try()
            except Fault as fault:
                refused = fault.refused_by is RefusedBy.HOST
                if self._logon.is_old_news(fault):
                    raise HeldError from None
                self._fault = self._logon.judged(fault)
            finally:
                self._release()
                if self._reply is None:
                    await self._close(CUT_CLOSING)
            self._trying = False
            if refused and not execution.stop.requested and await execution.secrets.renew(self._host):
                continue
            if not await self._may_try_again(self._fault):
                return self._fault

    async def _one_try(self) -> Reading:
        execution, host, options = self._execution, self._host, self._execution.options
        left = self._left()
        need = script_need(host, options.mode, canaries=options.canaries, width=options.width)
        cut = execution.clock.timeout(None)

        async def before_logon() -> None:
            await self._logon.begin(session, cut, patiently=self._stays or self._fault is not None)

        self._session = session = execution.transport.session(
            endpoint(host),
            await execution.secrets.logon(host),
            deadline=left + BACKSTOP,
            before_logon=before_logon,
            accepted=self._logon.accepted,
        )
        try:
            async with cut:
                reading, reply = await probe(
                    session,
                    host,
                    mode=options.mode,
                    canaries=options.canaries,
                    deadline_ms=round(script_deadline(need, left) * 1000),
                    width=options.width,
                )
        except TimeoutError:
            if not cut.expired():
                raise
            self._queued = replace(self._queued, patient=True)
            raise HeldError from None
        # The text has been read, and 1,000 hosts that wait for the database would hold up to 64 KB each.
        self._reply = replace(reply, text="")
        return reading

    def _step_aside(self) -> Failed | None:
        """Queue the host again, as if never started; return the failure where a try has failed."""
        if self._fault is not None:
            return self._failed(self._fault.phase, self._fault.cause, self._fault.detail, self._fault.advice)
        if self._stays:
            return self._failed(self.phase, Cause.LOGON_FAILED, words.GIVEN_UP, words.GIVEN_UP_ADVICE)
        self._execution.emit(HostRequeued(host=self._host.name))
        self._execution.queue.put_back(self._queued)
        return None

    async def _may_try_again(self, fault: Fault) -> bool:
        """Wait for the back-off; return whether the next try may begin."""
        execution = self._execution
        wait = backoff.next_wait(
            self._tries,
            left=self._left(),
            need=LEAST_TRY,
            chance=execution.chance,
            curve=backoff.LONG if fault.again is Again.LATER else backoff.SHORT,
            tries=_TRIES[fault.again],
        )
        if wait is None or execution.stop.requested:
            return False
        execution.emit(
            HostRetrying(
                host=self._host.name, tried=self._tries, phase=fault.phase, cause=fault.cause, wait=wait
            )
        )
        return not await execution.stop.within(wait, execution.clock)

    def _release(self) -> None:
        """Note how far the try came, and release its logon."""
        if self._session is not None:
            self.phase, self._facts = self._session.phase, self._session.facts
        self._logon.release(self.phase)

    async def _close(self, seconds: float) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._remarks.extend(await close_within(session, seconds, self._execution.clock))

    def _left(self) -> float:
        return self._deadline - (self._execution.clock.monotonic() - self._began)

    def _hung(self) -> Failed:
        detail = words.hung(
            self.phase,
            deadline=self._deadline,
            tried=self._tries,
            since=self._execution.clock.monotonic() - self._try_began,
            earlier=self._fault,
        )
        return self._failed(self.phase, Cause.DEADLINE, detail, words.HUNG_ADVICE[self.phase])

    def _failed(self, phase: Phase, cause: Cause, detail: str, advice: str) -> Failed:
        return Failed(
            host=self._host.name, phase=phase, cause=cause, detail=detail, advice=advice, trace=self._trace()
        )

    def _trace(self) -> Trace:
        ended = self._execution.clock.now()
        started = self._started or ended
        reply = self._reply
        if reply is None:
            facts = self._facts or TryFacts(phase=self.phase, timings={})
            return Trace(
                started=started,
                ended=ended,
                tries=max(1, self._tries),
                certificate=facts.certificate,
                timings=facts.timings,
                dialled=facts.dialled,
                remarks=tuple(self._remarks),
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
            dialled=reply.dialled,
            remarks=(*reply.remarks, *self._remarks),
        )
