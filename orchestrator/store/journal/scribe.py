"""What a journal's calls do inside their transactions: rows checked, written,
and told to the audit together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, CursorResult, bindparam, func, insert, select, update

from orchestrator.domain.approval.signatures import Approval
from orchestrator.domain.repin.journal import UNRESOLVED, WROTE, State, move
from orchestrator.domain.repin.operation import Operation, RunRecord, RunState, last_rows
from orchestrator.domain.repin.plan import Plan
from orchestrator.store.journal import audits, tables
from orchestrator.store.journal import operations as rows
from orchestrator.store.journal.errors import InFlightError, OtherPlanError, PlanUsedError, RunTakenError
from orchestrator.store.place import Place
from orchestrator.store.tables import id_of

_RUN, _OPERATION = tables.run.c, tables.operation.c

# Made once: building a statement costs more than running it.
_NEW_RUN = insert(tables.run)
_NEW_OPERATION = insert(tables.operation)
_CONTROLLER = select(_RUN.controller).where(_RUN.id == bindparam("wanted"))
_BLOCKING = tuple(state.value for state in State if state in UNRESOLVED and state is not State.CONFIRMED)
_IN_FLIGHT = (
    select(_OPERATION.id, _OPERATION.run_id, _OPERATION.state)
    .where(_OPERATION.host == bindparam("wanted"), _OPERATION.state.in_(_BLOCKING))
    .limit(1)
)

_APPLIED = select(func.max(_RUN.id)).where(_RUN.plan_id == bindparam("wanted"))
_GIVEN = (
    select(_OPERATION.id)
    .where(_OPERATION.plan_id == bindparam("wanted"), _OPERATION.run_id.is_(None))
    .limit(1)
)

FORCED = "closed ports forced"
"""The audit's word for a plan that may write ports which are not open;
`details` hold the reason that was given.
"""

WAIVED = "waived hosts included"
"""The audit's word for a plan that goes over waivers; `details` hold the reason given,
and each host with its waiver.
"""


_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Scribe:
    """Writes as `user`, for the process that `controller` names.

    `into` is a connection inside a transaction.
    """

    place: Place
    user: str
    controller: str

    def begin(
        self, into: Connection, record: RunRecord, plan: Plan, approvals: Sequence[Approval] = ()
    ) -> RunRecord:
        """Store a run, its plan and who signed it.

        Raises OtherPlanError, PlanUsedError, and ValueError for a run of another plan.
        """
        if record.plan != plan.id:
            raise ValueError(f"a run of plan {record.plan} cannot begin with plan {plan.id}")
        digest = self.keep(into, plan)
        _refuse_applied(into, plan.id)
        if into.execute(_GIVEN, {"wanted": plan.id}).first() is not None:
            raise PlanUsedError(plan.id, None)
        key = _key(into.execute(_NEW_RUN, rows.run_columns(record, self.controller)))
        details = {"digest": digest, "hosts": record.hosts, "command": record.command}
        told = {"options": record.options, "version": record.version}
        self._tell(into, key, "run begun", record.started, details | told | audits.run_told(into, key))
        for what, more in (*_on_record(plan), *_signed(plan, approvals)):
            self._tell(into, key, what, record.started, more)
        return replace(record, id=key)

    def take_over(self, into: Connection, run_id: int, now: datetime) -> tuple[RunRecord, str]:
        """Make a run this process's own, and running again; return the process whose it was too.

        Raises UnknownRunError.
        """
        found = rows.load_run(into, run_id, self.place)
        before = str(into.execute(_CONTROLLER, {"wanted": run_id}).scalar())
        taken = replace(found, state=RunState.RUNNING, ended=None, reason="")
        values = rows.run_columns(taken, self.controller)
        into.execute(update(tables.run).where(_RUN.id == run_id).values(values))
        details = {"was": found.state.value, "reason": found.reason}
        self._tell(into, run_id, "run resumed", now, details | audits.run_told(into, run_id))
        return taken, before

    def end(self, into: Connection, run_id: int, state: RunState, reason: str, ended: datetime) -> None:
        """Say how a run ended. Raises UnknownRunError, RunTakenError."""
        self._own(into, run_id)
        values = {"state": state.value, "ended": ended, "reason": reason}
        into.execute(update(tables.run).where(_RUN.id == run_id).values(values))
        details = {"state": state.value, "reason": reason}
        self._tell(into, run_id, "run ended", ended, details | audits.run_told(into, run_id))

    def open(self, into: Connection, wanted: Sequence[Operation]) -> tuple[Operation, ...]:
        """Make rows. Raises UnknownRunError, RunTakenError, IllegalJournalMoveError, InFlightError."""
        for run_id in {each.run for each in wanted}:
            self._own(into, run_id)
        return tuple(self._open(into, each) for each in wanted)

    def hand_out(
        self,
        into: Connection,
        plan: Plan,
        wanted: Sequence[Operation],
        time: datetime,
        approvals: Sequence[Approval] = (),
    ) -> tuple[Operation, ...]:
        """Store a plan that was given away, with its rows; one that was given away already gives the rows of
        then.

        Raises PlanUsedError for a plan that a run has, else as `keep` and `open`.
        """
        if not wanted:
            return ()
        self.keep(into, plan)
        _refuse_applied(into, plan.id)
        given = into.execute(rows.operations().where(_OPERATION.plan_id == plan.id)).all()
        if given:
            return tuple(map(rows.operation_of, given))
        for what, details in (*_on_record(plan), *_signed(plan, approvals)):
            audits.append(
                into, who=self.user, what=what, subject=f"plan {plan.id}", details=details, time=time
            )
        bound = audits.plan_told(into, plan.id)  # no run's entry holds it
        undone = _undone(into, plan)
        return tuple(self._open(into, replace(each, undoes=undone.get(each.host)), bound) for each in wanted)

    def move(
        self, into: Connection, operation_id: int | None, state: State, changes: dict[str, Any]
    ) -> Operation:
        """Move a row from the state that it has in the database.

        Raises IllegalJournalMoveError, RunTakenError.
        """
        found = rows.load_operation(into, operation_id, self.place)
        self._own(into, found.run)
        moved = replace(found, state=move(found.state, state), **changes)
        into.execute(rows.CHANGE, rows.operation_change(moved))
        audits.append_operation(into, self.user, found.state.value, moved, _NOTHING)
        return moved

    def keep(self, into: Connection, plan: Plan) -> str:
        """Store a plan where it is not there yet, and return its digest. Raises OtherPlanError."""
        wanted = rows.plan_columns(plan)
        query = select(tables.plan.c.digest, tables.plan.c.text).where(tables.plan.c.id == plan.id)
        stored = into.execute(query).first()
        if stored is None:
            into.execute(insert(tables.plan).values(wanted))
        elif (stored.digest, stored.text) != (wanted["digest"], wanted["text"]):
            raise OtherPlanError(self.place.shown, plan.id)
        return str(wanted["digest"])

    def _open(self, into: Connection, wanted: Operation, more: Mapping[str, Any] = _NOTHING) -> Operation:
        move(None, wanted.state)
        if wanted.state is State.INTENT:
            _refuse_in_flight(into, wanted.host)
        made = replace(wanted, started=wanted.changed)
        opened = replace(made, id=_key(into.execute(_NEW_OPERATION, rows.operation_columns(made))))
        audits.append_operation(into, self.user, None, opened, more)
        return opened

    def _own(self, into: Connection, run_id: int | None) -> None:
        """Refuse to write rows of a run that another process has taken over.

        A row without a run is nobody's.
        """
        if run_id is None:
            return
        owner = into.execute(_CONTROLLER, {"wanted": run_id}).scalar()
        if owner is None:
            rows.load_run(into, run_id, self.place)  # raises UnknownRunError
        if owner != self.controller:
            raise RunTakenError(run_id)

    def _tell(
        self, into: Connection, run_id: int, what: str, time: datetime, details: dict[str, Any]
    ) -> None:
        audits.append(into, who=self.user, what=what, subject=f"run {run_id}", details=details, time=time)


def _on_record(plan: Plan) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what a plan asks for against the rule, each with the reason that was given for it."""
    if plan.force_closed is not None:
        yield FORCED, {"plan": plan.id, "reason": plan.force_closed}
    if plan.include_waived is not None:
        hosts = [asdict(each) | {"until": each.until.isoformat()} for each in plan.waived]
        yield WAIVED, {"plan": plan.id, "reason": plan.include_waived, "hosts": hosts}


def _signed(plan: Plan, approvals: Sequence[Approval]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield who signed the plan, each with the signature itself: whoever reads the audit can verify it."""
    if approvals:
        signatures = [
            {"who": each.who, "kind": each.kind, "key": each.key, "text": each.text} for each in approvals
        ]
        yield audits.SIGNED, {"plan": plan.id, "signatures": signatures}


def _undone(into: Connection, plan: Plan) -> dict[str, int]:
    """Return the rows that an undo is to take back, by host: those of its run whose values stand."""
    if plan.undoes is None or not plan.undoes.isdecimal():
        return {}
    query = rows.operations().where(_OPERATION.run_id == id_of(int(plan.undoes)))
    last = last_rows(rows.operation_of(row) for row in into.execute(query))
    return {host: row.id for host, row in last.items() if row.id is not None and row.state in WROTE}


def _refuse_applied(into: Connection, plan_id: str) -> None:
    """Refuse a plan that a run has: from the commit of that run's row on it is used."""
    run_id = into.execute(_APPLIED, {"wanted": plan_id}).scalar()
    if run_id is not None:
        raise PlanUsedError(plan_id, int(run_id))


def _refuse_in_flight(into: Connection, host: str) -> None:
    found = into.execute(_IN_FLIGHT, {"wanted": host}).first()
    if found is not None:
        raise InFlightError(host, found.id, found.run_id, found.state)


def _key(made: CursorResult[Any]) -> int:
    key = made.inserted_primary_key
    assert key is not None  # noqa: S101 -- an insert of one row has one
    return int(key[0])
