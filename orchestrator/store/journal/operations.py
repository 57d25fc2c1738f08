"""Rows of plan, run and operation: taken apart and put together."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, select, update

from orchestrator.domain.repin import planfile
from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import Operation, RunRecord, RunState
from orchestrator.domain.repin.plan import Plan
from orchestrator.store.database.trouble import read_from
from orchestrator.store.errors import DatabaseError, StoreTrouble
from orchestrator.store.journal.errors import UnknownPlanError, UnknownRunError
from orchestrator.store.journal.tables import operation, plan, run
from orchestrator.store.place import Place
from orchestrator.store.tables import id_of

_OF_RUN = ("id", "started", "ended", "reason", "hosts", "options", "command", "version")
_OF_OPERATION = (
    "id",
    "host",
    "started",
    "changed",
    "wave",
    "detail",
    "before",
    "after",
    "deadline",
    "undoes",
)


def plan_columns(planned: Plan) -> dict[str, Any]:
    """Return a plan's columns. Its text is the plan's file, byte for byte."""
    return {
        "id": planned.id,
        "digest": planfile.digest(planned),
        "text": planfile.dumps(planned),
        "created": planned.created,
        "expires": planned.expires,
    }


def run_columns(record: RunRecord, controller: str) -> dict[str, Any]:
    """Return a run's columns, but for its id. `controller` is the process that may write its rows."""
    copied = {name: getattr(record, name) for name in _OF_RUN if name != "id"}
    state = record.state.value
    return copied | {
        "plan_id": record.plan,
        "state": state,
        "user_name": record.user,
        "controller": controller,
    }


def run_of(row: Row[Any]) -> RunRecord:
    """Make a run of its row."""
    copied = {name: getattr(row, name) for name in _OF_RUN}
    return RunRecord(**copied, plan=row.plan_id, user=row.user_name, state=RunState(row.state))


def operation_columns(made: Operation) -> dict[str, Any]:
    """Return an operation's columns, but for its id."""
    copied = {name: getattr(made, name) for name in _OF_OPERATION if name != "id"}
    return copied | {"run_id": made.run, "plan_id": made.plan, "state": made.state.value}


def operation_of(row: Row[Any]) -> Operation:
    """Make an operation of its row."""
    copied = {name: getattr(row, name) for name in _OF_OPERATION}
    return Operation(**copied, run=row.run_id, plan=row.plan_id, state=State(row.state))


def operation_change(moved: Operation) -> dict[str, Any]:
    """Return the parameters of `CHANGE`: the operation as it is from now on."""
    changing = {f"new_{name}": getattr(moved, name) for name in _CHANGING}
    return changing | {"wanted": moved.id, "new_state": moved.state.value}


_CHANGING = ("changed", "detail", "before", "after", "deadline")
# Made once: building a statement costs more than running it.
CHANGE = (
    update(operation)
    .where(operation.c.id == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}") for name in ("state", *_CHANGING)})
)
_RUN = select(run).where(run.c.id == bindparam("wanted"))
_OPERATION = select(operation).where(operation.c.id == bindparam("wanted"))


def load_run(using: Connection, run_id: int, place: Place) -> RunRecord:
    """Read one run. Raises UnknownRunError, DatabaseError."""
    with read_from(place):
        row = using.execute(_RUN, {"wanted": id_of(run_id)}).first()
        if row is None:
            latest = using.execute(select(func.max(run.c.id))).scalar()
            raise UnknownRunError(place.shown, run_id, latest)
        return run_of(row)


def load_operation(using: Connection, operation_id: int | None, place: Place) -> Operation:
    """Read one operation. Raises DatabaseError where it is not there: rows of the journal do not go away."""
    with read_from(place):
        row = using.execute(_OPERATION, {"wanted": operation_id}).first()
        if row is None:
            raise DatabaseError(
                place.shown, StoreTrouble.DAMAGED, f"operation {operation_id} is not in the journal"
            )
        return operation_of(row)


def load_plan(using: Connection, plan_id: str, place: Place) -> Plan:
    """Read one plan. Raises UnknownPlanError, and PlanError where its text is not what was stored."""
    text = using.execute(select(plan.c.text).where(plan.c.id == plan_id)).scalar()
    if text is None:
        raise UnknownPlanError(place.shown, plan_id)
    return planfile.loads(text.encode("utf-8", "surrogatepass"), f"plan {plan_id} in database {place.shown}")


def operations() -> Select[Any]:
    """Select operations in the order in which they were opened."""
    return select(operation).order_by(operation.c.id)
