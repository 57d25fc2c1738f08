"""One host, examined: looked at without a logon, then asked by the session that a scan uses, once each."""

from __future__ import annotations

from dataclasses import dataclass

from inventory.model import Host
from orchestrator.domain.cause import Cause
from orchestrator.domain.execution.breaker import Account
from orchestrator.domain.execution.effort import (
    host_deadline,
    script_deadline,
    script_need,
    usual_attempts,
)
from orchestrator.domain.execution.examination import (
    AccountFacts,
    Examination,
    Stage,
    StageResult,
    State,
    completed,
)
from orchestrator.domain.outcome import Phase
from orchestrator.domain.reading import Reading
from orchestrator.fleet import words
from orchestrator.fleet.admission.queue import QueuedHost
from orchestrator.fleet.control.close_session import CLOSING, CUT_CLOSING, close_within
from orchestrator.fleet.examine import stages
from orchestrator.fleet.host_logon import LOGGED_ON, HeldError, HostLogon
from orchestrator.fleet.run import Execution
from orchestrator.remote.faults.fault import Fault
from orchestrator.remote.look import Looked, Looker
from orchestrator.remote.probe import endpoint, probe
from orchestrator.remote.session import Logon, Reply, Session

MODE = "pinned"  # the lightest probe that tells whether the script works
ACCOUNT = 10.0  # seconds for the questions about the account
LEAST = 3.0  # seconds that a session gets, however long the look took


@dataclass(slots=True, kw_only=True)
class HostExaminer:
    """The examination of one host. `result` is called once and never raises for what the host does."""

    host: Host
    account: Account | None
    run: Execution
    looker: Looker
    asks_account: bool = False
    _facts: AccountFacts | None = None

    async def result(self) -> Examination:
        """Go from stage to stage until one fails. Cancelling ends it at once."""
        run, host = self.run, self.host
        seconds = run.options.timeout or host_deadline(host, MODE, canaries=False)
        began = run.clock.monotonic()
        ours = run.secrets.shared(host).certificate
        looked = await self.looker.look(endpoint(host), seconds=seconds, ours=ours)
        found = list(stages.of_look(host, looked, run.clock.now()))
        if looked.fault is not None:
            return self._examined(looked, found)
        left = max(LEAST, seconds - (run.clock.monotonic() - began))
        further, remarks = await self._session(left)
        if further and further[0].stage in {one.stage for one in found}:  # it came less far than the look
            at = [one.stage for one in found].index(further[0].stage)
            found[at:] = []
        return self._examined(looked, [*found, *further], remarks)

    def broke(self, error: BaseException) -> Examination:
        """Make a result of what nobody foresaw."""
        fault = Fault(
            phase=Phase.RESOLVE, cause=Cause.BUG, detail=words.place(error), advice=words.BUG_ADVICE
        )
        return self._examined(Looked(), [stages.failed(Stage.RESOLVE, fault, None)])

    async def _session(self, seconds: float) -> tuple[list[StageResult], tuple[str, ...]]:
        """Log on and run the probe, once the gate lets this account try; within `seconds` from then on."""
        try:
            own = await self.run.secrets.logon(self.host)
        except Fault as fault:
            return [stages.failed(Stage.LOGON, fault, None)], ()
        return await self._with(own, seconds)

    async def _with(self, own: Logon, seconds: float) -> tuple[list[StageResult], tuple[str, ...]]:
        run, host = self.run, self.host
        logon = HostLogon(QueuedHost(host, self.account, patient=True), run)
        session = run.transport.session(endpoint(host), own, deadline=seconds, accepted=logon.accepted)
        try:
            await logon.begin(session, run.clock.timeout(None), patiently=True)
        except HeldError:
            return [self._held()], ()
        if not await run.pace.charge(usual_attempts(host, MODE, canaries=False), run.stop):
            logon.release(Phase.RESOLVE)
            return [self._held()], ()
        end: Fault | tuple[Reading, Reply]
        remarks: tuple[str, ...] = ()
        try:
            end = await self._probe(session, seconds)
        except Fault as fault:
            end = logon.judged(fault)
        finally:
            facts = session.facts
            logon.release(session.phase)
        if self.asks_account and session.phase in LOGGED_ON:  # where no shell is to be had, most of all
            self._facts = await session.account(ACCOUNT)
        remarks += await close_within(session, CUT_CLOSING if isinstance(end, Fault) else CLOSING, run.clock)
        if not isinstance(end, Fault):
            remarks += end[1].remarks
        return list(stages.of_session(host, self._username, facts, end)), remarks

    async def _probe(self, session: Session, seconds: float) -> tuple[Reading, Reply]:
        host, width = self.host, self.run.options.width
        need = script_need(host, MODE, canaries=False, width=width)
        return await probe(
            session,
            host,
            mode=MODE,
            canaries=False,
            deadline_ms=round(script_deadline(need, seconds) * 1000),
            width=width,
        )

    @property
    def _username(self) -> str:
        return self.run.secrets.shared(self.host).username

    def _held(self) -> StageResult:
        """Say why the logon was not tried: its account was given up, or the end was asked for."""
        if self.account is None or not self.run.gate.tripped(self.account):
            return StageResult(stage=Stage.LOGON, state=State.NOT_TRIED, seen=("interrupted before it",))
        breaker = self.run.gate.breaker(self.account)
        return stages.not_tried(self._username, words.refusers(breaker.rejected, breaker.refused))

    def _examined(
        self, looked: Looked, found: list[StageResult], remarks: tuple[str, ...] = ()
    ) -> Examination:
        host = self.host
        return Examination(
            host=host.name,
            address=host.address,
            port=host.port,
            transport=host.transport,
            auth=host.auth,
            username=self._username,
            stages=completed(found, hop=host.via is not None),
            via=host.via,
            date=looked.date,
            account=self._facts,
            remarks=remarks,
        )
