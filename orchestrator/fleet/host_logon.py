"""Log on to one host under its account's lock-out breaker: when a logon may begin, and how it ended."""

from __future__ import annotations

import asyncio

from orchestrator.domain.cause import Cause
from orchestrator.domain.execution.breaker import Breaker
from orchestrator.domain.outcome import Phase
from orchestrator.fleet import words
from orchestrator.fleet.admission.gate import Permit
from orchestrator.fleet.admission.queue import QueuedHost
from orchestrator.fleet.run import Execution
from orchestrator.remote.faults.fault import Fault, RefusedBy
from orchestrator.remote.session import Session

HELD = 2.0  # seconds that a connected host waits for the answer to another one's logon before it steps aside
PATIENCE = 5.0  # seconds that a host which holds others up may take before a user name is sent to it

LOGGED_ON = frozenset({Phase.OPEN, Phase.RUN, Phase.DECODE})
_NO_NAME_SENT = frozenset({Phase.RESOLVE, Phase.CONNECT, Phase.TLS})


class HeldError(Exception):
    """A logon was not begun: another's is under way, its account was given up, or a stop was requested."""


class HostLogon:
    """The logons of one host, one for each try. Does nothing where no password is at stake.

    `waiting`: it is connected, and waits for another host's logon; so it stays where time passes then.
    """

    def __init__(self, queued: QueuedHost, execution: Execution) -> None:
        self._queued = queued
        self._execution = execution
        self._permit: Permit | None = None
        self._watch: asyncio.Task[None] | None = None
        self.waiting = False

    async def begin(self, session: Session, cut: asyncio.Timeout, *, patiently: bool) -> None:
        """Wait to log on: `patiently` for as long as it takes, else for HELD seconds. Raise HeldError.

        Where others have to wait for this logon, `cut` is made to pass when after PATIENCE no user name was
        sent yet.
        """
        execution, account = self._execution, self._queued.account
        if account is None:
            return
        self.waiting = True
        try:
            waits = not (patiently or execution.gate.may_start(account))  # else a timer would be for nothing
            async with execution.clock.timeout(HELD if waits else None):
                self._permit = await execution.gate.enter(account, self._queued.host.name, execution.stop)
        except TimeoutError:
            raise HeldError from None
        self.waiting = False
        if self._permit is None:
            raise HeldError
        if self._permit.crowded and not self._queued.patient:
            self._watch = asyncio.create_task(self._cut_when_silent(session, cut))

    def accepted(self) -> None:
        """Tell the breaker that the host accepted the logon."""
        if self._permit is not None:
            self._permit.accepted()

    def is_old_news(self, fault: Fault) -> bool:
        """Whether a domain controller's refusal was another host's: this one was asked nothing,
        and is not begun.
        """
        account = self._queued.account
        refused = self._permit is None and fault.refused_by is RefusedBy.DOMAIN
        return refused and account is not None and self._execution.gate.tripped(account)

    def judged(self, fault: Fault) -> Fault:
        """Tell the breaker what a fault says of the logon; return it, as a quota suspect where it is one.

        Only the refusal of a proof counts: a host that asks for a logon and never gets to the password has a
        trouble of its own, and the next host has its turn.
        """
        account = self._queued.account
        if self._permit is None:
            if fault.refused_by is RefusedBy.DOMAIN and account is not None:
                self._execution.gate.move(account, self._queued.host.name, Breaker.give_up)
            return fault
        if fault.refused_by is RefusedBy.DOMAIN:
            self._permit.refused()
        elif fault.refused_by is None:
            if fault.cause is Cause.ACCESS_DENIED or fault.phase in LOGGED_ON:
                self._permit.accepted()
        elif self._permit.rejected():
            return Fault(
                phase=fault.phase,
                cause=Cause.QUOTA_SUSPECT,
                detail=fault.detail,
                advice=f"{words.SUSPECT}; {fault.advice}" if fault.advice else words.SUSPECT,
                again=fault.again,
                code=fault.code,
            )
        return fault

    def release(self, phase: Phase) -> None:
        """End a try that came as far as `phase`; tell the breaker the logon's end where it does not know."""
        if self._watch is not None:
            self._watch.cancel()
        if self._permit is not None:
            (self._permit.accepted if phase in LOGGED_ON else self._permit.dead)()
            self._permit = None

    async def _cut_when_silent(self, session: Session, cut: asyncio.Timeout) -> None:
        await self._execution.clock.sleep(PATIENCE)
        account = self._queued.account
        if (
            account is not None
            and session.phase in _NO_NAME_SENT
            and self._execution.queue.waits_for(account)
        ):
            cut.reschedule(asyncio.get_running_loop().time())
