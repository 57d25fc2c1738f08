"""A scan as JUnit XML, which every build server shows: a host is a test case, its verdict the result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from xml.sax.saxutils import escape, quoteattr

from orchestrator.domain.outcome import Failed
from orchestrator.domain.primitives.inventories import in_words
from orchestrator.domain.primitives.text import clean
from orchestrator.domain.record import HostRecord
from orchestrator.report.document import plain
from orchestrator.report.results import state
from orchestrator.report.summary import ScanReport


def junit_pieces(report: ScanReport, records: Iterable[HostRecord]) -> Iterator[str]:
    """Write a suite of hosts: waived is skipped, attention a failure, not probed or not started an error."""
    scan, counts = report.scan, report.summary.counts
    took = (scan.ended - scan.started).total_seconds() if scan.ended else 0.0
    numbers = {
        "tests": counts.selected,
        "failures": counts.attention,
        "errors": counts.unknown + counts.not_started,
        "time": f"{took:.3f}",
    }
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="fleetcheck"{_attributes(**numbers)}>\n'  # `skipped` is the suite's alone
    timestamp = scan.started.replace(tzinfo=None).isoformat(
        timespec="seconds"
    )  # JUnit's has no zone: it is UTC
    suite = {"name": f"scan {scan.id}", **numbers, "skipped": counts.waived, "timestamp": timestamp}
    yield f"  <testsuite{_attributes(**suite)}>\n"
    yield "    <properties>\n"
    said = replace(scan, inventory=in_words(scan.inventory))
    for name in ("id", "state", "mode", "inventory", "selection", "version"):
        yield f"      <property{_attributes(name=name, value=plain(getattr(said, name)))}/>\n"
    yield "    </properties>\n"
    for record in records:
        yield from _case(record)
    for host in report.not_started:
        yield f"    <testcase{_attributes(classname='fleetcheck', name=host)}>\n"
        yield '      <error type="not-started" message="this host was not started"/>\n    </testcase>\n'
    yield "  </testsuite>\n</testsuites>\n"


def _case(record: HostRecord) -> Iterator[str]:
    trace = record.outcome.trace
    named = {
        "classname": f"fleetcheck.{record.site}" if record.site else "fleetcheck",
        "name": record.host,
        "time": f"{max(0.0, (trace.ended - trace.started).total_seconds()):.3f}",
    }
    result = _result(record)
    if not result:
        yield f"    <testcase{_attributes(**named)}/>\n"
        return
    yield f"    <testcase{_attributes(**named)}>\n{result}    </testcase>\n"


def _result(record: HostRecord) -> str:
    judgement, outcome = record.judgement, record.outcome
    match state(record):
        case "ok":
            return ""
        case "waived":
            return f"      <skipped{_attributes(message=f'{judgement.label}, waived: {record.waived}')}/>\n"
        case "failed":
            kind = (
                f"{outcome.phase}.{outcome.cause}" if isinstance(outcome, Failed) else str(judgement.verdict)
            )
            message = outcome.detail if isinstance(outcome, Failed) else judgement.label
            return _told("error", kind, message, record)
    return _told("failure", str(judgement.verdict), f"{judgement.label}: {judgement.action}", record)


def _told(element: str, kind: str, message: str, record: HostRecord) -> str:
    judgement = record.judgement
    sentences = "\n".join(clean(line) for line in (*judgement.evidence, judgement.action) if line)
    return f"      <{element}{_attributes(type=kind, message=message)}>{escape(sentences)}</{element}>\n"


def _attributes(**values: object) -> str:
    """Write attributes, cleaned: XML has no way to say a control character."""
    return "".join(f" {name}={quoteattr(clean(str(value)))}" for name, value in values.items())
