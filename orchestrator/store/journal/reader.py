"""Read-only questions to the journal of re-pins, its plans and the audit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from sqlalchemy import ColumnElement, func, select, true

from orchestrator.domain.repin.audit import AuditCheck
from orchestrator.domain.repin.journal import UNRESOLVED, State
from orchestrator.domain.repin.operation import AuditEntry, Operation, RunRecord, Touch
from orchestrator.domain.repin.plan import Plan
from orchestrator.store.database.connection import ReadingConnection
from orchestrator.store.database.presence import present
from orchestrator.store.errors import Owner
from orchestrator.store.journal import audits
from orchestrator.store.journal import operations as rows
from orchestrator.store.journal.tables import operation, run
from orchestrator.store.tables import MOST

CHUNK = 500  # hosts a query


class JournalReader(ReadingConnection):
    """Runs, their operations and plans, and the audit."""

    def runs(self, limit: int | None = None) -> tuple[RunRecord, ...]:
        """Return the runs of re-pins, newest first."""
        most = None if limit is None else min(limit, MOST)
        with self._snapshot() as using:
            found = using.execute(select(run).order_by(run.c.id.desc()).limit(most))
            return tuple(rows.run_of(row) for row in found)

    def run(self, run_id: int) -> RunRecord:
        """Return one run. Raises UnknownRunError."""
        with self._snapshot() as using:
            return rows.load_run(using, run_id, self._place)

    def alive(self, run_id: int) -> Owner | None:
        """Say which process a run belongs to, and since when; None: it has ended or was killed."""
        with self._snapshot() as using:
            controller = using.execute(select(run.c.controller).where(run.c.id == run_id)).scalar()
            return None if controller is None else present(self._place, using, controller)

    def at_work(self, opened: Iterable[Operation | Touch]) -> frozenset[int]:
        """Return the runs of rows that nobody knows the end of, as far as their process is alive."""
        begun = {row.run for row in opened if row.run is not None and row.state in UNRESOLVED}
        return frozenset(number for number in begun if self.alive(number) is not None)

    def operations(self, run_id: int) -> tuple[Operation, ...]:
        """Return a run's operations in the order in which they were opened. Raises UnknownRunError."""
        with self._snapshot() as using:
            rows.load_run(using, run_id, self._place)
        return self._operations(operation.c.run_id == run_id)

    def operations_of_plan(self, plan_id: str) -> tuple[Operation, ...]:
        """Return what was opened for a plan, by its runs and by handing it out, in that order.

        Empty for a new plan.
        """
        return self._operations(operation.c.plan_id == plan_id)

    def runs_of_plan(self, plan_id: str) -> tuple[RunRecord, ...]:
        """Return the runs of a plan, newest first: one at most,
        but for databases of before a plan was used once.
        """
        with self._snapshot() as using:
            found = using.execute(select(run).where(run.c.plan_id == plan_id).order_by(run.c.id.desc()))
            return tuple(rows.run_of(row) for row in found)

    def undoing(self, run_id: int) -> tuple[Operation, ...]:
        """Return the operations, of whatever run, that take back operations of this one, in order."""
        own = select(operation.c.id).where(operation.c.run_id == run_id)
        return self._operations(operation.c.undoes.in_(own))

    def in_states(self, *states: State, hosts: Iterable[str] | None = None) -> tuple[Operation, ...]:
        """Return the operations that are in one of these states now, of these hosts or of all,
        oldest first.
        """
        within = operation.c.state.in_([state.value for state in states])
        if hosts is None:
            return self._operations(within)
        found: list[Operation] = []
        names = iter(dict.fromkeys(hosts))
        while chunk := list(islice(names, CHUNK)):
            found += self._operations(within, operation.c.host.in_(chunk))
        return tuple(sorted(found, key=lambda each: each.id or 0))

    def newest_in(self, *states: State) -> tuple[Touch, ...]:
        """Return each host's newest row of those that are in one of these states, in one query."""
        within = operation.c.state.in_([state.value for state in states])
        newest = select(func.max(operation.c.id)).where(within)
        columns = operation.c
        query = select(columns.host, columns.run_id, columns.state, columns.changed, columns.deadline).where(
            columns.id.in_(newest.group_by(columns.host))
        )
        with self._snapshot() as using:
            found = using.execute(query)
            return tuple(Touch(host, run, State(state), *times) for host, run, state, *times in found)

    def unresolved(self, run_id: int | None = None) -> tuple[Operation, ...]:
        """Return the operations of a run, or of all, that have to be read before anything else:
        `journal.UNRESOLVED`.
        """
        within = operation.c.state.in_([state.value for state in UNRESOLVED])
        return self._operations(within, true() if run_id is None else operation.c.run_id == run_id)

    def handed_out(self, hosts: Iterable[str] | None = None) -> Mapping[str, Operation]:
        """Return by host its newest operation that was handed out and has not been reported back.

        Its `deadline` is when the stand-alone script stops writing: the caller judges whether that has
        passed.
        """
        return {found.host: found for found in self.in_states(State.HANDED_OUT, hosts=hosts)}

    def plan(self, plan_id: str) -> Plan:
        """Return a plan that was applied or handed out.

        Raises UnknownPlanError, PlanError for a damaged one.
        """
        with self._snapshot() as using:
            return rows.load_plan(using, plan_id, self._place)

    def signatures(self, plan_id: str) -> tuple[tuple[str, str], ...]:
        """Return who signed a plan that was used, each with the signature's text, as the audit has them."""
        with self._snapshot() as using:
            return audits.signatures(using, plan_id)

    def audit(self, after: int = 0) -> Iterator[AuditEntry]:
        """Yield the audit's entries whose number is above `after`, in order;
        `audit.document` writes one as JSON.
        """
        while True:
            with self._snapshot() as using:
                chunk = audits.chunk(using, after)
            if not chunk:
                return
            yield from chunk
            after = chunk[-1].number

    def verify_audit(self) -> AuditCheck:
        """Check the audit's chain; plans, runs and the journal against it.

        What is broken is in the answer.
        """
        with self._snapshot() as using:
            return audits.verify(using)

    def prove(self, run_id: int) -> AuditCheck:
        """Check the chain, and one run, its plan and its operations against it. Raises UnknownRunError."""
        with self._snapshot() as using:
            rows.load_run(using, run_id, self._place)
            return audits.prove(using, run_id)

    def _operations(self, *where: ColumnElement[bool]) -> tuple[Operation, ...]:
        with self._snapshot() as using:
            found = using.execute(rows.operations().where(*where))
            return tuple(rows.operation_of(row) for row in found)
