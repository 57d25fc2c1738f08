"""The JSON document of `doctor`."""

from __future__ import annotations

from typing import Any

from orchestrator.domain.execution.examination import Examination
from orchestrator.report.doctor.screen import DoctorReport
from orchestrator.report.document import envelope, plain


def doctor_document(report: DoctorReport) -> dict[str, Any]:
    """Make the document: hosts with their stages, this machine's checks, the exit code."""
    return envelope(
        "doctor",
        exit_code=report.code,
        controller=plain(report.checks),
        hosts=[_host(one) for one in report.hosts],
        not_started=list(report.not_started),
    )


def _host(one: Examination) -> dict[str, Any]:
    at = one.stopped
    content: dict[str, Any] = plain(one)
    content["stopped_at"] = None if at is None else at.stage.value
    content["milliseconds"] = one.milliseconds
    return content
