"""Runs of a re-pin made by hand: hosts in every state that a journal row can be in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from orchestrator.domain.repin.journal import State
from orchestrator.domain.repin.operation import RunRecord, RunState
from orchestrator.report.repin.run import HostResult, RunReport
from tests.report.samples import NOON


def record(**changes: object) -> RunRecord:
    """Make a run that stopped."""
    made = RunRecord(
        id=3,
        plan="0b6f0f3e-0000-4000-8000-000000000001",
        started=NOON,
        user="ops",
        command="fleetcheck repin apply plan.json",
        version="0.1.0",
        options="{}",
        hosts=40,
        state=RunState.STOPPED,
        ended=NOON + timedelta(seconds=48),
        reason="2 failed, --max-failed 2",
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test's own fields


def result(host: str, state: State | None, detail: str = "", **changes: object) -> HostResult:
    """Make a host's result, in wave 2."""
    made = HostResult(host=host, state=state, detail=detail, wave=2, operation=17, changed=NOON)
    return replace(made, **changes)  # type: ignore[arg-type]  # a test's own fields


def report(**changes: object) -> RunReport:
    """Make the report of a run that has something of everything."""
    moved = "changed since the plan: PrimaryTunnelPort (64) is DWORD '80', expected DWORD '2147'"
    results = (
        *(
            result(f"paris-web{n:02}", State.VERIFIED, "a fresh session read the new values")
            for n in range(20)
        ),
        result("paris-db1", State.ALREADY, "every value is as planned: somebody was here before"),
        result("paris-db2", State.CONFLICT, moved),
        result("paris-db3", State.CONFLICT, moved),
        result("paris-app1", State.MIXED, "BackupTunnelPort (64) is DWORD '2147', expected DWORD '443'"),
        result(
            "paris-app2",
            State.UNREACHABLE,
            "connect: connection-refused: refused",
            advice="WinRM is not listening: is the service running?",
        ),
        result("paris-app3", State.UNKNOWN, "the connection ended while the script ran"),
        *(HostResult(host=f"paris-late{n:02}", state=State.NOT_STARTED) for n in range(14)),
    )
    made = RunReport(
        run=record(),
        results=results,
        code=6,
        place="/home/ops/.local/state/fleetcheck/fleetcheck.db",
        warnings=("stopped: 2 failed, --max-failed 2; 7 in flight finished, 2 of them failed",),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test's own fields
