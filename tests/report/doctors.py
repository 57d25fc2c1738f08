"""Examinations made by hand for the screens' tests."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType

from orchestrator.domain.execution.examination import (
    AccountFacts,
    Check,
    Examination,
    Health,
    Shell,
    Stage,
    StageResult,
    State,
    completed,
)
from orchestrator.report.doctor.screen import DoctorReport

ACCOUNT = AccountFacts(
    quotas=MappingProxyType({"MaxShellsPerUser": "30"}),
    shells=(Shell(id="ABCD", owner="CORP\\ops", client="10.0.0.9", idle="PT34S"),),
    remarks=("a remark",),
)


def passed(stage: Stage, milliseconds: int, *seen: str, advice: str = "") -> StageResult:
    """Make a stage that passed."""
    return StageResult(stage=stage, state=State.PASSED, milliseconds=milliseconds, seen=seen, advice=advice)


def examination(host: str, *stages: StageResult, account: AccountFacts | None = None) -> Examination:
    """Make a host's examination; what is not named was not reached."""
    return Examination(
        host=host,
        address=f"{host}.corp.example",
        port=5986,
        transport="https",
        auth="negotiate",
        username="CORP\\ops",
        stages=completed(stages),
        date=datetime(2026, 3, 1, 12, tzinfo=UTC),
        account=account,
        remarks=("the shell did not close",) if account else (),
    )


def well(host: str = "web1", account: AccountFacts | None = None) -> Examination:
    """Make a host that passed all stages."""
    return examination(host, *(passed(stage, 2, "fine") for stage in Stage), account=account)


def refused(host: str = "db7") -> Examination:
    """Make a host that refused the password; what it said would paint the screen."""
    return examination(
        host,
        passed(Stage.RESOLVE, 3, f"{host}.corp.example is 10.1.2.7"),
        passed(Stage.TCP, 1, "connected with 10.1.2.7, port 5986"),
        passed(Stage.TLS, 1205, "TLSv1.3, subject CN=db7", advice="The certificate ends in 5 days."),
        passed(Stage.OFFERS, 2, "Negotiate", "Server: \x1b[31mred"),
        StageResult(
            stage=Stage.LOGON,
            state=State.FAILED,
            milliseconds=44,
            seen=("the logon was refused: HTTP 401",),
            cause="logon-failed",
            advice="Wrong password, locked, expired and blocked look the same from here.",
        ),
    )


def held(host: str) -> Examination:
    """Make a host whose logon was not tried since db7 had refused the password."""
    return examination(
        host,
        passed(Stage.RESOLVE, 1, "fine"),
        StageResult(
            stage=Stage.LOGON,
            state=State.NOT_TRIED,
            seen=("the password of CORP\\ops was refused by db7",),
            advice="put it right first",
        ),
    )


CHECKS = (
    Check(name="inventory", health=Health.OK, seen="fleet.yaml: no mistakes, 3 hosts"),
    Check(
        name="clock", health=Health.WARNING, seen="this machine's is 400 s behind", advice="Set it by NTP."
    ),
)


def report() -> DoctorReport:
    """Make a report with everything that one can have."""
    return DoctorReport(
        hosts=(refused(), well(account=ACCOUNT)), checks=CHECKS, not_started=("late1",), code=4
    )
