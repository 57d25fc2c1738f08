"""A stored result as lists show it: no attempts, no registry values, no connections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.cause import fallback_cause
from orchestrator.domain.judgement import Judgement
from orchestrator.domain.outcome import Failed
from orchestrator.domain.record import HostRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Where and why a host gave no reading. `detail` is what was seen, uncleaned, `advice` what to do."""

    phase: str
    cause: str
    detail: str
    advice: str

    @property
    def words(self) -> str:
        """Phase and cause: `auth: logon-failed`."""
        return f"{self.phase}: {self.cause}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A host's result in a scan, in short.

    The judgement may be without its sentences: `evidence` has them where whoever read it asked for them, and
    where nothing is judged by role. So has `auth` what the logon really used, and `no_kerberos` why that was
    not Kerberos. `failure` is None where the host gave a reading. Times are aware UTC.
    """

    host: str
    address: str
    port: int
    judgement: Judgement
    started: datetime
    ended: datetime
    failure: Failure | None = None
    evidence: tuple[str, ...] = ()
    auth: str | None = None
    no_kerberos: str | None = None
    via: str | None = None
    site: str | None = None
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    waived: str | None = None


def brief_of(record: HostRecord) -> Brief:
    """Return a whole record in short."""
    outcome, trace = record.outcome, record.outcome.trace
    return Brief(
        host=record.host,
        address=record.address,
        port=record.port,
        judgement=record.judgement,
        started=trace.started,
        ended=trace.ended,
        failure=_failure(outcome) if isinstance(outcome, Failed) else None,
        evidence=record.judgement.evidence,
        auth=trace.auth,
        no_kerberos=fallback_cause(trace.remarks),
        via=record.via,
        site=record.site,
        groups=record.groups,
        tags=record.tags,
        waived=record.waived,
    )


def _failure(failed: Failed) -> Failure:
    phase, cause = str(failed.phase), str(failed.cause)
    return Failure(phase=phase, cause=cause, detail=failed.detail, advice=failed.advice)
