"""One host's report as plain rows for a pipe: what it is about, then its fields."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.domain.outcome import Failed, Probed
from orchestrator.domain.reading import Reading, Value
from orchestrator.report.advice import completed, told
from orchestrator.report.host import Sighting

HOST_RECORD_COLUMNS = ("record", "fields")  # how many there are depends on the record


def host_rows(sighting: Sighting) -> Iterator[tuple[object, ...]]:
    """Yield rows that begin with a word: verdict, failure, evidence, action, role, attempt, value,
    connection, remark.

    The fields of each kind are listed in docs/json.md; what is missing is an empty field.
    """
    record = sighting.record
    judgement = record.judgement
    yield "verdict", judgement.label, record.waived or ""
    yield "scan", sighting.scan.id, record.outcome.trace.ended.isoformat()
    if sighting.since:
        yield "since", completed(sighting.since, sighting.hints)
    if isinstance(record.outcome, Failed):
        yield (
            "failure",
            record.outcome.phase,
            record.outcome.cause,
            record.outcome.detail,
            told(record.outcome.advice, record.host, sighting.hints),
        )
    if sighting.last is not None:
        scan, last = sighting.last
        yield "last-known", last.judgement.label, scan.id, last.outcome.trace.ended.isoformat()
    yield from (("evidence", sentence) for sentence in judgement.evidence)
    if said := sighting.first or judgement.action:
        yield "action", told(said, record.host, sighting.hints)
    for role in judgement.roles:
        live = ",".join(map(str, role.live))
        yield "role", role.role, role.verdict, role.pin.port or "", role.desired or "", live
    if isinstance(record.outcome, Probed):
        yield from _reading(record.outcome.reading)
    yield from (("remark", sentence) for sentence in (*judgement.remarks, *record.outcome.trace.remarks))


def _reading(reading: Reading) -> Iterator[tuple[object, ...]]:
    for attempt in reading.attempts:
        took = "" if attempt.milliseconds is None else attempt.milliseconds
        address = attempt.address or attempt.target
        yield "attempt", attempt.role, address, attempt.port, attempt.result, took, attempt.number
    for view in reading.views:
        yield "view", view.view, view.state
        yield from (("value", view.view, value.name, value.kind, _data(value)) for value in view.values)
    for row in reading.connections:
        yield "connection", row.local_address, row.local_port, row.remote_address, row.remote_port, row.state


def _data(value: Value) -> str:
    return "|".join(value.data) if isinstance(value.data, tuple) else str(value.data)
