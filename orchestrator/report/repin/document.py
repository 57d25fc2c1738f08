"""The JSON documents of the re-pin.

`docs/json.md` lists the keys; the plan's own file is described in `docs/repin.md`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orchestrator.domain.approval.signatures import Approval, Approvals
from orchestrator.domain.repin.audit import AuditCheck
from orchestrator.domain.repin.operation import RunRecord
from orchestrator.domain.repin.plan import PlannedHost
from orchestrator.report.document import envelope, inventories, plain
from orchestrator.report.repin.run import HostResult, Process, RunReport, counts, standing
from orchestrator.report.repin.states import joined, label, words
from orchestrator.report.repin.ticket import Ticket, role_words


def plan_document(ticket: Ticket) -> dict[str, Any]:
    """Say all of a plan, grouped and host by host."""
    plan = ticket.plan
    head = {
        key: plain(getattr(plan, key))
        for key in (
            *("id", "created", "expires", "policy", "selection", "inventory", "inventory_digest"),
            *("script", "version", "user", "force_closed", "undoes", "include_waived", "credential"),
            "file_version",
        )
    } | inventories(plan.inventory)
    return envelope(
        "repin-plan",
        file=ticket.file,
        sha256=ticket.digest,
        plan=head,
        counts={"hosts": len(plan.hosts), "values": ticket.values, "left_out": len(plan.left_out)},
        changes=[
            {"change": role_words(change.roles), "why": change.why, "hosts": list(change.hosts)}
            for change in ticket.changes
        ],
        risks=[{"risk": risk.words, "hosts": list(risk.hosts)} for risk in ticket.risks],
        evidence=plain(ticket.evidence),
        hosts=[_planned(host) for host in plan.hosts],
        left_out=plain(plan.left_out),
        waived=plain(plan.waived),
        signatures=signatures(ticket.approvals),
    )


def signatures(approvals: Approvals) -> dict[str, Any]:
    """Say who has signed a plan, and how many have to. The signatures' texts stand in their files."""
    return {
        "demanded": approvals.demanded,
        "origin": approvals.origin,
        "people": approvals.people,
        "missing": approvals.missing,
        "trouble": approvals.trouble,
        "counted": [{"who": each.who, "kind": each.kind, "key": each.key} for each in approvals.counted],
        "not_counted": plain(approvals.not_counted),
    }


def approval_document(plan: str, made: Approval, file: str, approvals: Approvals) -> dict[str, Any]:
    """Say who has just signed which plan, and how it stands now."""
    return envelope(
        "repin-approval",
        plan=plan,
        signed={"who": made.who, "kind": made.kind, "key": made.key, "file": file},
        signatures=signatures(approvals),
    )


def _planned(host: PlannedHost) -> dict[str, Any]:
    fields: dict[str, Any] = plain(host)
    del fields["facts"]  # `inventory show HOST` has them; here only `apply` has a use for them
    return fields


def run_document(report: RunReport) -> dict[str, Any]:
    """Say how a run stands, all but its hosts: these come last, under `hosts`,
    as `result_line` gives them.
    """
    return envelope(
        "repin-run",
        run=_run(report.run, report.process),
        dry_run=report.dry_run,
        exit_code=report.code,
        database=report.place,
        counts=counts(report),
        warnings=list(report.warnings),
    )


def result_line(report: RunReport, result: HostResult) -> dict[str, Any]:
    """Say what became of one host."""
    fields: dict[str, Any] = plain(result)
    typed = report.to_type(result.state, (result.host,))
    return {
        **fields,
        "state": label(result.state),
        "meaning": words(result.state).meaning,
        "advice": joined(result.advice, typed),
    }


def runs_document(runs: Iterable[tuple[RunRecord, Process]]) -> dict[str, Any]:
    """List runs, newest first."""
    return envelope("repin-runs", runs=[_run(run, process) for run, process in runs])


def _run(run: RunRecord, process: Process) -> dict[str, Any]:
    fields: dict[str, Any] = plain(run)
    return {**fields, "state": standing(run, process)}


def audit_document(check: AuditCheck, missing: str | None, *, place: str) -> dict[str, Any]:
    """Say whether the audit is whole. `missing` says that a hash noted earlier is not in it."""
    return envelope(
        "audit",
        whole=check.broken is None and missing is None,
        entries=check.entries,
        last=check.last,
        broken=plain(check.broken),
        not_covered=list(check.not_covered),
        missing=missing,
        database=place,
    )
